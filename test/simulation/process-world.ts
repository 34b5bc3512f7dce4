/**
 * The real form: each node is a process, with a proxy before its Postgres, and links to its clients and to Redis.
 *
 *   clients ──link──▶ node ──proxy──▶ Postgres
 *                      └─────link──▶ Redis ◀── the other nodes
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { pino } from 'pino'
import { openDatabase } from '../../server/database/open-database.ts'
import { callServer } from '../support/http.ts'
import { type Postgres, startPostgres } from '../support/postgres.ts'
import { type PostgresProxy, startPostgresProxy } from '../support/postgres-proxy.ts'
import { type Redis, startRedis } from '../support/redis.ts'
import { type ServerProcess, startServer } from '../support/server.ts'
import { authSecret } from '../support/tokens.ts'
import { failDatabase, healDatabase } from './fail-database.ts'
import { type Link, startLink } from './link.ts'
import type { DatabaseFault } from './step.ts'
import { readStoredLog } from './stored-log.ts'
import { operatorToken } from './tokens.ts'
import type { SimulatedNode, World } from './world.ts'

const msPerTick = 20

const settings = {
  AUTH_SECRET: authSecret,
  LOG_LEVEL: 'error',
  ROOMLOG_COMMIT_TIMEOUT_MS: '2000',
  ROOMLOG_SHUTDOWN_TIMEOUT_MS: '5000',
  // So low that the floods of a story reach it.
  ROOMLOG_SESSION_BACKLOG_BYTES_MAX: '1MiB',
  ROOMLOG_BACKLOG_BYTES_MAX: '8MiB',
  NODE_OPTIONS: `--import=${new URL('../support/gc-on-signal.ts', import.meta.url).href}`
}

export const openProcessWorld = async (count: number): Promise<World> => {
  const [postgres, redis] = await Promise.all([startPostgres(), startRedis()])
  const nodes: ProcessNode[] = []
  for (let index = 0; index < count; index++) nodes.push(await ProcessNode.start(postgres, redis))
  const logger = pino({ level: 'silent' })
  const database = await openDatabase({ url: postgres.url, dataDir: null, logger, poolMax: 2 })
  const failing = { postgres: async () => {}, redis: async () => {} }
  const healPostgres = async (): Promise<void> => {
    await failing.postgres()
    failing.postgres = async () => {}
  }
  return {
    nodes,
    wait: (ticks) => sleep(ticks * msPerTick),
    failBus: () => {
      throw new RangeError('Redis itself loses nothing that it carries: let a node be parted from it')
    },
    failPostgres: async (how) => {
      await healPostgres()
      for (const node of nodes) node.disturb()
      failing.postgres = await fail(postgres, how)
    },
    failRedis: async (how) => {
      await failing.redis()
      failing.redis = await failRedis(redis, how)
    },
    healPostgres,
    heal: async () => {
      await healPostgres()
      await failing.redis()
      failing.redis = async () => {}
    },
    readLog: (room) => readStoredLog(database, room),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(nodes.map((node) => node.end()))
      await database.close()
      await redis[Symbol.asyncDispose]()
      await postgres.remove()
    }
  }
}

/** Returns what ends it. */
const fail = async (postgres: Postgres, how: 'kill' | 'stop' | 'pause'): Promise<() => Promise<void>> => {
  if (how === 'pause') {
    postgres.pause()
    return async () => postgres.resume()
  }
  await (how === 'kill' ? postgres.kill() : postgres.stop())
  return () => postgres.restart()
}

const failRedis = async (redis: Redis, how: 'kill' | 'pause' | 'wipe'): Promise<() => Promise<void>> => {
  if (how === 'pause') {
    redis.pause()
    return async () => redis.resume()
  }
  if (how === 'wipe') {
    await redis.restart()
    return async () => {}
  }
  await redis.kill()
  return () => redis.restart()
}

interface Ways {
  readonly proxy: PostgresProxy
  readonly toRedis: Link
  readonly toClients: Link
}

class ProcessNode implements SimulatedNode {
  readonly #server: ServerProcess
  readonly #ways: Ways
  #isUp = true
  #isDisturbed = false
  #hasSilence = false
  #complaints: string[] = []
  readonly #read = new Set<string>()

  private constructor(server: ServerProcess, ways: Ways) {
    this.#server = server
    this.#ways = ways
  }

  static async start(postgres: Postgres, redis: Redis): Promise<ProcessNode> {
    const port: { of: number | null } = { of: null }
    const ways = {
      proxy: await startPostgresProxy(postgres.url),
      toRedis: await startLink(() => redis.port),
      toClients: await startLink(() => port.of)
    }
    const env = { ...settings, REDIS_URL: `redis://127.0.0.1:${ways.toRedis.port}` }
    const server = await startServer({ databaseUrl: ways.proxy.url, env })
    port.of = server.port
    return new ProcessNode(server, ways)
  }

  get address() {
    if (!this.#isUp) return null
    return { url: this.#server.url, wsUrl: `ws://127.0.0.1:${this.#ways.toClients.port}` }
  }

  /** What it had given to the network still arrives. */
  crash(): void {
    this.#takeNote()
    this.#isUp = false
    void this.#server.kill()
  }

  async restart(): Promise<void> {
    if (!this.#isUp) return
    this.#isUp = false
    const code = await this.#server.stop()
    this.#takeNote()
    if (this.#isDisturbed) return
    if (code !== 0) this.#complaints.push(`it was asked to stop and ended with ${code}`)
    await this.#startAgain()
  }

  stall(): void {
    if (this.#isUp) this.#server.pause()
  }

  silence(): void {
    this.#ways.toClients.silence()
  }

  partition(): void {
    this.#ways.toRedis.silence()
  }

  /** Until it is healed, its database is a reason for much. */
  disturb(): void {
    this.#isDisturbed = true
  }

  failDatabase(fault: DatabaseFault, times: number): void {
    failDatabase(this.#ways.proxy, fault, times)
    this.disturb()
    this.#hasSilence ||= fault === 'silence'
  }

  async heal(): Promise<void> {
    const { proxy, toRedis, toClients } = this.#ways
    healDatabase(proxy, this.#hasSilence)
    toRedis.heal()
    toClients.heal()
    this.#hasSilence = false
    this.#isDisturbed = false
    if (this.#isUp) this.#server.resume()
    else await this.#startAgain()
  }

  takeComplaints(): readonly string[] {
    this.#takeNote()
    return this.#complaints.splice(0)
  }

  /** It has forgotten what it can when it answers. */
  async readMemoryBytes(): Promise<number> {
    process.kill(this.#server.pid, 'SIGUSR2')
    const answer = await callServer(this.#server.url, '/api/stats', { token: await operatorToken() })
    const { memory }: { readonly memory: { readonly rssBytes: number } } = await answer.json()
    return memory.rssBytes
  }

  async end(): Promise<void> {
    await this.#server.kill()
    const { proxy, toRedis, toClients } = this.#ways
    await proxy.close()
    await toRedis[Symbol.asyncDispose]()
    await toClients[Symbol.asyncDispose]()
  }

  async #startAgain(): Promise<void> {
    try {
      await this.#server.restart()
      this.#isUp = true
    } catch (error) {
      // Without its database it does not start; when that is back, it must.
      if (!this.#isDisturbed) this.#complaints.push(String(error))
    }
  }

  #takeNote(): void {
    const ending = this.#server.ending()
    if (ending !== undefined && this.#isUp)
      this.#complaints.push(`it ended by itself, with ${ending.signal ?? ending.code}`)
    for (const line of this.#server.stderr().split('\n')) {
      if (!/"level":"(error|fatal)"/.test(line) || this.#read.has(line)) continue
      this.#read.add(line)
      // Whoever is stopped while its database fails says what it could not write.
      if (!(this.#isDisturbed && line.includes('stopped with entries'))) this.#complaints.push(line)
    }
  }
}
