/** The bus between processes, on every kind of Redis: what one node publishes, another hears, and both notice what they miss. */
import { afterEach, describe, expect, test } from 'vitest'
import type { Bus } from '../server/cluster/bus.ts'
import { parseRedisUrl } from '../server/cluster/redis-address.ts'
import { createRedisBus } from '../server/cluster/redis-bus.ts'
import { createDatabase } from './support/database.ts'
import { silent } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { startRedis } from './support/redis.ts'
import { startRedisCluster } from './support/redis-cluster.ts'
import { startEncryptedRedis } from './support/redis-encrypted.ts'
import { startWatchedRedis } from './support/redis-sentinel.ts'
import { startServer } from './support/server.ts'
import { waitUntil } from './support/wait-until.ts'

const open: Bus[] = []
afterEach(async () => {
  await Promise.all(open.splice(0).map((bus) => bus.close()))
})

const counts = { sent: 0, dropped: 0, received: 0 }

const connect = async (url: string): Promise<Bus> => {
  const address = parseRedisUrl(url)
  if (address === null) throw new Error(`${url} is no URL of a Redis`)
  const bus = createRedisBus({ address, logger: silent, counted: (what) => counts[what]++ })
  open.push(bus)
  await waitUntil(() => bus.isUp, { about: `a bus over ${url} to be up`, timeoutMs: 20_000 })
  return bus
}

/** Says something again and again until it is heard: what comes first may be lost. */
const isHeard = async (from: Bus, to: Bus, channel: string): Promise<void> => {
  const heard: string[] = []
  const subscription = to.subscribe(channel, (message) => heard.push(Buffer.from(message).toString()))
  await subscription.ready
  await waitUntil(
    () => {
      from.publish(channel, Buffer.from(`to ${channel}`))
      return heard.includes(`to ${channel}`)
    },
    { about: `a message on ${channel}`, everyMs: 30, timeoutMs: 20_000 }
  )
  subscription.end()
}

const channels = Array.from({ length: 12 }, (_, index) => `room/document/${index}`)

describe.skipIf(missing('redis'))('G3: the bus', () => {
  test('carries messages over one Redis with a password, and not with another one', async () => {
    await using redis = await startRedis('--requirepass', 'pass word')
    const url = redis.url.replace('redis://', 'redis://:pass%20word@')
    const [a, b] = [await connect(url), await connect(url)]
    for (const channel of channels) await isHeard(a, b, channel)
    const address = parseRedisUrl(redis.url.replace('redis://', 'redis://:wrong@'))
    if (address === null) throw new Error('no address')
    const stranger = createRedisBus({ address, logger: silent, counted: () => {} })
    open.push(stranger)
    await isHeard(b, a, 'nodes')
    expect(stranger.isUp).toBe(false)
  })

  test('carries messages over a Redis Cluster, whichever node has the channel', async () => {
    await using cluster = await startRedisCluster()
    const [a, b] = [await connect(cluster.url), await connect(cluster.urlOfOne)]
    for (const channel of channels) await isHeard(a, b, channel)
    for (const channel of channels) await isHeard(b, a, channel)
  })

  test('says when something may have been missed, and hears again', async () => {
    await using redis = await startRedis()
    const [a, b] = [await connect(redis.url), await connect(redis.url)]
    let missed = 0
    b.onMissed(() => missed++)
    const heard: string[] = []
    await b.subscribe('room/document/kept', (message) => heard.push(Buffer.from(message).toString())).ready
    await redis.kill()
    await waitUntil(() => !a.isUp && !b.isUp, { about: 'both to notice' })
    a.publish('room/document/kept', Buffer.from('lost'))
    await redis.restart()
    await waitUntil(() => missed > 0 && a.isUp, { about: 'both to be back' })
    a.publish('room/document/kept', Buffer.from('after'))
    await waitUntil(() => heard.length > 0, { about: 'what was said after' })
    expect(heard).toEqual(['after'])
    expect(counts.dropped).toBeGreaterThan(0)
  })

  test('finds the master that a Sentinel names, and its successor when it fell', async () => {
    await using watched = await startWatchedRedis()
    const [a, b] = [await connect(watched.url), await connect(watched.urlWithoutName)]
    await isHeard(a, b, 'nodes')
    await watched.master.kill()
    await waitUntil(() => !a.isUp, { about: 'the fall to be noticed' })
    await waitUntil(() => a.isUp && b.isUp, { about: 'the successor to be found', timeoutMs: 30_000 })
    await isHeard(b, a, 'nodes')
  })

  test.skipIf(missing('postgres'))('is encrypted where the address says so', async () => {
    await using redis = await startEncryptedRedis()
    await using database = await createDatabase()
    const env = { REDIS_URL: redis.url, NODE_EXTRA_CA_CERTS: redis.certificate }
    await using server = await startServer({ env, databaseUrl: database.url })
    await waitUntil(() => server.stderr().includes('redis connected'), {
      about: 'the server to be connected'
    })
  })
})

describe('REDIS_URL', () => {
  test('names one server, a cluster or a Sentinel', () => {
    expect(parseRedisUrl('redis://localhost')).toMatchObject({
      mode: null,
      hosts: [{ host: 'localhost', port: 6379 }]
    })
    expect(parseRedisUrl('rediss://user:p%40ss@[::1]:7000/3')).toEqual({
      mode: null,
      hosts: [{ host: '::1', port: 7000 }],
      masterName: '',
      username: 'user',
      password: 'p@ss',
      db: 3,
      isEncrypted: true
    })
    expect(parseRedisUrl('redis://a:1,b:2,c')).toMatchObject({
      mode: 'cluster',
      hosts: [{ port: 1 }, { port: 2 }, { port: 6379 }]
    })
    expect(parseRedisUrl('redis+sentinel://a,b:2/main')).toMatchObject({
      mode: 'sentinel',
      masterName: 'main',
      hosts: [
        { host: 'a', port: 26_379 },
        { host: 'b', port: 2 }
      ]
    })
    for (const wrong of ['http://a', 'redis://', 'redis://a:b', 'redis://a/b', 'redis://a:70000', 'redis:a'])
      expect(parseRedisUrl(wrong), wrong).toBeNull()
  })
})
