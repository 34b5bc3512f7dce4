import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { RoomName, Seq } from '../schema/room-name.ts'
import { foldInto } from '../server/log/fold.ts'
import { createLoader } from '../server/log/load.ts'
import { roomIdOf } from '../server/log/room-log.ts'
import { ServerDocument } from '../server/log/server-document.ts'
import { createSnapshots, isSnapshotDue, type Snapshots } from '../server/log/snapshot.ts'
import { startDocument } from './support/documents.ts'
import {
  append,
  engines,
  follow,
  type LogWorld,
  newRoom,
  openLogWorld,
  silent,
  withLanes
} from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { seededRandom } from './support/seeded-random.ts'

for (const engine of engines) {
  describe.skipIf(engine === 'postgres' && missing('postgres'))(`snapshots on ${engine}`, () => {
    let world: LogWorld
    let snapshots: Snapshots
    beforeAll(async () => {
      world = await openLogWorld(engine)
      snapshots = createSnapshots(world.database, createLoader(world.database, 8), silent)
    })
    afterAll(async () => {
      await snapshots.close()
      await world[Symbol.asyncDispose]()
    })

    const write = async (name: RoomName, updates: readonly Uint8Array[]): Promise<void> => {
      const node = await world.node()
      const { log } = follow(name)
      for (const update of updates) node.append(log, 'ada', update, null)
      node.kick()
      await node.flush(10_000)
    }

    const storedSnapshots = async (name: RoomName): Promise<{ seq: Seq; state: Buffer }[]> => {
      const rows = await world.database.query<{ seq: bigint; state: Buffer }>(
        'select seq, state from snapshot where room_id = $1 order by seq',
        [roomIdOf(name)]
      )
      return rows.map(({ seq, state }) => ({ seq: Number(seq) as Seq, state }))
    }

    test.each([1, 2, 3])(
      'are byte for byte what all rows fold to, each on the one before (seed %i)',
      async (seed) => {
        const name = newRoom()
        const updates = concurrentEdits(seed, 400)
        for (let from = 0; from < updates.length; from += 100) {
          await write(name, updates.slice(from, from + 100))
          const seq = Math.min(from + 100, updates.length)
          const whole = new ServerDocument('whole')
          foldInto(whole, null, updates.slice(0, seq), null)
          const state = Buffer.from(Y.encodeStateAsUpdate(whole))
          expect(await snapshots.make(name)).toEqual({ seq, bytes: state.length })
          expect(await storedSnapshots(name)).toEqual([{ seq, state }])
        }
      }
    )

    test('are not made where nothing is new', async () => {
      const name = newRoom()
      expect(await snapshots.make(name)).toBeNull()
      await write(name, [startDocument().write('once')])
      await snapshots.make(name)
      expect(await snapshots.make(name)).toBeNull()
      expect((await storedSnapshots(name)).length).toBe(1)
    })

    test('hold what is committed, not what waits', async () => {
      const name = newRoom()
      const { write: type } = startDocument()
      await write(name, ['committed ', 'too '].map(type))
      const { promise: released, resolve: release } = Promise.withResolvers<void>()
      const node = await world.node({
        database: withLanes(world.database, async (text, query) => {
          if (append.test(text)) await released
          return query()
        })
      })
      const { log } = follow(name)
      node.append(log, 'ada', type('waiting'), null)
      node.kick()
      const made = await snapshots.make(name)
      expect([made?.seq, log.waiting]).toEqual([2, 1])
      release()
      await node.flush(10_000)
      expect((await snapshots.make(name))?.seq).toBe(3)
    })

    test('of a slower node do not take the place of a newer one', async () => {
      const name = newRoom()
      const { write: type } = startDocument()
      await write(name, [type('old')])
      const old = await createLoader(world.database, 8).load(name)
      const slower = createSnapshots(world.database, { load: async () => old }, silent)
      await write(name, [type('new')])
      await snapshots.make(name)
      await slower.make(name)
      await slower.close()
      expect((await storedSnapshots(name)).map(({ seq }) => seq)).toEqual([2])
    })

    test('are made once for all who ask at the same time', async () => {
      const name = newRoom()
      await write(name, [startDocument().write('once')])
      const made = await Promise.all([snapshots.make(name), snapshots.make(name)])
      expect(made.map((snapshot) => snapshot?.seq)).toEqual([1, 1])
    })

    test.each([
      ['lacks what later entries build on', (updates: Uint8Array[]) => updates.slice(1), /does not have/],
      ['has a damaged entry', (updates: Uint8Array[]) => [...updates, Uint8Array.of(9, 9, 9)], /./]
    ])('of a log that %s are not made, and others are', async (_what, spoil, reason) => {
      const { write: type } = startDocument()
      const [bad, good] = [newRoom(), newRoom()]
      await write(bad, spoil(['one', 'two', 'three'].map(type)))
      await write(good, [startDocument().write('good')])
      const made = Promise.allSettled([snapshots.make(bad), snapshots.make(good)])
      const [refused, other] = await made
      expect(refused.status === 'rejected' && String(refused.reason)).toMatch(reason)
      expect(other.status === 'fulfilled' && other.value?.seq).toBe(1)
      expect(await storedSnapshots(bad)).toEqual([])
    })
  })
}

describe('a snapshot is due', () => {
  const MiB = 1024 * 1024
  test.each([
    [999, 0, 0, false],
    [1_000, 0, 0, true],
    [1_000, 0, 60_000, true],
    [1_000, 0, 60_060, false],
    [1_001, 0, 60_060, true],
    [9_999, 0, 600_000, false],
    [10_000, 0, 600_000, true],
    [3, 4 * MiB - 1, 0, false],
    [3, 4 * MiB, 0, true],
    [3, 5 * MiB, 5 * MiB + 1, false],
    [3, 5 * MiB, 5 * MiB, true]
  ])('%i rows of %i bytes after one of %i bytes: %s', (rows, bytes, snapshotBytes, isDue) => {
    expect(isSnapshotDue({ rows, bytes }, snapshotBytes)).toBe(isDue)
  })
})

/** What two people write who see each other's edits late, deletions included. */
const concurrentEdits = (seed: number, count: number): Uint8Array[] => {
  const random = seededRandom(seed)
  const updates: Uint8Array[] = []
  const people = [0, 1].map((who) => {
    const document = new Y.Doc()
    document.clientID = seed * 10 + who
    const unseen: Uint8Array[] = []
    return { document, text: document.getText('text'), unseen }
  })
  for (let edit = 0; edit < count; edit++) {
    const writer = people[random.below(2)]
    const reader = people.find((person) => person !== writer)
    if (writer === undefined || reader === undefined) throw new Error('two people are two')
    if (random.chance(20))
      for (const update of writer.unseen.splice(0)) Y.applyUpdate(writer.document, update)
    const before = Y.encodeStateVector(writer.document)
    let update: Uint8Array = Uint8Array.of()
    writer.document.once('update', (made: Uint8Array) => {
      update = Uint8Array.from(made)
    })
    const at = random.below(writer.text.length + 1)
    if (random.chance(30) && at < writer.text.length) writer.text.delete(at, 1)
    else writer.text.insert(at, String.fromCharCode(97 + random.below(26)))
    if (update.length === 0) update = Y.encodeStateAsUpdate(writer.document, before)
    updates.push(update)
    reader.unseen.push(update)
  }
  return updates
}
