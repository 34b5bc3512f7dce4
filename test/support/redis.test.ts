import { Redis as Client } from 'ioredis'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { missing } from './missing.ts'
import { type Redis, startRedis } from './redis.ts'
import { waitUntil } from './wait-until.ts'

describe.skipIf(missing('redis'))('a Redis of its own', () => {
  let redis: Redis
  beforeAll(async () => {
    redis = await startRedis()
  })
  afterAll(() => redis[Symbol.asyncDispose]())

  test('carries a message from one client to another', async () => {
    const listener = new Client(redis.url)
    const speaker = new Client(redis.url)
    const heard: string[] = []
    listener.on('message', (_channel, message) => heard.push(message))
    await listener.subscribe('room')
    await speaker.publish('room', 'hello')
    await waitUntil(() => heard.length, { about: 'the message' })
    expect(heard).toEqual(['hello'])
    listener.disconnect()
    speaker.disconnect()
  })

  test('comes back empty on its port after kill -9', async () => {
    const client = new Client(redis.url)
    await client.set('key', 'value')
    await redis.kill()
    await redis.restart()
    expect(await client.get('key')).toBeNull()
    client.disconnect()
  })

  test('answers nothing while it is paused, and all of it afterwards', async () => {
    const client = new Client(redis.url)
    await client.ping()
    redis.pause()
    const answer = client.ping()
    const hasty = new Client(redis.url, { commandTimeout: 200, enableReadyCheck: false })
    hasty.on('error', () => {})
    await expect(hasty.ping()).rejects.toThrow('Command timed out')
    redis.resume()
    expect(await answer).toBe('PONG')
    client.disconnect()
    hasty.disconnect()
  })
})
