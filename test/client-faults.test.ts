/** The client SDK while the server or its database is away: what is said of changes is true all the time. */
import { setTimeout as sleep } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Seq } from '../client/index.ts'
import { enter, leaveRoomsAfterTests, ready, startRoomServer, state, title } from './support/client-rooms.ts'
import { createDatabase, type TestDatabase } from './support/database.ts'
import { missing } from './support/missing.ts'
import { startPostgresProxy } from './support/postgres-proxy.ts'
import { startServer } from './support/server.ts'
import { waitUntil } from './support/wait-until.ts'

leaveRoomsAfterTests()

describe('G2: with a server that ends', { timeout: 120_000 }, () => {
  test('nothing that was said to be saved is lost by kill -9, and what was not is sent again', async () => {
    await using server = await startRoomServer()
    const writer = enter(server, 'killed')
    await ready(writer.room)
    for (let round = 1; round <= 3; round++) {
      const saved = new Set<Seq>()
      const leave = writer.room.syncStatus.subscribe(() => {
        const status = writer.room.syncStatus.get()
        if (status.state === 'saved') saved.add(status.seq)
      })
      for (let index = 0; index < 10 * round; index++) {
        writer.room.storage.title.replace(`${round}.${index}`)
        await writer.room.flush()
      }
      writer.room.storage.title.replace(`last of ${round}`)
      await server.kill()
      leave()
      expect(saved.size).toBeGreaterThan(0)
      await server.restart()
      const reader = enter(server, 'killed')
      await title(reader.room, `last of ${round}`)
      const status = await state(writer.room, 'saved')
      expect(status.seq).toBeGreaterThanOrEqual(Math.max(...saved))
      reader.client.close()
    }
    expect(writer.errors.filter(({ retry }) => !retry)).toEqual([])
  })

  test('changes made without a server are counted, never called saved, and sent when it is back', async () => {
    await using server = await startRoomServer()
    const ana = enter(server, 'offline')
    await ready(ana.room)
    await state(ana.room, 'saved')
    await server.kill()
    await state(ana.room, 'offline')
    const said = ana.said.length
    for (const answer of [1, 2, 3]) ana.room.storage.answers.set(`f${answer}`, answer)
    expect(ana.room.syncStatus.get()).toEqual({ state: 'offline', pending: 3, storedLocally: false })
    const flushed = ana.room.flush()
    await server.restart()
    expect((await flushed).seq).toBe(1)
    expect(ana.room.syncStatus.get().state).toBe('saved')
    const since = ana.said.slice(said)
    const firstSaved = since.findIndex((status) => status.state === 'saved')
    expect(since.slice(0, firstSaved).every((status) => 'pending' in status && status.pending > 0)).toBe(true)
    const ben = enter(server, 'offline')
    await waitUntil(() => ben.room.snapshot.get().answers.f3 === 3, { about: 'the answers' })
  })

  test('somebody who types while the connection comes back is not refused', async () => {
    await using server = await startRoomServer()
    const ana = enter(server, 'storm')
    await ready(ana.room)
    let typed = 0
    let isTyping = true
    const type = async (): Promise<void> => {
      while (isTyping) {
        ana.room.storage.intro.type({ index: typed++, remove: 0, insert: 'x' })
        await new Promise((resolve) => setImmediate(resolve))
      }
    }
    const typing = type()
    for (let round = 0; round < 2; round++) {
      await server.kill()
      await server.restart()
      await waitUntil(() => ana.room.status.get() === 'connected', {
        about: 'the connection',
        timeoutMs: 20_000
      })
    }
    isTyping = false
    await typing
    await state(ana.room, 'saved')
    const ben = enter(server, 'storm')
    await waitUntil(() => ben.room.snapshot.get().intro.length === typed, { about: `${typed} characters` })
    expect(ana.errors.filter(({ retry }) => !retry)).toEqual([])
  })

  test('a link on which nobody answers is given up, and used again when they do', async () => {
    await using server = await startRoomServer()
    const ana = enter(server, 'frozen')
    await ready(ana.room)
    await state(ana.room, 'saved')
    const said = ana.said.length
    server.pause()
    ana.room.storage.title.replace('into the void')
    await state(ana.room, 'offline')
    expect(ana.said.slice(said).map((status) => status.state)).not.toContain('saved')
    server.resume()
    await state(ana.room, 'saved', 40_000)
    const ben = enter(server, 'frozen')
    await title(ben.room, 'into the void')
  })

  test('who waits for a flush may stop waiting', async () => {
    await using server = await startRoomServer()
    const ana = enter(server, 'abort')
    await ready(ana.room)
    await server.kill()
    await expect(ana.room.flush({ signal: AbortSignal.timeout(50) })).rejects.toThrow(/timeout/)
  })
})

describe.skipIf(missing('postgres'))('with a database that is away', () => {
  let database: TestDatabase
  beforeAll(async () => {
    database = await createDatabase()
  })
  afterAll(() => database.drop())

  test('the status is waiting with the right number, the connection stays, and it is saved later', async () => {
    await using proxy = await startPostgresProxy(database.url)
    await using server = await startServer({ databaseUrl: proxy.url })
    const ana = enter(server, 'waiting')
    const ben = enter(server, 'waiting')
    await ready(ana.room)
    await ready(ben.room)
    await state(ana.room, 'saved')
    proxy.refuse()
    for (const answer of [1, 2, 3]) ana.room.storage.answers.set(`f${answer}`, answer)
    expect(await state(ana.room, 'waiting')).toEqual({ state: 'waiting', pending: 3 })
    // That a connection stays shows only with time: this is longer than a dead link is given.
    await sleep(12_000)
    expect(ana.room.syncStatus.get()).toEqual({ state: 'waiting', pending: 3 })
    expect(ana.room.status.get()).toBe('connected')
    expect(ben.room.snapshot.get().answers).toEqual({})
    proxy.admit()
    await state(ana.room, 'saved', 40_000)
    await waitUntil(() => ben.room.snapshot.get().answers.f3 === 3, { about: 'the answers' })
  }, 90_000)
})
