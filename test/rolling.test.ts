/**
 * Both nodes are replaced, one after the other, behind a load balancer that asks who is ready, while people write and read:
 * with stock providers, which are told nothing but to come back.
 *
 * ROOMLOG_TEST_WRITERS and ROOMLOG_TEST_READERS say how many there are; a soak has 200 and 2000.
 */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { percentilesOf } from '../bench/load/percentiles.ts'
import { type Link, startLink } from './simulation/link.ts'
import { createDatabase, type TestDatabase } from './support/database.ts'
import { callServer } from './support/http.ts'
import { auditLog } from './support/log-audit.ts'
import { missing } from './support/missing.ts'
import { type Redis, startRedis } from './support/redis.ts'
import { readEntries } from './support/room-over-http.ts'
import { type ServerProcess, startServer } from './support/server.ts'
import { openProvider, type StockProvider } from './support/stock-provider.ts'
import { waitUntil } from './support/wait-until.ts'

const writers = Number(process.env.ROOMLOG_TEST_WRITERS ?? 10)
const readers = Number(process.env.ROOMLOG_TEST_READERS ?? 40)
const timeout = 120_000 + (writers + readers) * 200
const lookEveryMs = 200
const typeEveryMs = 500
/** Everybody on one computer: not all of them at the same moment. */
const arrivalsAtOnce = 50

/** Somebody who types, and how long it took until each letter was said to be saved. */
class Writer {
  readonly room: string
  readonly ms: number[] = []
  readonly #provider: StockProvider
  #letters = 0
  #since: number | null = null

  constructor(room: string, provider: StockProvider) {
    this.room = room
    this.#provider = provider
    provider.provider.on('unsyncedChanges', ({ number }: { readonly number: number }) => {
      if (number > 0 || this.#since === null) return
      this.ms.push(performance.now() - this.#since)
      this.#since = null
    })
  }

  get text(): string {
    return this.#provider.document.getText('text').toString()
  }

  type(): void {
    this.#since ??= performance.now()
    this.#provider.document.getText('text').insert(this.#letters, `${this.#letters++ % 10}`)
  }
}

describe.skipIf(missing('postgres') || missing('redis'))('G1, G2: a rolling replacement', () => {
  let database: TestDatabase
  let redis: Redis
  let nodes: ServerProcess[]
  let balancer: Link
  const ready = new Set<ServerProcess>()
  const errors: string[] = []
  const providers = new DisposableStack()
  let turn = 0
  let looking: NodeJS.Timeout

  const look = async (node: ServerProcess): Promise<void> => {
    const answer = await callServer(node.url, '/readyz').catch(() => null)
    if (answer?.ok) ready.add(node)
    else ready.delete(node)
  }
  const nextPort = (): number | null => [...ready][turn++ % ready.size]?.port ?? null

  const enter = (room: string): StockProvider => {
    const one = providers.use(openProvider(`ws://127.0.0.1:${balancer.port}`, room))
    one.provider.on('authenticationFailed', ({ reason }: { readonly reason: string }) => errors.push(reason))
    one.provider.on('stateless', ({ payload }: { readonly payload: string }) => {
      if (payload.includes('"refused"')) errors.push(payload)
    })
    return one
  }
  const enterAll = async (rooms: readonly string[]): Promise<StockProvider[]> => {
    const all: StockProvider[] = []
    for (let from = 0; from < rooms.length; from += arrivalsAtOnce) {
      const some = rooms.slice(from, from + arrivalsAtOnce).map(enter)
      await Promise.all(some.map((one) => one.settled(60_000)))
      all.push(...some)
    }
    return all
  }

  beforeAll(async () => {
    database = await createDatabase()
    redis = await startRedis()
    const env = {
      REDIS_URL: redis.url,
      LOG_LEVEL: 'warn',
      ROOMLOG_HEARTBEAT_MS: '500',
      ROOMLOG_DRAIN_GRACE_MS: '1000',
      ROOMLOG_SESSIONS_PER_ADDRESS_MAX: '10000'
    }
    const start = () => startServer({ databaseUrl: database.url, env })
    nodes = await Promise.all([start(), start()])
    await Promise.all(nodes.map(look))
    looking = setInterval(() => nodes.forEach((node) => void look(node)), lookEveryMs)
    balancer = await startLink(nextPort)
  })
  afterAll(async () => {
    providers.dispose()
    clearInterval(looking)
    await balancer[Symbol.asyncDispose]()
    await Promise.all(nodes.map((node) => node.stop()))
    await redis[Symbol.asyncDispose]()
    await database.drop()
  })

  test(`is not seen by ${writers} who write and ${readers} who read`, { timeout }, async () => {
    const rooms = Array.from({ length: writers }, (_, index) => `document/rolling-${index}`)
    const all = (await enterAll(rooms)).map((one, index) => new Writer(rooms[index] ?? '', one))
    const reading = Array.from({ length: readers }, (_, index) => rooms[index % writers] ?? '')
    const shown = await enterAll(reading)
    const typing = setInterval(() => {
      for (const writer of all) writer.type()
    }, typeEveryMs)
    try {
      for (const node of nodes) {
        expect(await node.stop()).toBe(0)
        await node.restart()
        await waitUntil(() => ready.size === nodes.length, { about: 'both to be ready', timeoutMs: 20_000 })
      }
    } finally {
      clearInterval(typing)
    }

    const textIn = new Map(all.map(({ room, text }) => [room, text]))
    for (const [index, one] of shown.entries()) {
      await waitUntil(() => one.document.getText('text').toString() === textIn.get(reading[index] ?? ''), {
        about: `reader ${index} to have all of ${reading[index]}`,
        timeoutMs: 60_000
      })
      await one.settled()
    }
    for (const { room, text } of all) {
      const log = auditLog(await readEntries(nodes[0]?.url ?? '', room))
      expect(log.document.getText('text').toString(), room).toBe(text)
    }
    expect(errors).toEqual([])
    const { p50, p99 } = percentilesOf(all.flatMap(({ ms }) => ms))
    const letters = [...textIn.values()].reduce((sum, { length }) => sum + length, 0)
    console.log(
      `both nodes replaced under ${writers} writers and ${readers} readers: ${letters} letters, 0 lost, ` +
        `acknowledged after ${p50?.toFixed(0)} ms (p50), ${p99?.toFixed(0)} ms (p99)`
    )
  })
})
