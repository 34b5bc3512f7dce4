/** What a session and a room leave in peace: timers, the console, ws between raw frames. An upgrade that takes that away fails here. */
import { afterAll, afterEach, beforeAll, describe, expect, it, vi } from 'vitest'
import * as Y from 'yjs'
import type { RoomName } from '../schema/room-name.ts'
import { readConfig } from '../server/config.ts'
import type { Database } from '../server/database/database.ts'
import { openDatabase } from '../server/database/open-database.ts'
import { type Node, start } from '../server/start.ts'
import { createDatabase, type TestDatabase } from './support/database.ts'
import { callServer, roomPath } from './support/http.ts'
import { newRoom, silent } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { RawClient } from './support/raw-client.ts'
import { authMessage, closeMessage, syncMessage } from './support/raw-messages.ts'
import { waitUntil } from './support/wait-until.ts'
import { record } from './support/yjs-story.ts'

let place: TestDatabase
let database: Database
let node: Node
const clients: RawClient[] = []
const printed = (['log', 'info', 'warn', 'error'] as const).map((level) => vi.spyOn(console, level))

beforeAll(async () => {
  if (missing('postgres')) return
  place = await createDatabase()
  database = await openDatabase({ url: place.url, dataDir: null, logger: silent, poolMax: 2 })
  const config = readConfig({ DATABASE_URL: place.url, PORT: '0' })
  node = await start({ config, logger: silent, process })
})
afterEach(async () => {
  await Promise.all(clients.splice(0).map((client) => client.close()))
  for (const print of printed) expect(print).not.toHaveBeenCalled()
})
afterAll(async () => {
  if (missing('postgres')) return
  await node.stop()
  await database.close()
  await place.drop()
})

const open = async (): Promise<RawClient> => {
  const client = await RawClient.open(node.url.replace('http', 'ws'))
  clients.push(client)
  return client
}

const enter = async (room: RoomName) => {
  const client = await open()
  const document = await client.enter(room)
  const updates = record(document)
  return {
    client,
    document,
    write: (text: string) => {
      document.getText('text').insert(document.getText('text').length, text)
      return syncMessage(room, 2, updates.pop() ?? Uint8Array.of())
    }
  }
}

const saved = (client: RawClient, count: number) =>
  waitUntil(() => client.acknowledged() >= count, { about: `${count} acknowledgements` })

const stats = async (): Promise<{ rooms: number; sessions: number; waitingEntries: number }> =>
  (await callServer(node.url, '/api/stats')).json()

const roomsOpen = (rooms: number) =>
  waitUntil(async () => (await stats()).rooms === rooms, { about: `${rooms} open rooms` })

/** Timers that keep the process alive: ours do not. */
const timers = (): number => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length

const suite = describe.skipIf(missing('postgres'))

suite('a room', () => {
  it('sends one frame per update and reader, none to the author', async () => {
    const room = newRoom()
    const [ada, ben, cleo] = [await enter(room), await enter(room), await enter(room)]
    for (let change = 1; change <= 5; change++) {
      ada.client.send(ada.write(String(change)))
      await saved(ada.client, 1 + change)
    }
    for (const { client } of [ben, cleo])
      await waitUntil(() => client.count('update') === 5, { about: 'five updates' })
    await ben.client.settled()
    expect([ada, ben, cleo].map(({ client }) => client.count('update'))).toEqual([0, 5, 5])
  })

  it('has no timers: not per socket, not per room, not per change', async () => {
    const before = timers()
    const rooms = Array.from({ length: 100 }, newRoom)
    const entered = await Promise.all([...rooms, ...rooms].map(enter))
    expect(timers() - before).toBeLessThan(10)
    for (const { client, write } of entered.slice(0, 100)) client.send(write('x'))
    for (const { client } of entered.slice(0, 100)) await saved(client, 2)
    expect(timers() - before).toBeLessThan(10)
  })

  it('is kept while somebody is there, and no longer', async () => {
    await roomsOpen(0)
    const room = newRoom()
    const [ada, ben] = [await enter(room), await enter(room)]
    await roomsOpen(1)
    await ada.client.close()
    ben.client.send(ben.write('still open'))
    await saved(ben.client, 2)
    expect((await stats()).rooms).toBe(1)
    await ben.client.close()
    await roomsOpen(0)
  })

  it('is kept without anybody in it while entries of it wait', async () => {
    const room = newRoom()
    const ada = await enter(room)
    const isOver = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    const lock = database.transaction(async (t) => {
      await t.exec('lock table entry in exclusive mode')
      held.resolve()
      await isOver.promise
    })
    await held.promise
    ada.client.send(ada.write('last words'))
    await waitUntil(async () => (await stats()).waitingEntries > 0, { about: 'the entry to wait' })
    ada.client.destroy()
    await waitUntil(async () => (await stats()).sessions === 0, { about: 'the session to end' })
    expect((await stats()).rooms).toBe(1)
    const ben = await open()
    await ben.join(room)
    ben.send(syncMessage(room, 0, Uint8Array.of(0)))
    await ben.next('step1')
    isOver.resolve()
    await lock
    await ben.next('step2')
    const document = new Y.Doc()
    ben.learn(room, document)
    expect(document.getText('text').toString()).toBe('last words')
    await ben.close()
    await roomsOpen(0)
  })

  it('may be left and come back to on the same socket, as often as somebody likes', async () => {
    const room = newRoom()
    const client = await open()
    for (let time = 1; time <= 20; time++) {
      await client.enter(room)
      client.send(closeMessage(room))
    }
    await client.enter(room)
    expect(client.ending).toBeNull()
  })
})

suite('somebody who opens a room, closes it and opens it again without waiting', () => {
  const twice = (room: string, first: string, second: string) => [
    authMessage(room, first),
    syncMessage(room, 0, Uint8Array.of(0)),
    closeMessage(room),
    authMessage(room, second),
    syncMessage(room, 0, Uint8Array.of(0))
  ]

  it('is in it', async () => {
    const client = await open()
    const room = newRoom()
    client.cork(() => client.send(...twice(room, '', '')))
    await waitUntil(() => client.count('authenticated') === 2, { about: 'both to be let in' })
    await client.enter(room)
    expect(client.ending).toBeNull()
  })

  it('is in it if the first token was bad and the second is good', async () => {
    const client = await open()
    const room = newRoom()
    client.cork(() => client.send(...twice(room, 'bad', '')))
    await client.next('denied')
    await client.next('authenticated')
    await client.next('step2')
  })
})

suite('a room that breaks', () => {
  /** From now on Postgres refuses what this author writes, and nothing else. */
  const refuseEntries = () =>
    database.exec(`
create or replace function refuse() returns trigger language plpgsql as $$
begin if octet_length(new.update) > 10000 then raise exception 'no'; end if; return new; end $$;
create or replace trigger refuse before insert on entry for each row execute function refuse()`)
  const allowEntries = () => database.exec('drop trigger refuse on entry')

  it('closes the sockets of all who are in it, and is read anew as it was committed', async () => {
    const room = newRoom()
    const [ada, ben, other] = [await enter(room), await enter(room), await enter(newRoom())]
    ada.client.send(ada.write('good'))
    await saved(ada.client, 2)
    // A frozen tab, which does not answer the close of its socket.
    ben.client.socket.pause()
    await refuseEntries()
    ada.client.send(ada.write('x'.repeat(20_000)))
    other.client.send(other.write('meanwhile'))
    expect(await ada.client.ended()).toEqual({ code: 1011, reason: 'internal' })
    expect(ada.client.acknowledged()).toBe(2)
    await saved(other.client, 2)
    expect(other.client.ending).toBeNull()
    await allowEntries()
    const text = await waitUntil(async () => (await enter(room)).document.getText('text').toString(), {
      about: 'the room to open again'
    })
    expect(text).toBe('good')
    const view = await (await callServer(node.url, roomPath(room, '/view'))).json()
    expect(view.data.text).toBe('good')
    ben.client.socket.resume()
    await ben.client.ended()
  })
})

suite('ws', () => {
  it('leaves whole frames of ours between its own as they are', async () => {
    const room = newRoom()
    const [ada, ben] = [await enter(room), await enter(room)]
    const pings = setInterval(() => ben.client.socket.ping('x'.repeat(100)), 1)
    for (let change = 1; change <= 200; change++) ada.client.send(ada.write('x'.repeat(change * 10)))
    await saved(ada.client, 201)
    const all = ada.document.getText('text').length
    const hasAll = (): boolean => {
      ben.client.learn(room, ben.document)
      return ben.document.getText('text').length === all
    }
    await waitUntil(hasAll, { about: 'all of it' })
    clearInterval(pings)
    expect(ben.client.ending).toBeNull()
  })

  it('does not compress, also for a client that would', async () => {
    const client = await RawClient.open(node.url.replace('http', 'ws'), {
      'sec-websocket-extensions': 'permessage-deflate; client_max_window_bits'
    })
    clients.push(client)
    expect(client.socket.extensions).toBe('')
    await client.enter(newRoom())
  })
})
