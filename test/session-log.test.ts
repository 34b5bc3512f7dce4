import { HocuspocusProvider, HocuspocusProviderWebsocket } from '@hocuspocus/provider'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { WebSocket } from 'ws'
import * as Y from 'yjs'
import type { RoomName } from '../schema/room-name.ts'
import { roomIdOf } from '../server/log/room-log.ts'
import { readText } from './support/documents.ts'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import type { RawClient } from './support/raw-client.ts'
import { statelessMessage, syncMessage } from './support/raw-messages.ts'
import { type SessionWorld, somethingWaits, startSessionWorld, tokenFor } from './support/session-world.ts'
import { waitUntil } from './support/wait-until.ts'
import { record } from './support/yjs-story.ts'

let world: SessionWorld
let token: string
const releases: (() => Promise<void>)[] = []

const needsPostgres = describe.skipIf(missing('postgres'))

beforeAll(async () => {
  if (missing('postgres')) return
  world = await startSessionWorld()
  token = await tokenFor('ada', 'writer')
})
afterEach(async () => {
  for (const release of releases.splice(0)) await release()
  await world.closeAll()
})
afterAll(() => world?.[Symbol.asyncDispose]())

interface Writer {
  readonly client: RawClient
  readonly document: Y.Doc
  /** Makes the update of one character typed. */
  write(text: string): Uint8Array
  saved(count: number): Promise<void>
}

const enter = async (room: RoomName, as = token): Promise<Writer> => {
  const client = await world.open()
  const document = await client.enter(room, { token: as })
  const before = client.acknowledged()
  const updates = record(document)
  return {
    client,
    document,
    write: (text) => {
      document.getText('text').insert(document.getText('text').length, text)
      return syncMessage(room, 2, updates.pop() ?? Uint8Array.of(0, 0))
    },
    saved: async (count) => {
      await waitUntil(() => client.acknowledged() - before >= count, { about: `${count} acknowledgements` })
      expect(client.acknowledged() - before).toBe(count)
    }
  }
}

/** Makes the update of the first character being deleted. */
const erase = ({ document }: Writer, room: RoomName): Uint8Array => {
  const before = Y.encodeStateVector(document)
  document.getText('text').delete(0, 1)
  return syncMessage(room, 2, Y.encodeStateAsUpdate(document, before))
}

const hold = async (): Promise<void> => {
  releases.push(await world.holdWrites())
}
const release = async (): Promise<void> => {
  for (const go of releases.splice(0)) await go()
}

const textOf = (document: Y.Doc): string => document.getText('text').toString()

needsPostgres('what one connection sends', () => {
  it('in one turn is one entry, and each frame of it is acknowledged', async () => {
    const room = newRoom()
    const ada = await enter(room)
    const frames = Array.from('the quick brown fox jumps over the lazy dog', ada.write)
    // Together in one segment: the server reads them in one turn.
    ada.client.cork(() => ada.client.send(...frames))
    await ada.saved(frames.length)
    const rows = await world.rows(room)
    expect(rows.map(({ seq, author }) => [seq, author])).toEqual([[1, 'ada']])
    expect(rows[0]?.update).toEqual(Buffer.from(Y.encodeStateAsUpdate(ada.document)))
  })

  it('twice in one turn, or mixed with deletes, is what it would be one by one', async () => {
    const room = newRoom()
    const ada = await enter(room)
    const [a, b, c] = [ada.write('a'), ada.write('b'), ada.write('c')]
    const x = erase(ada, room)
    const frames = [a, a, b, c, b, x, ada.write('d'), ada.write('e')]
    ada.client.cork(() => ada.client.send(...frames))
    await ada.saved(frames.length)
    const rows = await world.rows(room)
    expect(rows).toHaveLength(1)
    expect(readText(rows[0]?.update ?? Uint8Array.of())).toBe('bcde')
  })

  it('is saved up to what is refused, and nothing after that', async () => {
    const room = newRoom()
    const ada = await enter(room)
    const frames = Array.from('saved, lost', ada.write)
    const lacking = frames.toSpliced(5, 1)
    ada.client.cork(() => ada.client.send(...lacking))
    await ada.saved(5)
    await waitUntil(() => ada.client.acknowledged(false) === 5, { about: 'the others to be refused' })
    expect(ada.client.messages('refused').map(({ code }) => code)).toEqual(['update-incomplete'])
    expect((await world.rows(room)).map(({ update }) => readText(update))).toEqual(['saved'])
  })

  it('in several turns is one entry each', async () => {
    const room = newRoom()
    const ada = await enter(room)
    for (const [index, letter] of [...'abc'].entries()) {
      ada.client.send(ada.write(letter))
      await ada.saved(index + 1)
    }
    expect((await world.rows(room)).map(({ seq }) => seq)).toEqual([1, 2, 3])
  })

  it('is acknowledged after others whom it only repeats', async () => {
    const room = newRoom()
    const [ada, ben] = [await enter(room), await enter(room)]
    await hold()
    const update = ada.write('a')
    ada.client.send(update)
    await somethingWaits(world)
    ben.client.send(update)
    await ben.client.settled()
    expect([ada.client.acknowledged(), ben.client.acknowledged()]).toEqual([1, 1])
    await release()
    await ada.saved(1)
    await ben.saved(1)
    expect(await world.rows(room)).toHaveLength(1)
  })

  it('is written also if the socket is gone before it was', async () => {
    const room = newRoom()
    const ada = await enter(room)
    await hold()
    ada.client.send(ada.write('last words'))
    await somethingWaits(world)
    ada.client.destroy()
    await release()
    const ben = await enter(room)
    expect(textOf(ben.document)).toBe('last words')
  })
})

needsPostgres('flush', () => {
  const flush = (room: string, id: number) => statelessMessage(room, JSON.stringify({ type: 'flush', id }))

  it('is answered when everything before it is committed, with the place in the log', async () => {
    const room = newRoom()
    const ada = await enter(room)
    ada.client.send(ada.write('a'), flush(room, 7))
    await waitUntil(() => ada.client.messages('flushed').length > 0, { about: 'the answer' })
    expect(ada.client.messages('flushed')).toEqual([{ type: 'flushed', id: 7, seq: 1, epoch: 1 }])
    expect(await world.rows(room)).toHaveLength(1)
  })

  it('is not answered while something before it waits', async () => {
    const room = newRoom()
    const ada = await enter(room)
    await hold()
    ada.client.send(ada.write('a'), flush(room, 1))
    await somethingWaits(world)
    await ada.client.settled()
    expect(ada.client.messages('flushed')).toEqual([])
    await release()
    await waitUntil(() => ada.client.messages('flushed').length > 0, { about: 'the answer' })
  })

  it('is never answered after something was refused', async () => {
    const room = newRoom()
    const ada = await enter(room)
    ada.client.send(syncMessage(room, 2, Uint8Array.of(9)), flush(room, 1))
    await ada.client.settled()
    expect(ada.client.messages('refused')).toMatchObject([{ code: 'update-malformed' }])
    ada.client.send(flush(room, 2))
    await ada.client.settled()
    expect(ada.client.messages('flushed')).toEqual([])
  })
})

needsPostgres('somebody who watches', () => {
  it('is told of all entries, also of authors with the longest of names', async () => {
    const room = newRoom()
    const longest = await tokenFor('"'.repeat(128), 'writer')
    const ada = await enter(room, longest)
    for (let entry = 1; entry <= 150; entry++) {
      ada.client.send(ada.write('x'))
      await ada.saved(entry)
    }
    ada.client.send(statelessMessage(room, '{"type":"watch"}'))
    const told = () =>
      ada.client.messages('committed').flatMap(({ entries }) => entries.map(({ seq }) => Number(seq)))
    await waitUntil(() => told().includes(150), { about: 'the newest entry' })
    expect(told()).toEqual(Array.from({ length: 150 }, (_, index) => index + 1))
    ada.client.send(ada.write('one more'))
    await waitUntil(() => told().includes(151), { about: 'the next entry' })
  })
})

needsPostgres('a newcomer', () => {
  it('is asked at once for what it has, and shown what is committed only', async () => {
    const room = newRoom()
    const ada = await enter(room)
    ada.client.send(ada.write('committed'))
    await ada.saved(1)
    await hold()
    ada.client.send(ada.write(' waiting'))
    await somethingWaits(world)
    const ben = await world.open()
    await ben.join(room, token)
    ben.send(syncMessage(room, 0, Uint8Array.of(0)))
    await ben.next('step1')
    expect(ben.count('step2') + ben.count('update')).toBe(0)
    await release()
    await ben.next('step2')
    const document = new Y.Doc()
    ben.learn(room, document)
    expect(textOf(document)).toBe('committed waiting')
  })

  it('has everything once the provider says synced, of a room with a snapshot and a long tail', async () => {
    const room = newRoom()
    const text = await storeRoom(room, { entries: 1_500, snapshotAt: 1_100 })
    const socket = new HocuspocusProviderWebsocket({
      url: `${world.server.wsUrl}/ws`,
      WebSocketPolyfill: WebSocket
    })
    const document = new Y.Doc()
    const atSynced = Promise.withResolvers<string>()
    const provider = new HocuspocusProvider({
      websocketProvider: socket,
      name: room,
      document,
      token,
      onSynced: () => atSynced.resolve(textOf(document))
    })
    provider.attach()
    expect(await atSynced.promise).toBe(text)
    provider.destroy()
    socket.destroy()
  })

  it('with a part of the document gets the rest', async () => {
    const room = newRoom()
    const ada = await enter(room)
    ada.client.send(ada.write('one'))
    await ada.saved(1)
    const document = new Y.Doc()
    Y.applyUpdate(document, Y.encodeStateAsUpdate(ada.document))
    ada.client.send(ada.write(' two'))
    await ada.saved(2)
    const ben = await world.open()
    await ben.enter(room, { token, document })
    expect(textOf(document)).toBe('one two')
  })

  it('converges who comes while others write as fast as they can', async () => {
    const room = newRoom()
    const ada = await enter(room)
    const newcomers: Writer[] = []
    for (let burst = 0; burst < 60; burst++) {
      ada.client.send(...Array.from('abcdefghij', ada.write))
      if (burst % 10 === 5) newcomers.push(await enter(room))
      await ada.client.settled()
    }
    await ada.saved(600)
    for (const { client, document } of newcomers) {
      const hasAll = (): boolean => {
        client.learn(room, document)
        return textOf(document) === textOf(ada.document)
      }
      await waitUntil(hasAll, { about: 'a newcomer to have it all' })
    }
  })
})

/** Writes a room into Postgres as if it had been edited long ago. */
const storeRoom = async (
  room: RoomName,
  { entries, snapshotAt }: { entries: number; snapshotAt: number }
): Promise<string> => {
  const { database } = world
  const document = new Y.Doc()
  const updates = record(document)
  const id = roomIdOf(room)
  await database.query('insert into room (id, name, kind) values ($1::uuid, $2::text, $3::text)', [
    id,
    room,
    'document'
  ])
  for (let seq = 1; seq <= entries; seq++) {
    const text = document.getText('text')
    if (seq % 7 === 0) text.delete(seq % 5, 1)
    else text.insert((seq * 31) % (text.length + 1), String.fromCharCode(97 + (seq % 26)))
    if (seq === snapshotAt) {
      await database.query(
        'insert into snapshot (room_id, seq, state) values ($1::uuid, $2::int8, $3::bytea)',
        [id, seq, Y.encodeStateAsUpdate(document)]
      )
    }
  }
  await database.transaction(async (t) => {
    for (const [index, update] of updates.entries()) {
      await t.query(
        'insert into entry (room_id, seq, author, at, update) values ($1::uuid, $2::int8, $3::text, now(), $4::bytea)',
        [id, index + 1, 'ada', update]
      )
    }
  })
  return textOf(document)
}
