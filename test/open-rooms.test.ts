import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { RoomlogError } from '../schema/error-codes.ts'
import { kinds } from '../schema/kinds/kinds.ts'
import type { RoomName } from '../schema/room-name.ts'
import { createNoBus } from '../server/cluster/bus.ts'
import { createCluster } from '../server/cluster/cluster.ts'
import { createLoader } from '../server/log/load.ts'
import { createTails } from '../server/log/tail.ts'
import { createPresences } from '../server/presence/presences.ts'
import { loadRoom } from '../server/room/load-room.ts'
import { OpenRooms } from '../server/room/open-rooms.ts'
import type { Room } from '../server/room/room.ts'
import { type LogWorld, newRoom, openLogWorld, silent } from './support/log-world.ts'

let log: LogWorld
beforeAll(async () => {
  log = await openLogWorld('pglite')
})
afterAll(async () => {
  await log[Symbol.asyncDispose]()
})

/** Reads of the log go through a gate, and are counted. */
const start = async () => {
  const commits = await log.node()
  const reads = { count: 0, gate: async (): Promise<void> => {} }
  const { load, loadAt } = createLoader(log.database, 8)
  const cluster = createCluster({ bus: createNoBus(), heartbeatMs: 1_000, logger: silent })
  const parts = {
    audit: { record: () => {} },
    kinds,
    loader: {
      loadAt,
      load: async (name: RoomName) => {
        reads.count++
        await reads.gate()
        return load(name)
      }
    },
    tails: createTails(log.database),
    cluster,
    presences: createPresences({ cluster, heartbeatMs: 1_000, onSeen: () => {} }),
    isShared: false,
    onRepair: () => {},
    commits,
    snapshots: { make: async () => null },
    clientIds: { remember: () => {} },
    logger: silent,
    documentBytesMax: 1_000_000,
    schedule: () => {},
    watch: { watcher: () => null, opened: async () => {} }
  }
  const rooms = new OpenRooms({ commits, load: (name, byPeople) => loadRoom(parts, name, byPeople) })
  return { rooms, commits, reads, hold: (name: RoomName) => rooms.hold(name, { byPeople: true }) }
}

const steps = async (count: number): Promise<void> => {
  for (let step = 0; step < count; step++) await Promise.resolve()
}

/** What came of it, without waiting for more than what is under way already. */
const isClosedSoon = async (room: Room): Promise<boolean> => {
  await steps(100)
  return room.isClosed
}

describe('a room', () => {
  it('is read once for all who ask for it at the same time', async () => {
    const { rooms, reads, hold } = await start()
    const name = newRoom()
    const [one, other] = await Promise.all([hold(name), hold(name)])
    expect(other).toBe(one)
    expect(reads.count).toBe(1)
    rooms.release(one)
    expect(await isClosedSoon(one)).toBe(false)
    rooms.release(other)
    expect(await isClosedSoon(one)).toBe(true)
    expect([rooms.size, rooms.get(name)]).toEqual([0, undefined])
  })

  it('that cannot be read is refused to all who asked, and read again for the next', async () => {
    const { rooms, reads, hold } = await start()
    const name = newRoom()
    reads.gate = () => Promise.reject(new RoomlogError('unavailable', 'not now'))
    const outcomes = await Promise.allSettled([hold(name), hold(name)])
    expect(outcomes.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
    expect(rooms.size).toBe(0)
    reads.gate = async () => {}
    const room = await hold(name)
    expect(reads.count).toBe(2)
    rooms.release(room)
  })

  it('is living for whoever comes while it is closed behind the last one, whatever the moment', async () => {
    const { rooms, hold } = await start()
    let again = 0
    for (let lead = 0; lead < 40; lead++) {
      const name = newRoom()
      const last = await hold(name)
      rooms.release(last)
      await steps(lead)
      const next = await hold(name)
      expect(next.isClosed, `${lead} steps`).toBe(false)
      expect(rooms.get(name), `${lead} steps`).toBe(next)
      if (next === last) again++
      expect(await isClosedSoon(next), `${lead} steps`).toBe(false)
      rooms.release(next)
      expect(await isClosedSoon(next), `${lead} steps`).toBe(true)
    }
    // Both ways were taken: the room was kept, and it was read anew.
    expect(again).toBeGreaterThan(0)
    expect(again).toBeLessThan(40)
  })

  it('that is given up lets nobody in until all have left it, and is read anew then', async () => {
    const { rooms, hold } = await start()
    const name = newRoom()
    const broken = await hold(name)
    broken.break(new RoomlogError('internal', 'a fault'))
    await expect(hold(name)).rejects.toMatchObject({ reason: 'resync' })
    expect(rooms.get(name)).toBe(broken)
    rooms.release(broken)
    expect(await isClosedSoon(broken)).toBe(true)
    const anew = await hold(name)
    expect(anew).not.toBe(broken)
    expect(anew.brokenBy).toBeNull()
    rooms.release(anew)
  })

  it('is not released more often than it was held', async () => {
    const { rooms, hold } = await start()
    const room = await hold(newRoom())
    rooms.release(room)
    expect(await isClosedSoon(room)).toBe(true)
    expect(() => rooms.release(room)).toThrow(RangeError)
  })
})
