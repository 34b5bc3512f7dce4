/** Whether the Redis that REDIS_URL names carries what nodes tell each other: asked as a node asks it. */
import { monotonic, now, randomId, sleep } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { RedisAddress, RedisMode } from './redis-address.ts'
import { createRedisBus } from './redis-bus.ts'
import { connectCluster, connectRedis, resolveAddress } from './redis-client.ts'

export interface RedisReport {
  readonly mode: RedisMode
  readonly version: string
  /** Of no consequence here, for nothing is kept there: told because people ask. */
  readonly evictionPolicy: string
  readonly clock: { readonly theirs: number; readonly from: number; readonly to: number }
  /** Milliseconds from publishing a message to receiving it; null: it did not come. */
  readonly roundTripMs: number | null
}

const answerMsMax = 3_000
const pollMs = 10

/** @throws Error where it cannot be asked */
export const checkRedis = async (address: RedisAddress, logger: Logger): Promise<RedisReport> => {
  const found = await resolveAddress(address, logger)
  const client = found.mode === 'cluster' ? connectCluster(found) : connectRedis(found)
  let fault: unknown = new Error(`no connection within ${answerMsMax} ms`)
  client.on('error', (error) => {
    fault = error
  })
  try {
    if (client.status !== 'ready' && (await within(answerMsMax, onceReady(client))) === null) throw fault
    const info = String(await client.call('INFO'))
    const from = now()
    const time: unknown = await client.call('TIME')
    const [seconds = 0, micros = 0] = Array.isArray(time) ? time.map(Number) : []
    return {
      mode: found.mode ?? 'standalone',
      version: /redis_version:(\S+)/.exec(info)?.[1] ?? 'unknown',
      evictionPolicy: /maxmemory_policy:(\S+)/.exec(info)?.[1] ?? 'unknown',
      clock: { theirs: seconds * 1_000 + micros / 1_000, from, to: now() },
      roundTripMs: await roundTrip(found, logger)
    }
  } finally {
    client.disconnect()
  }
}

const onceReady = (client: { once(event: 'ready', listener: () => void): unknown }): Promise<true> =>
  new Promise((resolve) => client.once('ready', () => resolve(true)))

/** On the bus itself: what a node would hear. */
const roundTrip = async (address: RedisAddress, logger: Logger): Promise<number | null> => {
  const bus = createRedisBus({ address, logger, counted: () => {} })
  try {
    const channel = `doctor/${randomId()}`
    const heard = Promise.withResolvers<number>()
    bus.subscribe(channel, () => heard.resolve(monotonic()))
    for (const deadline = monotonic() + answerMsMax; !bus.isUp && monotonic() < deadline; )
      await sleep(pollMs)
    const began = monotonic()
    bus.publish(channel, Buffer.from('?'))
    const at = await within(answerMsMax, heard.promise)
    return at === null ? null : at - began
  } finally {
    await bus.close()
  }
}

const within = async <T>(ms: number, promise: Promise<T>): Promise<T | null> => {
  const timer = new AbortController()
  try {
    return await Promise.race([promise, sleep(ms, timer.signal).then(() => null)])
  } finally {
    timer.abort()
  }
}
