import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { roomIdOf } from '../server/log/room-log.ts'
import { auditLog } from './support/log-audit.ts'
import { append, newRoom, toRoomName } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { type ProxiedServer, startProxiedServer } from './support/proxied-server.ts'
import { openProvider } from './support/stock-provider.ts'
import { Typist } from './support/typist.ts'
import { waitUntil } from './support/wait-until.ts'

describe.skipIf(missing('postgres'))('a server that is asked to stop', () => {
  let world: ProxiedServer
  beforeEach(async () => {
    world = await startProxiedServer({ ROOMLOG_SHUTDOWN_TIMEOUT_MS: '3000' })
  })
  afterEach(() => world[Symbol.asyncDispose]())

  const waiting = (entries: number) =>
    waitUntil(async () => (await world.stats()).waitingEntries >= entries, {
      about: `${entries} entries to wait`
    })

  test('writes what waits, and ends with 0', async () => {
    const room = newRoom()
    const typist = await Typist.open(world.server.wsUrl, room)
    world.proxy.delayMs = 100
    for (let entries = 1; entries <= 3; entries++) {
      typist.type(`${entries}`)
      await waiting(1)
    }
    expect(await world.server.stop()).toBe(0)
    expect(
      auditLog(await world.rows(room))
        .document.getText(typist.root)
        .toString()
    ).toBe('123')
    expect((await typist.closed).code).toBe(1012)
  })

  test('and cannot write ends with another code, and says how many entries are lost', async () => {
    const room = newRoom()
    const typist = await Typist.open(world.server.wsUrl, room)
    typist.type('a')
    await waitUntil(() => typist.isAllAcknowledged, { about: 'the first to be acknowledged' })
    world.proxy.refuse()
    for (let entries = 1; entries <= 3; entries++) {
      typist.type('b')
      await waiting(entries)
    }
    expect(await world.server.stop()).toBe(1)
    const last = world.server.stderr().trim().split('\n').at(-1) ?? ''
    expect(JSON.parse(last)).toMatchObject({
      level: 'fatal',
      entries: 3,
      msg: 'stopped with entries that were not written'
    })
    expect(typist.acknowledged).toBe(1)
    expect(auditLog(await world.rows(room)).clockOf(typist.client)).toBe(1)
  })

  test.each([
    ['refuses', () => world.proxy.refuse()],
    ['does not answer', () => world.proxy.silence()]
  ])('with nothing to write ends with 0 although the database %s', async (_what, leave) => {
    const typist = await Typist.open(world.server.wsUrl, newRoom())
    typist.type('a')
    await waitUntil(() => typist.isAllAcknowledged, { about: 'it to be acknowledged' })
    leave()
    expect(await world.server.stop()).toBe(0)
  })
})

describe.skipIf(missing('postgres'))('a room with entries that wait', () => {
  test('is not closed, whoever comes meanwhile finds it, and it is closed when they are written', async () => {
    await using world = await startProxiedServer()
    const room = newRoom()
    const typist = await Typist.open(world.server.wsUrl, room)
    world.proxy.refuse()
    typist.type('last words')
    await waitUntil(async () => (await world.stats()).waitingEntries > 0, { about: 'entries to wait' })
    typist.leave()
    await waitUntil(async () => (await world.stats()).sessions === 0, { about: 'the writer to be gone' })
    expect((await world.stats()).rooms).toBe(1)
    using stock = openProvider(world.server.wsUrl, room)
    await waitUntil(async () => (await world.stats()).sessions === 1, { about: 'a reader to come' })
    expect(stock.provider.isSynced).toBe(false)
    world.proxy.admit()
    await stock.settled()
    expect(stock.document.getText(typist.root).toString()).toBe('last words')
    expect(auditLog(await world.rows(room)).clockOf(typist.client)).toBe('last words'.length)
    stock.provider.destroy()
    await waitUntil(async () => (await world.stats()).rooms === 0, { about: 'the room to be closed' })
  })

  test('is closed after a while when nobody comes', async () => {
    await using world = await startProxiedServer()
    const typist = await Typist.open(world.server.wsUrl, newRoom())
    void world.proxy.fail(append, { refuseWith: '57P03' }, Number.POSITIVE_INFINITY)
    typist.type('last words')
    await world.readiness(503)
    typist.leave()
    await waitUntil(async () => (await world.stats()).sessions === 0, { about: 'the writer to be gone' })
    expect((await world.stats()).rooms).toBe(1)
    world.proxy.heal()
    await waitUntil(async () => (await world.stats()).rooms === 0, { about: 'the room to be closed' })
  })
})

describe.skipIf(missing('postgres'))('a room whose snapshot is due', () => {
  test('is served on when it cannot be stored, and gets it the next time that it is open', async () => {
    await using world = await startProxiedServer()
    const room = newRoom()
    const { document, updates } = typedUpdates(999)
    await fillRoom(world, room, updates)
    const type = async (text: string): Promise<void> => {
      const typist = await Typist.open(world.server.wsUrl, room)
      for (const character of text) {
        typist.type(character)
        await waitUntil(() => typist.isAllAcknowledged, { about: `${character} to be acknowledged` })
      }
      typist.leave()
      await waitUntil(async () => (await world.stats()).rooms === 0, { about: 'the room to be closed' })
    }
    const snapshots = () =>
      world.database.query('select seq from snapshot where room_id = $1', [roomIdOf(toRoomName(room))])

    const failed = world.proxy.fail(/insert into snapshot/, { refuseWith: '53100' })
    await type('abc')
    await failed
    expect(await snapshots()).toEqual([])
    await type('d')
    expect(await waitUntil(async () => (await snapshots())[0], { about: 'a snapshot' })).toEqual({
      seq: 1_003n
    })
    using stock = openProvider(world.server.wsUrl, room)
    await stock.settled()
    expect(stock.document.getText('text').toString()).toBe(document.getText('text').toString())
  })
})

describe.skipIf(missing('postgres'))('a room that everybody has left', () => {
  test.each([
    ['is folded when a hundred entries are new', 99, [{ seq: 100n }]],
    ['is left as it is when there are fewer', 98, []]
  ])('%s', async (_, stored, expected) => {
    await using world = await startProxiedServer()
    const room = newRoom()
    await fillRoom(world, room, typedUpdates(stored).updates)
    const typist = await Typist.open(world.server.wsUrl, room)
    typist.type('x')
    await waitUntil(() => typist.isAllAcknowledged, { about: 'x to be acknowledged' })
    typist.leave()
    await waitUntil(async () => (await world.stats()).rooms === 0, { about: 'the room to be closed' })
    // Ends once what was begun is done.
    await world.server.stop()
    const made = await world.database.query('select seq from snapshot where room_id = $1', [
      roomIdOf(toRoomName(room))
    ])
    expect(made).toEqual(expected)
  })
})

/** What typing makes, an update for each letter. */
const typedUpdates = (count: number): { document: Y.Doc; updates: Buffer[] } => {
  const document = new Y.Doc()
  const updates: Buffer[] = []
  document.on('update', (update: Uint8Array) => updates.push(Buffer.from(update)))
  for (let index = 0; index < count; index++)
    document.getText('text').insert(index, String.fromCharCode(97 + (index % 26)))
  return { document, updates }
}

const fillRoom = async ({ database }: ProxiedServer, room: string, updates: Buffer[]): Promise<void> => {
  await database.query(
    `with made as (insert into room (id, name, kind) values ($1::uuid, $2::text, 'document'))
     insert into entry (room_id, seq, author, at, update)
     select $1::uuid, seq, 'ada', now(), decode(hex, 'hex')
     from string_to_table($3::text, ',') with ordinality as rows(hex, seq)`,
    [roomIdOf(toRoomName(room)), room, updates.map((update) => update.toString('hex')).join()]
  )
}
