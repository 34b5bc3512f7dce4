/** Presence on nodes of their own, with one Postgres and one Redis between them, as stock providers and HTTP clients see it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase, type TestDatabase } from './support/database.ts'
import { callServer, roomPath } from './support/http.ts'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { type Redis, startRedis } from './support/redis.ts'
import { type ServerProcess, startServer } from './support/server.ts'
import { openProvider, type StockProvider } from './support/stock-provider.ts'
import { waitUntil } from './support/wait-until.ts'
import { openYProvider } from './support/y-provider.ts'

/** Clients forget by themselves whom they do not hear of for 30 s: nothing here waits for so long. */
const heartbeatMs = 250

type Somebody = Pick<StockProvider, 'document'>

const stateOf = (watcher: StockProvider, { document }: Somebody) =>
  watcher.provider.awareness?.getStates().get(document.clientID)

const shows = async (watcher: StockProvider, other: Somebody, cursor: number | null, timeoutMs = 10_000) => {
  await waitUntil(() => (stateOf(watcher, other)?.cursor ?? null) === cursor, {
    about: `the cursor ${cursor}`,
    timeoutMs
  })
}

const guest = async ({ url }: ServerProcess, name: string): Promise<string> => {
  const answer = await callServer(url, '/api/guests', { json: { name } })
  return (await answer.json()).token
}

interface Person {
  readonly user: { readonly name: string }
  readonly devices: readonly {
    readonly device: string | null
    readonly via: string
    readonly state: object
  }[]
}

const people = async ({ url }: ServerProcess, room: string, token: string): Promise<readonly Person[]> => {
  const answer = await callServer(url, `/api/presence?rooms=${room}`, { token })
  expect(answer.status).toBe(200)
  return (await answer.json()).rooms[room].people
}

const put = async ({ url }: ServerProcess, room: string, token: string, cursor: number): Promise<number> => {
  const json = { device: 'wall', state: { cursor }, ttl: 300 }
  const answer = await callServer(url, roomPath(room, '/presence'), { method: 'PUT', token, json })
  expect(answer.status).toBe(200)
  return (await answer.json()).clientId
}

describe.skipIf(missing('postgres') || missing('redis'))('G10: presence on two nodes with Redis', () => {
  let database: TestDatabase
  let redis: Redis
  let one: ServerProcess
  let two: ServerProcess
  beforeAll(async () => {
    database = await createDatabase()
    redis = await startRedis()
    const env = { REDIS_URL: redis.url, ROOMLOG_HEARTBEAT_MS: String(heartbeatMs) }
    const start = () => startServer({ databaseUrl: database.url, env })
    ;[one, two] = await Promise.all([start(), start()])
  })
  afterAll(async () => {
    await Promise.all([one?.stop(), two?.stop()])
    await redis?.[Symbol.asyncDispose]()
    await database?.drop()
  })

  const enter = async (node: ServerProcess, room: string, cursor: number): Promise<StockProvider> => {
    const provider = openProvider(node.wsUrl, room)
    provider.provider.setAwarenessField('cursor', cursor)
    await provider.settled()
    return provider
  }

  test('comes, moves and goes, whichever node somebody is on', async () => {
    const room = newRoom()
    using ada = await enter(one, room, 1)
    const ben = await enter(two, room, 2)
    await shows(ada, ben, 2)
    await shows(ben, ada, 1)
    ben.provider.setAwarenessField('cursor', 3)
    await shows(ada, ben, 3)
    ben[Symbol.dispose]()
    await shows(ada, ben, null)
  })

  test('is shown alike to a y-websocket client, and shows it (G9)', async () => {
    const room = newRoom()
    using ada = await enter(one, room, 1)
    using yves = openYProvider(two.wsUrl, room, { token: await guest(two, 'Yves') })
    yves.provider.awareness.setLocalStateField('cursor', 2)
    const seenByYves = () => yves.provider.awareness.getStates().get(ada.document.clientID)
    await waitUntil(() => seenByYves()?.cursor === 1, { about: 'Ada' })
    await shows(ada, yves, 2)
    expect(stateOf(ada, yves)?.user).toMatchObject({ name: 'Yves' })
    yves[Symbol.dispose]()
    await shows(ada, yves, null)
  })

  test('of a node that is killed is gone', async () => {
    const room = newRoom()
    using ada = await enter(one, room, 1)
    using ben = await enter(two, room, 2)
    await shows(ada, ben, 2)
    await two.kill()
    await shows(ada, ben, null)
    expect(await people(one, room, await guest(one, 'Eva'))).toHaveLength(1)
    await two.restart()
    await shows(ada, ben, 2, 30_000)
    await shows(ben, ada, 1)
  })

  test('of a node that stands still is gone, and back when it goes on', async () => {
    const room = newRoom()
    using ada = await enter(one, room, 1)
    using ben = await enter(two, room, 2)
    await shows(ada, ben, 2)
    two.pause()
    await shows(ada, ben, null)
    two.resume()
    await shows(ada, ben, 2)
    await shows(ben, ada, 1)
  })

  test('is true again after Redis was away, wiped, and silent (G3)', async () => {
    const room = newRoom()
    using ada = await enter(one, room, 1)
    using ben = await enter(two, room, 2)
    await shows(ada, ben, 2)
    await redis.stop()
    ben.provider.setAwarenessField('cursor', 4)
    await shows(ada, ben, null)
    await redis.restart()
    await shows(ada, ben, 4, 20_000)
    redis.pause()
    await shows(ada, ben, null)
    const cleo = await enter(two, room, 5)
    cleo[Symbol.dispose]()
    redis.resume()
    await shows(ada, ben, 4, 20_000)
    await waitUntil(async () => (await people(one, room, await guest(one, 'Eva'))).length === 2, {
      about: 'Ada and Ben to be all'
    })
    expect(stateOf(ada, cleo)).toBeUndefined()
  })

  test('over HTTP is one device, whichever node it is said to', async () => {
    const room = newRoom()
    using ada = await enter(one, room, 1)
    const token = await guest(one, 'Wall')
    const shownCursor = (id: number) => ada.provider.awareness?.getStates().get(id)?.cursor
    for (const [turn, node] of [two, one, two].entries()) {
      const id = await put(node, room, token, turn)
      await waitUntil(() => shownCursor(id) === turn, { about: `what was said in turn ${turn}` })
      const found = await waitUntil(
        async () => (await people(one, room, token)).find(({ user }) => user.name === 'Wall'),
        { about: 'the device' }
      )
      expect(found.devices).toMatchObject([{ device: 'wall', via: 'http' }])
    }
    // It was said to the other node last.
    const path = roomPath(room, '/presence?device=wall')
    expect((await callServer(one.url, path, { method: 'DELETE', token })).status).toBe(204)
    await waitUntil(async () => (await people(two, room, token)).length === 1, {
      about: 'the device to be gone'
    })
    await waitUntil(() => ada.provider.awareness?.getStates().size === 1, { about: 'Ada to be alone' })
  })

  test('is told by a node where the room is not open', async () => {
    const room = newRoom()
    using ada = await enter(one, room, 1)
    const token = await guest(two, 'Eva')
    await waitUntil(async () => (await people(two, room, token)).length === 1, { about: 'Ada' })
    expect(await people(two, room, token)).toMatchObject([
      { devices: [{ device: null, via: 'socket', state: { cursor: 1 } }] }
    ])
    ada[Symbol.dispose]()
    await waitUntil(async () => (await people(two, room, token)).length === 0, { about: 'nobody' })
  })
})
