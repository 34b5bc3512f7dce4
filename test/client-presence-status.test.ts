/** Who is in some rooms, as the client SDK says it without entering them: against a real server that stops and starts. */
import { createServer, request as forward, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Client, createClient, type PresenceStatus, RoomlogError, type Store } from '../client/index.ts'
import { leaveRoomsAfterTests, startRoomServer } from './support/client-rooms.ts'
import { callServer, roomPath } from './support/http.ts'
import { missing } from './support/missing.ts'
import type { ServerProcess } from './support/server.ts'
import { authSecret, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'

leaveRoomsAfterTests()

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0)) await end()
})

const tokenOf = (sub: string, claims = {}) =>
  signToken({ sub, name: sub, grants: [{ room: 'document/*', role: 'writer' }], ...claims })

let server: ServerProcess
beforeAll(async () => {
  if (!missing('postgres')) server = await startRoomServer({ AUTH_SECRET: authSecret })
})
afterAll(() => server?.stop())

/** A road to the server, on which requests are counted and may be held up. */
const openRoad = async () => {
  const asked: string[] = []
  const held: (() => void)[] = []
  let isHeld = false
  let aborted = 0
  const road: Server = createServer((request, response) => {
    asked.push(decodeURIComponent(request.url ?? ''))
    response.on('close', () => {
      if (!response.writableEnded) aborted++
    })
    const { method, headers } = request
    const go = (): void => {
      const onward = forward(`${server.url}${request.url}`, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 500, answer.headers)
        answer.pipe(response)
      })
      onward.on('error', () => response.destroy())
      onward.end()
    }
    if (isHeld) held.push(go)
    else go()
  })
  await new Promise<void>((resolve) => road.listen(0, '127.0.0.1', resolve))
  ends.push(() => {
    road.closeAllConnections()
    road.close()
  })
  return {
    url: `ws://127.0.0.1:${(road.address() as AddressInfo).port}/ws`,
    asked,
    aborted: () => aborted,
    hold: () => {
      isHeld = true
    },
    release: () => {
      isHeld = false
      for (const go of held.splice(0)) go()
    }
  }
}

const clientOf = (url: string, auth?: Parameters<typeof createClient>[0]['auth']): Client => {
  const client = createClient(auth === undefined ? { url } : { url, auth })
  ends.push(() => client.close())
  return client
}

const put = async (room: string, user: string): Promise<void> => {
  const options = { method: 'PUT', token: await tokenOf(user), json: { ttl: 300 } }
  expect((await callServer(server.url, roomPath(room, '/presence'), options)).status).toBe(200)
}

const whoIsIn = (store: Store<PresenceStatus>, room: string): readonly string[] | undefined =>
  store.get().rooms[room]?.people.map(({ user }) => user.id)

const becomes = (store: Store<PresenceStatus>, status: PresenceStatus['status']) =>
  waitUntil(() => store.get().status === status, { about: `the status ${status}`, timeoutMs: 20_000 })

describe.skipIf(missing('postgres'))('G10: who is in rooms that are not entered', () => {
  test('is asked for together, once for all who want to know, and again and again', async () => {
    const road = await openRoad()
    const client = clientOf(road.url, async () => ({ token: await tokenOf('ada') }))
    await put('document/a0', 'ada')
    const both = client.presenceOf(['document/a0', 'document/b0'], { everyMs: 1_000 })
    const one = client.presenceOf(['document/a0'], { everyMs: 1_000 })
    expect(both.get()).toEqual({ status: 'loading', rooms: {} })
    expect(road.asked).toEqual([])
    const stops = [both, one, both].map((store) => store.subscribe(() => {}))
    await becomes(both, 'fresh')
    expect(road.asked).toEqual(['/api/presence?rooms=document/a0,document/b0'])
    expect(whoIsIn(both, 'document/a0')).toEqual(['ada'])
    expect(whoIsIn(both, 'document/b0')).toEqual([])
    expect(one.get().rooms['document/a0']).toBe(both.get().rooms['document/a0'])
    await put('document/b0', 'ben')
    await waitUntil(() => whoIsIn(both, 'document/b0')?.[0] === 'ben', { about: 'Ben' })
    for (const stop of stops) stop()
  })

  test('is the same object while nothing changes', async () => {
    const road = await openRoad()
    const client = clientOf(road.url, async () => ({ token: await tokenOf('ada') }))
    await put('document/a1', 'ada')
    const store = client.presenceOf(['document/a1'], { everyMs: 1_000 })
    const stop = store.subscribe(() => {})
    await becomes(store, 'fresh')
    const before = store.get()
    await waitUntil(() => road.asked.length >= 3, { about: 'three answers' })
    expect(store.get()).toBe(before)
    stop()
  })

  test('stays, and is said to be stale, while the server cannot be reached; then it is fresh again', async () => {
    const road = await openRoad()
    const client = clientOf(road.url, async () => ({ token: await tokenOf('ada') }))
    await put('document/a2', 'ada')
    const store = client.presenceOf(['document/a2'], { everyMs: 1_000 })
    const stop = store.subscribe(() => {})
    await becomes(store, 'fresh')
    await server.kill()
    await becomes(store, 'stale')
    expect(whoIsIn(store, 'document/a2')).toEqual(['ada'])
    await server.restart()
    await becomes(store, 'fresh')
    // Devices say it again: the node that knew of this one is dead.
    expect(whoIsIn(store, 'document/a2')).toEqual([])
    stop()
  }, 90_000)

  test('is asked for with a new token when the old one is refused, and not for ever', async () => {
    const road = await openRoad()
    const asked: boolean[] = []
    const old = await tokenOf('ada', { exp: 1 })
    const renewing = clientOf(road.url, async (_, { refused }) => {
      asked.push(refused)
      return { token: refused ? await tokenOf('ada') : old }
    })
    const store = renewing.presenceOf(['document/a3'])
    const stop = store.subscribe(() => {})
    await becomes(store, 'fresh')
    expect(asked).toEqual([false, true])
    stop()
    const hopeless = clientOf(road.url, async () => ({ token: old }))
    const refused = hopeless.presenceOf(['document/a3'], { everyMs: 1_000 })
    const end = refused.subscribe(() => {})
    const before = road.asked.length
    await becomes(refused, 'refused')
    expect(road.asked.length).toBe(before + 2)
    hopeless.retryNow()
    await waitUntil(() => road.asked.length === before + 4, { about: 'another try' })
    end()
  })

  test('is named for each room that may not be read, beside those that may', async () => {
    const road = await openRoad()
    await put('document/a4', 'ada')
    const client = clientOf(road.url, async () => ({ token: await tokenOf('ada') }))
    const store = client.presenceOf(['document/a4', 'form/secret'])
    const stop = store.subscribe(() => {})
    await becomes(store, 'fresh')
    expect(whoIsIn(store, 'document/a4')).toEqual(['ada'])
    expect(store.get().rooms['form/secret']).toEqual({ people: [], refused: 'forbidden' })
    stop()
  })

  test('is not waited for any more when nobody wants to know; what is known is kept', async () => {
    const road = await openRoad()
    await put('document/a5', 'ada')
    const client = clientOf(road.url, async () => ({ token: await tokenOf('ada') }))
    const store = client.presenceOf(['document/a5'])
    store.subscribe(() => {})()
    const stop = store.subscribe(() => {})
    await becomes(store, 'fresh')
    stop()
    expect(store.get().status).toBe('stale')
    road.hold()
    const before = road.asked.length
    const again = store.subscribe(() => {})
    expect(whoIsIn(store, 'document/a5')).toEqual(['ada'])
    await waitUntil(() => road.asked.length === before + 1, { about: 'the next request' })
    again()
    await waitUntil(() => road.aborted() > 0, { about: 'the request to be given up' })
  })

  test('of a name that is none is refused when it is asked for', () => {
    const client = clientOf('ws://127.0.0.1:9/ws')
    expect(() => client.presenceOf(['no room'])).toThrow(RoomlogError)
  })
})
