import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import type { RoomName, Seq } from '../schema/room-name.ts'
import { foldInto } from '../server/log/fold.ts'
import { createLoader, type Loader, type StoredRoom } from '../server/log/load.ts'
import { roomIdOf } from '../server/log/room-log.ts'
import { ServerDocument } from '../server/log/server-document.ts'
import { expectRefused } from './support/authority.ts'
import { readText, startDocument } from './support/documents.ts'
import { expectProblem, type HttpServer, roomPath, startHttpServer } from './support/http.ts'
import { engines, follow, type LogWorld, newRoom, openLogWorld, seqsTo } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { openProvider } from './support/stock-provider.ts'

const textOf = (room: StoredRoom | null): string => {
  if (room === null) throw new Error('there is no such room')
  const document = new ServerDocument('folded')
  foldInto(document, room.snapshot, room.updates, null)
  return document.getText('text').toString()
}

const at = (seq: number): Seq => seq as Seq

for (const engine of engines) {
  describe.skipIf(engine === 'postgres' && missing('postgres'))(`a room as it stood, on ${engine}`, () => {
    let world: LogWorld
    let loader: Loader
    beforeAll(async () => {
      world = await openLogWorld(engine)
      loader = createLoader(world.database, 8)
    })
    afterAll(() => world[Symbol.asyncDispose]())

    const letters = 'abcdef'

    const writeRoom = async (): Promise<{ name: RoomName; state: (seq: number) => Uint8Array }> => {
      const node = await world.node()
      const { log } = follow(newRoom())
      const { write } = startDocument()
      const updates = [...letters].map(write)
      for (const update of updates) node.append(log, 'ada', update, null)
      node.kick()
      await node.flush(10_000)
      return { name: log.name, state: (seq) => Y.mergeUpdates(updates.slice(0, seq)) }
    }

    const storeSnapshot = (name: RoomName, seq: number, state: Uint8Array) =>
      world.database.query(
        'insert into snapshot (room_id, seq, state) values ($1::uuid, $2::int8, $3::bytea)',
        [roomIdOf(name), seq, state]
      )

    test('is what its entries up to then make', async () => {
      const { name } = await writeRoom()
      for (const seq of [0, ...seqsTo(letters.length)]) {
        const room = await loader.loadAt(name, at(seq))
        expect([room?.head, textOf(room)]).toEqual([seq, letters.slice(0, seq)])
      }
    })

    test('begins at the nearest snapshot that is not behind it', async () => {
      const { name, state } = await writeRoom()
      for (const seq of [2, 4]) await storeSnapshot(name, seq, state(seq))
      const read = await Promise.all([1, 2, 3, 5].map((seq) => loader.loadAt(name, at(seq))))
      expect(read.map((room) => [room?.snapshotSeq, room?.updates.length, textOf(room)])).toEqual([
        [0, 1, 'a'],
        [2, 0, 'ab'],
        [2, 1, 'abc'],
        [4, 1, 'abcde']
      ])
    })

    test('is refused beyond the head, and for a room that was deleted', async () => {
      const { name } = await writeRoom()
      await expectRefused(loader.loadAt(name, at(letters.length + 1)), 'seq-ahead', /stands at 6, not 7/)
      await world.database.query('update room set deleted_at = now() where id = $1::uuid', [roomIdOf(name)])
      await expectRefused(loader.loadAt(name, at(1)), 'room-deleted')
      expect(await loader.loadAt(newRoom(), at(0))).toBeNull()
    })

    test('is refused where an entry is missing before it, and read where one is missing behind it', async () => {
      const { name } = await writeRoom()
      await world.database.query('delete from entry where room_id = $1::uuid and seq = 4', [roomIdOf(name)])
      expect(textOf(await loader.loadAt(name, at(3)))).toBe('abc')
      await expectRefused(loader.loadAt(name, at(5)), 'room-corrupt')
    })

    test('is refused where its entries are too large to be folded', async () => {
      const name = newRoom()
      await world.database.query(
        `with made as (insert into room (id, name, kind) values ($1::uuid, $2::text, 'document'))
         insert into entry (room_id, seq, author, at, update)
         select $1::uuid, seq, 'ada', now(), decode(repeat('00', 1048576), 'hex') from generate_series(1, 70) seq`,
        [roomIdOf(name), name]
      )
      await expectRefused(loader.loadAt(name, at(70)), 'too-large')
    })
  })
}

describe('over HTTP', () => {
  let server: HttpServer
  const room = 'document/history'
  beforeAll(async () => {
    server = await startHttpServer()
    await server.call('/api/rooms', { json: { name: room } })
    const { write } = startDocument()
    for (const letter of 'abc') await server.call(roomPath(room, '/doc'), { bytes: write(letter) })
  })
  afterAll(() => server[Symbol.asyncDispose]())

  test.each([
    [0, {}],
    [1, { text: 'a' }],
    [2, { text: 'ab' }],
    [3, { text: 'abc' }]
  ])('the view at %i is that of then', async (seq, data) => {
    const answer = await server.call(roomPath(room, `/view?at=${seq}`))
    expect(await answer.json()).toEqual({ seq, epoch: 1, data })
  })

  test('the view at a seq is that of then while somebody is in the room', async () => {
    using ana = openProvider(server.process.wsUrl, room)
    await ana.settled()
    for (const [seq, text] of [
      [1, 'a'],
      [3, 'abc']
    ] as const) {
      const answer = await server.call(roomPath(room, `/view?at=${seq}`))
      expect(await answer.json()).toEqual({ seq, epoch: 1, data: { text } })
    }
  })

  test('the document at a seq is that of then', async () => {
    const answer = await server.call(roomPath(room, '/doc?at=2'))
    expect(answer.headers.get('roomlog-seq')).toBe('2')
    expect(readText(new Uint8Array(await answer.arrayBuffer()))).toBe('ab')
  })

  test('what is no seq, or not reached yet, is refused', async () => {
    for (const path of ['/view', '/doc']) {
      await expectProblem(await server.call(roomPath(room, `${path}?at=9`)), 'seq-ahead')
      for (const seq of ['-1', 'x', '', '1.5'])
        await expectProblem(await server.call(roomPath(room, `${path}?at=${seq}`)), 'seq-invalid')
    }
    await expectProblem(await server.call(roomPath('document/nothing', '/view?at=0')), 'room-not-found')
  })
})
