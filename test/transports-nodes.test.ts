/** Every protocol on several nodes, behind a load balancer that keeps nobody with one of them. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { enter, leaveRoomsAfterTests, ready, title } from './support/client-rooms.ts'
import { createDatabase, type TestDatabase } from './support/database.ts'
import { missing } from './support/missing.ts'
import { type Redis, startRedis } from './support/redis.ts'
import { readEntries } from './support/room-over-http.ts'
import { type ServerProcess, startServer } from './support/server.ts'
import { openProvider } from './support/stock-provider.ts'
import { waitUntil } from './support/wait-until.ts'
import { startWebProxy, type WebProxy } from './support/web-proxy.ts'
import { openYProvider } from './support/y-provider.ts'

leaveRoomsAfterTests()

describe.skipIf(missing('postgres') || missing('redis'))('on two nodes', { timeout: 120_000 }, () => {
  let database: TestDatabase
  let redis: Redis
  let nodes: [ServerProcess, ServerProcess]
  let balancer: WebProxy
  beforeAll(async () => {
    database = await createDatabase()
    redis = await startRedis()
    const env = { REDIS_URL: redis.url, LOG_LEVEL: 'warn', ROOMLOG_HEARTBEAT_MS: '300' }
    const start = () => startServer({ databaseUrl: database.url, env })
    nodes = await Promise.all([start(), start()])
    balancer = await startWebProxy(...nodes)
  })
  afterAll(async () => {
    await balancer[Symbol.asyncDispose]()
    await Promise.all(nodes.map((node) => node.stop()))
    await redis[Symbol.asyncDispose]()
    await database.drop()
  })

  test.each([
    ['an event stream', false],
    ['short answers', true]
  ])(
    'what is posted over %s to the node that does not have the session is taken by the one that has',
    async (_, isBuffering) => {
      balancer.isBuffering = isBuffering
      const id = `balanced-${isBuffering}`
      const ada = enter(balancer, id, undefined, 'stream')
      await ready(ada.room)
      const [left, right] = nodes.map((node) => enter(node, id))
      for (let round = 1; round <= 5; round++) {
        ada.room.storage.title.replace(`round ${round}`)
        await ada.room.flush()
      }
      for (const other of [left, right]) if (other !== undefined) await title(other.room, 'round 5')
      const entries = await readEntries(nodes[0].url, `form/${id}`)
      expect(entries.map(({ seq }) => seq)).toEqual(entries.map((_, index) => index + 1))
      expect(ada.errors).toEqual([])
      expect(
        balancer.requests.filter((request) => request.startsWith('POST /stream/')).length
      ).toBeGreaterThan(5)
    }
  )

  test('of which one is killed, the session is opened again on the other', async () => {
    balancer.isBuffering = false
    const ada = enter(balancer, 'killed-node', undefined, 'stream')
    await ready(ada.room)
    await nodes[1].kill()
    ada.room.storage.title.replace('still here')
    const flushed = ada.room.flush()
    await nodes[1].restart()
    await flushed
    const ben = enter(nodes[0], 'killed-node')
    await title(ben.room, 'still here')
  })

  test('G9: y-websocket on one and Hocuspocus on the other edit together', async () => {
    using ada = openYProvider(nodes[0].wsUrl, 'document/mixed')
    using ben = openProvider(nodes[1].wsUrl, 'document/mixed')
    ada.document.getText('t').insert(0, 'from y-websocket')
    await waitUntil(() => ben.document.getText('t').toString() === 'from y-websocket', {
      about: 'it on the other node'
    })
    ben.document.getText('t').insert(0, 'and back ')
    await ben.settled()
    await waitUntil(() => ada.document.getText('t').toString() === 'and back from y-websocket', {
      about: 'it back'
    })
  })
})
