/**
 * A node in this process, behind a proxy of its own to Postgres.
 *
 * A process cannot kill a part of itself. A crash is made of what others can see of one: in one step of the program the
 * node loses its way to Postgres and to the other nodes, and its clients lose their sockets, so that nothing which it
 * had in hand gets out any more. What is left of it is stopped behind closed doors.
 */
import type { Bus } from '../../server/cluster/bus.ts'
import { readConfig } from '../../server/config.ts'
import { createLogger } from '../../server/logger.ts'
import { type Node, start } from '../../server/start.ts'
import { type PostgresProxy, startPostgresProxy } from '../support/postgres-proxy.ts'
import { authSecret } from '../support/tokens.ts'
import type { BusWeather } from './bus-weather.ts'
import { failDatabase, healDatabase } from './fail-database.ts'
import type { DatabaseFault } from './step.ts'
import type { SimulatedNode } from './world.ts'

const settings = {
  PORT: '0',
  AUTH_SECRET: authSecret,
  ROOMLOG_POOL_MAX: '3',
  ROOMLOG_COMMIT_TIMEOUT_MS: '400',
  ROOMLOG_SHUTDOWN_TIMEOUT_MS: '1000',
  ROOMLOG_HEARTBEAT_MS: '250',
  ROOMLOG_HEADS_CHECK_MS: '150'
}

/** From a start to a crash or an end. */
interface Life {
  readonly node: Node
  readonly proxy: PostgresProxy
  readonly bus: Bus
  /** On the bus. */
  readonly number: number
}

export class InProcessNode implements SimulatedNode {
  readonly #databaseUrl: string
  readonly #weather: BusWeather
  #life: Life | null = null
  #hasSilence = false
  #complaints: string[] = []
  /** What is left of lives that ended in a crash. */
  readonly #remains: Promise<unknown>[] = []

  private constructor(databaseUrl: string, weather: BusWeather) {
    this.#databaseUrl = databaseUrl
    this.#weather = weather
  }

  static async start(databaseUrl: string, weather: BusWeather): Promise<InProcessNode> {
    const node = new InProcessNode(databaseUrl, weather)
    await node.#start()
    return node
  }

  get address() {
    const url = this.#life?.node.url
    return url === undefined ? null : { url, wsUrl: url.replace('http', 'ws') }
  }

  crash(losesClients: () => void): void {
    if (this.#life === null) return
    const { node, proxy, bus } = this.#life
    proxy.refuse()
    void bus.close()
    losesClients()
    this.#life = null
    this.#remains.push(node.stop().then(() => proxy.close()))
  }

  async restart(): Promise<void> {
    if (this.#life === null) return
    const { node, proxy } = this.#life
    this.#life = null
    await node.stop()
    await proxy.close()
    await this.#start()
  }

  partition(): void {
    if (this.#life !== null) this.#weather.part(this.#life.number)
  }

  stall = notHere('a stalled node')
  silence = notHere('a silent network')

  failDatabase(fault: DatabaseFault, times: number): void {
    if (this.#life === null) return
    failDatabase(this.#life.proxy, fault, times)
    this.#hasSilence ||= fault === 'silence'
  }

  async heal(): Promise<void> {
    if (this.#life === null) await this.#start()
    else healDatabase(this.#life.proxy, this.#hasSilence)
    this.#hasSilence = false
  }

  takeComplaints(): readonly string[] {
    return this.#complaints.splice(0)
  }

  readMemoryBytes(): Promise<null> {
    return Promise.resolve(null)
  }

  async end(): Promise<void> {
    this.crash(() => {})
    await Promise.all(this.#remains)
  }

  async #start(): Promise<void> {
    const proxy = await startPostgresProxy(this.#databaseUrl)
    const { bus, number } = this.#weather.connect()
    const config = readConfig({ ...settings, DATABASE_URL: proxy.url })
    const logger = createLogger('error', { write: (line) => this.#complain(line, proxy) })
    this.#life = { node: await start({ config, logger, process, bus }), proxy, bus, number }
  }

  /** Those who are dead do not complain. */
  #complain(line: string, proxy: PostgresProxy): void {
    if (this.#life?.proxy === proxy) this.#complaints.push(line.trim())
  }
}

/** What only a process of its own can have. */
export const notHere = (fault: string) => (): never => {
  throw new RangeError(`there is no ${fault} within one process`)
}
