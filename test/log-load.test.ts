import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { RoomName } from '../schema/room-name.ts'
import { type Database, DatabaseError } from '../server/database/database.ts'
import { foldInto } from '../server/log/fold.ts'
import { createLoader, type Loader, type StoredRoom } from '../server/log/load.ts'
import { roomIdOf } from '../server/log/room-log.ts'
import { ServerDocument } from '../server/log/server-document.ts'
import { expectRefused } from './support/authority.ts'
import { startDocument } from './support/documents.ts'
import { engines, follow, type LogWorld, newRoom, openLogWorld } from './support/log-world.ts'
import { missing } from './support/missing.ts'

const roomsMax = 40

for (const engine of engines) {
  describe.skipIf(engine === 'postgres' && missing('postgres'))(`loading on ${engine}`, () => {
    let world: LogWorld
    let loader: Loader
    beforeAll(async () => {
      world = await openLogWorld(engine)
      loader = createLoader(world.database, roomsMax)
    })
    afterAll(() => world[Symbol.asyncDispose]())

    const writeRoom = async (updates: readonly Uint8Array[]): Promise<RoomName> => {
      const node = await world.node()
      const { log } = follow(newRoom())
      for (const update of updates) node.append(log, 'ada', update, null)
      node.kick()
      await node.flush(10_000)
      return log.name
    }

    /** A room with rows that nobody folds. */
    const fillRoom = async (rows: number): Promise<RoomName> => {
      const name = newRoom()
      await world.database.query(
        `with made as (insert into room (id, name, kind) values ($1::uuid, $2::text, 'document'))
         insert into entry (room_id, seq, author, at, update)
         select $1::uuid, seq, 'ada', now(), decode(lpad(to_hex(seq), 8, '0'), 'hex') from generate_series(1, $3::int8) seq`,
        [roomIdOf(name), name, rows]
      )
      return name
    }

    test('gives null for a room without a row', async () => {
      expect(await loader.load(newRoom())).toBeNull()
    })

    test('gives what folds to the document of the authors', async () => {
      const { document, write } = startDocument()
      const name = await writeRoom(['Every ', 'room ', 'is a log.'].map(write))
      const room = await loader.load(name)
      expect(textOf(room)).toBe(document.getText('text').toString())
      expect([room?.head, room?.epoch, room?.snapshotSeq]).toEqual([3, 1, 0])
    })

    test('gives the newest snapshot and only what came after it', async () => {
      const { document, write } = startDocument()
      const name = await writeRoom(['one ', 'two '].map(write))
      const state = Y.encodeStateAsUpdate(document)
      await storeSnapshot(world.database, name, 2, state)
      await storeSnapshot(world.database, name, 1, Uint8Array.of(0, 0))
      const node = await world.node()
      const { log } = follow(name)
      node.append(log, 'ada', write('three'), null)
      node.kick()
      await node.flush(10_000)
      const room = await loader.load(name)
      expect([room?.head, room?.snapshotSeq, room?.updates.length]).toEqual([3, 2, 1])
      expect(Buffer.from(room?.snapshot ?? [])).toEqual(Buffer.from(state))
      expect(textOf(room)).toBe('one two three')
    })

    test('gives tails that are longer than a page, beside others', async () => {
      const sizes = [25_003, 10_000, 1]
      const names = await Promise.all(sizes.map(fillRoom))
      const rooms = await Promise.all(names.map((name) => loader.load(name)))
      for (const [index, size] of sizes.entries()) {
        const numbers = rooms[index]?.updates.map((update) => Buffer.from(update).readUInt32BE()) ?? []
        expect(numbers.length).toBe(size)
        expect(numbers.findIndex((number, at) => number !== at + 1)).toBe(-1)
      }
    })

    test('reads what is asked for in one turn with a few queries', async () => {
      let queries = 0
      const counting: Database = {
        ...world.database,
        query: (...args) => {
          queries++
          return world.database.query(...args)
        }
      }
      const names = await Promise.all(Array.from({ length: 2 * roomsMax + 1 }, () => fillRoom(2)))
      const { load } = createLoader(counting, roomsMax)
      const rooms = await Promise.all(names.map(load))
      expect(rooms.map((room) => room?.head)).toEqual(names.map(() => 2))
      expect(queries).toBe(6)
    })

    test('includes what is appended while it reads', async () => {
      const { document, write } = startDocument()
      const name = await writeRoom([write('before ')])
      const node = await world.node()
      const appending: Database = {
        ...world.database,
        query: async (text, params) => {
          const rows = await world.database.query(text, params)
          if (text.includes('from room')) {
            node.append(follow(name).log, 'bob', write('meanwhile'), null)
            node.kick()
            await node.flush(10_000)
          }
          return rows as never // The caller names the row type of its statement.
        }
      }
      const room = await createLoader(appending, roomsMax).load(name)
      expect(room?.head).toBe(2)
      expect(textOf(room)).toBe(document.getText('text').toString())
    })

    test('refuses a deleted room by name', async () => {
      const name = await fillRoom(1)
      await world.database.query('update room set deleted_at = now() where id = $1', [roomIdOf(name)])
      await expectRefused(loader.load(name), 'room-deleted')
    })

    test.each([
      ['in the middle', 3, /no entry 3, but has 4/],
      ['at the beginning', 1, /no entry 1, but has 2/]
    ])('finds that an entry is missing %s, and loads the others', async (_where, seq, detail) => {
      const [name, ...others] = await Promise.all([fillRoom(5), fillRoom(5), fillRoom(1)])
      await world.database.query('delete from entry where room_id = $1 and seq = $2', [roomIdOf(name), seq])
      const loads = [name, ...others].map((each) => loader.load(each))
      await expectRefused(loads[0] ?? Promise.resolve(), 'room-corrupt', detail)
      expect((await Promise.all(loads.slice(1))).map((room) => room?.head)).toEqual([5, 1])
    })

    test('finds that the last entry is missing if a snapshot has it', async () => {
      const name = await fillRoom(5)
      await storeSnapshot(world.database, name, 5, Uint8Array.of(0, 0))
      await world.database.query('delete from entry where room_id = $1 and seq = 5', [roomIdOf(name)])
      await expectRefused(loader.load(name), 'room-corrupt', /ends at 4, its snapshot at 5/)
    })

    test('tells everybody of a group that the database is away, and reads again when it is back', async () => {
      const names = await Promise.all([fillRoom(1), fillRoom(2)])
      let isAway = true
      const leaving: Database = {
        ...world.database,
        query: async (...args) => {
          if (isAway) throw new DatabaseError('unavailable', 'no connection')
          return world.database.query(...args)
        }
      }
      const { load } = createLoader(leaving, roomsMax)
      const loads = names.map(load)
      for (const each of loads) await expectRefused(each, 'unavailable')
      isAway = false
      expect((await Promise.all(names.map(load))).map((room) => room?.head)).toEqual([1, 2])
    })
  })
}

describe('folding', () => {
  test('gives the same however many updates there are in a transaction', () => {
    const { document, write } = startDocument()
    const updates = Array.from({ length: 2_500 }, (_, index) => write(`${index} `))
    const folded = new ServerDocument('folded')
    foldInto(folded, null, updates, null)
    expect(Buffer.from(Y.encodeStateAsUpdate(folded))).toEqual(Buffer.from(Y.encodeStateAsUpdate(document)))
  })
})

const storeSnapshot = (database: Database, name: RoomName, seq: number, state: Uint8Array) =>
  database.query('insert into snapshot (room_id, seq, state) values ($1, $2, $3)', [
    roomIdOf(name),
    seq,
    state
  ])

const textOf = (room: StoredRoom | null): string => {
  const document = new ServerDocument('folded')
  foldInto(document, room?.snapshot ?? null, room?.updates ?? [], null)
  return document.getText('text').toString()
}
