/** The client SDK behind proxies that do not let WebSockets through, or nothing that goes on for long. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { enter, leaveRoomsAfterTests, ready, startRoomServer, state, title } from './support/client-rooms.ts'
import type { ServerProcess } from './support/server.ts'
import { waitUntil } from './support/wait-until.ts'
import { startWebProxy, type WebProxy } from './support/web-proxy.ts'

leaveRoomsAfterTests()

let server: ServerProcess
let proxy: WebProxy
const proxies: WebProxy[] = []
beforeAll(async () => {
  server = await startRoomServer({ LOG_LEVEL: 'warn' })
})
afterEach(async () => {
  for (const one of proxies.splice(0)) await one[Symbol.asyncDispose]()
  expect(server.stderr()).toBe('')
})
afterAll(() => server?.stop())

const startProxy = async (
  settings: Partial<Pick<WebProxy, 'upgrades' | 'cutAfterBytes' | 'isBuffering'>>
) => {
  proxy = Object.assign(await startWebProxy(server), settings)
  proxies.push(proxy)
  return proxy
}

const requested = (start: string): number =>
  proxy.requests.filter((request) => request.startsWith(start)).length
const streams = (): number => proxy.requests.filter((request) => request === 'GET /stream').length
const questions = (): number => requested('GET /stream/')

type Person = ReturnType<typeof enter>

/** Both write, and see what the other wrote; all of it is saved. */
const writeTogether = async (left: Person, right: Person, text: string): Promise<void> => {
  left.room.storage.title.replace(`${text} from the left`)
  await left.room.flush()
  await title(right.room, `${text} from the left`)
  right.room.storage.title.replace(`${text} from the right`)
  await right.room.flush()
  await title(left.room, `${text} from the right`)
  await Promise.all([state(left.room, 'saved'), state(right.room, 'saved')])
}

const errorsOf = ({ errors }: Person) => errors.map(({ code }) => code)

describe('a client behind a proxy', { timeout: 120_000 }, () => {
  test.each(['refuse', 'hang', 'swallow'] as const)(
    'for which WebSockets %s edits over an event stream, with the same acknowledgements',
    async (upgrades) => {
      const behind = enter(await startProxy({ upgrades }), `upgrades-${upgrades}`)
      await ready(behind.room)
      const beside = enter(server, `upgrades-${upgrades}`)
      await ready(beside.room)
      await writeTogether(behind, beside, upgrades)
      expect(streams()).toBe(1)
      expect(questions()).toBe(0)
      expect([behind, beside].map(errorsOf)).toEqual([[], []])
    }
  )

  test('which cuts each WebSocket after a few bytes edits over an event stream', async () => {
    const behind = enter(await startProxy({ cutAfterBytes: 250 }), 'cut')
    await waitUntil(() => streams() === 1, { about: 'an event stream', timeoutMs: 30_000 })
    await ready(behind.room)
    const beside = enter(server, 'cut')
    await ready(beside.room)
    await writeTogether(behind, beside, 'cut')
  })

  test('which holds answers back until they end gets one short answer after the other', async () => {
    const behind = enter(await startProxy({ upgrades: 'refuse', isBuffering: true }), 'held-back')
    await ready(behind.room)
    const beside = enter(server, 'held-back')
    await ready(beside.room)
    await writeTogether(behind, beside, 'held back')
    behind.room.updatePresence({ focus: 'title' })
    await waitUntil(() => beside.room.others.get().some(({ presence }) => presence?.focus === 'title'), {
      about: 'presence over short answers'
    })
    expect(questions()).toBeGreaterThan(0)
    behind.client.close()
    await waitUntil(() => beside.room.others.get().every(({ stale }) => stale), { about: 'them to be gone' })
  })

  test('which begins to block WebSockets loses nothing, is on a stream within 5 s, and comes back', async () => {
    const behind = enter(await startProxy({}), 'mid-session')
    const beside = enter(server, 'mid-session')
    await Promise.all([ready(behind.room), ready(beside.room)])
    await writeTogether(behind, beside, 'before')
    const said = behind.said.length
    proxy.upgrades = 'refuse'
    proxy.cutSockets()
    const blockedAt = performance.now()
    behind.room.storage.title.replace('written while blocked')
    await behind.room.flush()
    expect(performance.now() - blockedAt).toBeLessThan(5_000)
    await title(beside.room, 'written while blocked')
    expect(streams()).toBe(1)
    await writeTogether(behind, beside, 'blocked')
    expect(behind.said.slice(said).map((status) => status.state)).not.toContain('rejected')

    proxy.upgrades = 'pass'
    const statuses: string[] = []
    behind.room.status.subscribe(() => statuses.push(behind.room.status.get()))
    behind.client.status.subscribe(() => statuses.push(behind.client.status.get()))
    const saidSince = behind.said.length
    await waitUntil(() => proxy.sockets === 1 && requested('DELETE /stream/') === 1, {
      about: 'the WebSocket to be back',
      timeoutMs: 60_000
    })
    await writeTogether(behind, beside, 'back')
    expect(statuses.filter((status) => status !== 'connected')).toEqual([])
    const alarming = behind.said.slice(saidSince).map(({ state: said }) => said)
    expect(alarming.filter((said) => said !== 'saving' && said !== 'saved')).toEqual([])
    expect(errorsOf(behind)).toEqual([])
  })

  test('typing all the while it changes ways loses no letter and says none twice', async () => {
    const behind = enter(await startProxy({}), 'typing')
    const beside = enter(server, 'typing')
    await Promise.all([ready(behind.room), ready(beside.room)])
    let typed = ''
    const type = async (): Promise<void> => {
      typed += String.fromCharCode(97 + (typed.length % 26))
      behind.room.storage.title.replace(typed)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
    const typeUntil = async (isEnough: () => boolean): Promise<void> => {
      for (let count = 0; count < 3_000 && !isEnough(); count++) await type()
      expect(isEnough()).toBe(true)
    }
    await typeUntil(() => typed.length >= 20)
    proxy.upgrades = 'refuse'
    proxy.cutSockets()
    await typeUntil(() => streams() === 1)
    await typeUntil(() => requested('POST /stream/') > 20)
    proxy.upgrades = 'pass'
    await typeUntil(() => requested('DELETE /stream/') === 1)
    const length = typed.length + 20
    await typeUntil(() => typed.length >= length)
    await behind.room.flush()
    await title(beside.room, typed)
    expect(behind.room.snapshot.get().title).toBe(typed)
    expect(errorsOf(behind)).toEqual([])
  })
})

describe('a client that was told its way', { timeout: 60_000 }, () => {
  test('stream opens no WebSocket', async () => {
    const behind = enter(await startProxy({}), 'told-stream', undefined, 'stream')
    const beside = enter(server, 'told-stream')
    await Promise.all([ready(behind.room), ready(beside.room)])
    await writeTogether(behind, beside, 'told')
    expect(proxy.sockets).toBe(0)
    expect(streams()).toBe(1)
  })

  test('websocket makes no other request', async () => {
    const behind = enter(await startProxy({ upgrades: 'refuse' }), 'told-websocket', undefined, 'websocket')
    await waitUntil(() => behind.client.retryAt.get(), { about: 'a first attempt to have failed' })
    behind.client.retryNow()
    proxy.upgrades = 'pass'
    await ready(behind.room)
    expect(streams()).toBe(0)
    expect(requested('POST /stream')).toBe(0)
  })

  test('and finds nobody there goes on trying, and is back with the server', async () => {
    const own = await startRoomServer()
    const behind = enter(own, 'nobody-there')
    await ready(behind.room)
    await own.kill()
    behind.room.storage.title.replace('written alone')
    await state(behind.room, 'offline')
    await own.restart()
    behind.client.retryNow()
    await behind.room.flush()
    await state(behind.room, 'saved')
    await own.stop()
  })
})
