/**
 * The fast form: nodes in this process, each behind a proxy of its own to one Postgres. Clients are real sockets.
 *
 * A process cannot kill a part of itself. A crash is made of what others can see of one: in one step of the program the
 * node loses its way to Postgres and its clients lose their sockets, so that nothing which it had in hand gets out any
 * more. What is left of it is stopped behind closed doors.
 */
import { setImmediate } from 'node:timers/promises'
import { pino } from 'pino'
import { readConfig } from '../../server/config.ts'
import { openDatabase } from '../../server/database/open-database.ts'
import { createLogger } from '../../server/logger.ts'
import { type Node, start } from '../../server/start.ts'
import { type PostgresProxy, startPostgresProxy } from '../support/postgres-proxy.ts'
import { authSecret } from '../support/tokens.ts'
import { failDatabase, healDatabase } from './fail-database.ts'
import type { DatabaseFault } from './step.ts'
import { readStoredLog } from './stored-log.ts'
import type { SimulatedNode, World } from './world.ts'

/** So many turns of the event loop are a tick: about as long as a commit takes. */
const turnsPerTick = 3

const settings = {
  PORT: '0',
  AUTH_SECRET: authSecret,
  ROOMLOG_POOL_MAX: '3',
  ROOMLOG_COMMIT_TIMEOUT_MS: '400',
  ROOMLOG_SHUTDOWN_TIMEOUT_MS: '1000'
}

export const openInProcessWorld = async (databaseUrl: string, count: number): Promise<World> => {
  const nodes: InProcessNode[] = []
  for (let index = 0; index < count; index++) nodes.push(await InProcessNode.start(databaseUrl))
  const database = await openDatabase({
    url: databaseUrl,
    dataDir: null,
    logger: pino({ level: 'silent' }),
    poolMax: 2
  })
  return {
    nodes,
    wait: async (ticks) => {
      for (let turns = ticks * turnsPerTick; turns > 0; turns--) await setImmediate()
    },
    failBus: notHere('bus'),
    failPostgres: notHere('postgres'),
    failRedis: notHere('redis'),
    healPostgres: async () => {},
    heal: async () => {},
    readLog: (room) => readStoredLog(database, room),
    [Symbol.asyncDispose]: async () => {
      await Promise.all(nodes.map((node) => node.end()))
      await database.close()
    }
  }
}

/** What only a machine of its own can do. */
const notHere = (fault: string) => (): never => {
  throw new RangeError(`${fault} cannot fail within one process`)
}

interface Incarnation {
  readonly node: Node
  readonly proxy: PostgresProxy
}

class InProcessNode implements SimulatedNode {
  readonly #databaseUrl: string
  #current: Incarnation | null
  #hasSilence = false
  #complaints: string[] = []
  /** What is left of nodes that crashed. */
  readonly #remains: Promise<unknown>[] = []

  private constructor(databaseUrl: string) {
    this.#databaseUrl = databaseUrl
    this.#current = null
  }

  static async start(databaseUrl: string): Promise<InProcessNode> {
    const node = new InProcessNode(databaseUrl)
    node.#current = await node.#start()
    return node
  }

  get address() {
    const url = this.#current?.node.url
    return url === undefined ? null : { url, wsUrl: url.replace('http', 'ws') }
  }

  crash(losesClients: () => void): void {
    if (this.#current === null) return
    const { node, proxy } = this.#current
    this.#current = null
    proxy.refuse()
    losesClients()
    this.#remains.push(node.stop().then(() => proxy.close()))
  }

  async restart(): Promise<void> {
    if (this.#current === null) return
    const { node, proxy } = this.#current
    this.#current = null
    await node.stop()
    await proxy.close()
    this.#current = await this.#start()
  }

  stall = notHere('a stalled node')
  silence = notHere('a silent network')
  partition = notHere('the network between nodes')

  failDatabase(fault: DatabaseFault, times: number): void {
    if (this.#current === null) return
    failDatabase(this.#current.proxy, fault, times)
    this.#hasSilence ||= fault === 'silence'
  }

  async heal(): Promise<void> {
    if (this.#current === null) this.#current = await this.#start()
    healDatabase(this.#current.proxy, this.#hasSilence)
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

  async #start(): Promise<Incarnation> {
    const proxy = await startPostgresProxy(this.#databaseUrl)
    const config = readConfig({ ...settings, DATABASE_URL: proxy.url })
    const logger = createLogger('error', { write: (line) => this.#complain(line, proxy) })
    return { node: await start({ config, logger, process }), proxy }
  }

  /** Those who are dead do not complain. */
  #complain(line: string, proxy: PostgresProxy): void {
    if (this.#current?.proxy === proxy) this.#complaints.push(line.trim())
  }
}
