import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { RoomName } from '../schema/room-name.ts'
import { createClientIds } from '../server/log/client-ids.ts'
import { createLoader, type Loader } from '../server/log/load.ts'
import { roomIdOf } from '../server/log/room-log.ts'
import { createSnapshots, type Snapshots } from '../server/log/snapshot.ts'
import {
  engines,
  follow,
  type LogWorld,
  newRoom,
  openLogWorld,
  readRows,
  silent
} from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { rawUpdate } from './support/raw-update.ts'
import { waitUntil } from './support/wait-until.ts'

const writtenBy = (...clients: number[]): Uint8Array =>
  rawUpdate(clients.map((client) => ({ client, clock: 0, structs: [{ text: 'x' }] })))

const relayed = { relayed: true }

for (const engine of engines) {
  describe.skipIf(engine === 'postgres' && missing('postgres'))(`client ids on ${engine}`, () => {
    let world: LogWorld
    let loader: Loader
    let snapshots: Snapshots
    beforeAll(async () => {
      world = await openLogWorld(engine)
      loader = createLoader(world.database, 8)
      snapshots = createSnapshots(world.database, loader, silent)
    })
    afterAll(async () => {
      await snapshots.close()
      await world[Symbol.asyncDispose]()
    })

    const write = async (
      name: RoomName,
      ...entries: (readonly [author: string, update: Uint8Array, cause?: object])[]
    ): Promise<void> => {
      const node = await world.node()
      const { log } = follow(name)
      for (const [author, update, cause] of entries)
        node.append(log, author, update, null, { cause: cause ?? null })
      node.kick()
      await node.flush(10_000)
    }

    const ownersOf = async (name: RoomName): Promise<[string, string][]> => {
      const { clients } = (await loader.load(name)) ?? { clients: [] }
      return clients
        .map(({ userId, ids }): [string, string] => [userId, ids.split(',').sort().join()])
        .sort(([a], [b]) => (a < b ? -1 : 1))
    }

    test('of the newest entries are told with who wrote these, but where somebody brought what others wrote', async () => {
      const name = newRoom()
      await write(name, ['ada', writtenBy(1)], ['ben', writtenBy(2), relayed], ['cleo', writtenBy(3)])
      const stored = await loader.load(name)
      expect(stored?.authors).toEqual(['ada', null, 'cleo'])
      expect(stored?.clients).toEqual([])
      const rows = await readRows(world.database, name)
      expect(rows.map(({ author }) => author)).toEqual(['ada', 'ben', 'cleo'])
    })

    test('that one entry alone brought for somebody else are told so too', async () => {
      const name = newRoom()
      await write(name, ['ada', writtenBy(1)])
      await write(name, ['ben', writtenBy(2), relayed])
      expect((await loader.load(name))?.authors).toEqual(['ada', null])
    })

    test('are written down with each snapshot: theirs who wrote with one first', async () => {
      const name = newRoom()
      const once = writtenBy(1)
      await write(
        name,
        ['ada', once],
        ['ben', writtenBy(2, 3)],
        ['eve', writtenBy(9), relayed],
        ['eve', once]
      )
      await snapshots.make(name)
      expect(await ownersOf(name)).toEqual([
        ['ada', '1'],
        ['ben', '2,3']
      ])
      const next = rawUpdate([
        { client: 1, clock: 1, structs: [{ text: 'y' }] },
        { client: 4, clock: 0, structs: [{ text: 'y' }] }
      ])
      await write(name, ['ben', next])
      await snapshots.make(name)
      expect(await ownersOf(name)).toEqual([
        ['ada', '1'],
        ['ben', '2,3,4']
      ])
    })

    test('that were announced are written down soon, and stay theirs who came first', async () => {
      const name = newRoom()
      await write(name, ['ada', writtenBy(1)])
      const ids = createClientIds(world.database, silent)
      ids.remember(name, 7, 'ada')
      ids.remember(name, 2 ** 40, "o'neill, {x}")
      ids.remember(name, 7, 'eve')
      await waitUntil(async () => (await ownersOf(name)).length === 2, { about: 'the ids' })
      expect(await ownersOf(name)).toEqual([
        ['ada', '7'],
        ["o'neill, {x}", String(2 ** 40)]
      ])
      await write(name, ['eve', writtenBy(7)])
      await snapshots.make(name)
      expect(await ownersOf(name)).toContainEqual(['ada', '1,7'])
    })

    test('that cannot be written down hold nobody up', async () => {
      const name = newRoom()
      await write(name, ['ada', writtenBy(1)])
      const ids = createClientIds(world.database, silent)
      ids.remember(name, 7, 'nul\0')
      ids.remember(name, 8, 'ada')
      await waitUntil(
        async () => {
          ids.remember(name, 9, 'ada')
          return (await ownersOf(name)).length === 1
        },
        { about: 'the next ids' }
      )
      const [row] = await world.database.query('select from client where room_id = $1 and client_id = 7', [
        roomIdOf(name)
      ])
      expect(row).toBeUndefined()
    })
  })
}
