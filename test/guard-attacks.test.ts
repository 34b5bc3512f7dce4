import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type Attack, attack, write } from './support/attack.ts'
import { byteAttacks } from './support/attack-bytes.ts'
import { clientAttacks } from './support/attack-clients.ts'
import { pathAttacks } from './support/attack-paths.ts'
import { bob, pia, unit } from './support/attack-room.ts'
import { stepAttacks } from './support/attack-steps.ts'
import { structAttacks } from './support/attack-structs.ts'
import { valueAttacks } from './support/attack-values.ts'
import { AttackedRoom, type Door, doors } from './support/attacked-rooms.ts'
import { missing } from './support/missing.ts'
import { type SessionWorld, startSessionWorld } from './support/session-world.ts'

let world: SessionWorld
beforeAll(async () => {
  if (missing('postgres')) return
  world = await startSessionWorld({
    ROOMLOG_KINDS: join(import.meta.dirname, 'support/attack-kinds.ts'),
    LOG_LEVEL: 'warn'
  })
})
afterAll(async () => {
  for (const room of standing.values()) await room.end()
  expect(world?.server.ending()).toBeUndefined()
  expect(world?.server.stdout()).not.toContain('"level":50')
  await world?.[Symbol.asyncDispose]()
})

/** The rooms that have withstood all of one person's attacks so far: they are as they were. */
const standing = new Map<string, AttackedRoom>()

const roomFor = async ({ by }: Attack): Promise<AttackedRoom> => {
  const room = standing.get(by.user) ?? (await AttackedRoom.start(world, by))
  // Whoever does not come back to it has spoilt it for the next.
  standing.delete(by.user)
  return room
}

const groups: readonly (readonly [string, readonly Attack[]])[] = [
  ['writes where the role may not', pathAttacks],
  ['is no update that a client writes', byteAttacks],
  ['says one thing and would become another', structAttacks],
  ['comes in steps, or below something deleted', stepAttacks],
  ['is not what the kind of the room has there', valueAttacks],
  ['is under the client id of another', clientAttacks]
]

const isSoak = process.env.ROOMLOG_TEST_DOORS === 'all'
let turn = 0

/** By the socket, and by another way in for one attack than for the next; the soak takes all of them each time. */
const nextDoors = (): readonly Door[] => {
  const others = doors.filter((door) => door !== 'socket')
  return isSoak ? doors : ['socket', others[turn++ % others.length] ?? 'HTTP']
}

const titled = (attacks: readonly Attack[]): [string, Attack][] =>
  attacks.map((attack) => [`${attack.by.role} ${attack.what}`, attack])

const isStoppedAtOnce = ({ steps }: Attack): boolean => steps.every(({ outcome }) => outcome !== 'taken')

describe.skipIf(missing('postgres')).each(groups)(
  'an update that %s, over HTTP, a socket, y-websocket and an event stream',
  (_, attacks) => {
    it.each(titled(attacks.filter(isStoppedAtOnce)))('changes nothing for anybody: %s', async (_, attack) => {
      const room = await roomFor(attack)
      await room.withstand(attack, nextDoors())
      standing.set(attack.by.user, room)
    })

    const inSteps = attacks.filter((attack) => !isStoppedAtOnce(attack))
    it.each(titled(inSteps))('changes only what it may: %s', async (_, attack) => {
      for (const door of nextDoors()) {
        const room = await AttackedRoom.start(world, attack.by)
        await room.withstandOnce(attack, door)
        await room.end()
      }
    })
  }
)

describe.skipIf(missing('postgres'))('a client id that somebody announced', () => {
  const newcomer = { ...bob, client: 777 }
  const written = write(newcomer.client, 0, { text: 'x', origin: unit('items/i3/body', 1) })

  it('is theirs, also before they write: nobody else can lock them out', async () => {
    const room = await AttackedRoom.start(world, pia)
    await room.announce(newcomer)
    await room.withstand(attack(pia, 'writes under an announced client id', written, 'client-id-taken'))
    await room.expectWrites(newcomer, null)
    await room.end()
  })

  it('of another cannot be announced again', async () => {
    const room = await AttackedRoom.start(world, pia)
    await room.announce(newcomer)
    await room.announce({ ...pia, client: newcomer.client })
    await room.withstand(attack(pia, 'writes under an announced client id', written, 'client-id-taken'))
    await room.expectWrites(newcomer, null)
    await room.end()
  })
})

describe('G5: the attacks', () => {
  it('are 150 at least, and no two of one name', () => {
    const names = groups.flatMap(([, attacks]) => titled(attacks).map(([name]) => name))
    expect(names.length).toBeGreaterThanOrEqual(150)
    expect(names.filter((name, index) => names.indexOf(name) !== index)).toEqual([])
  })
})
