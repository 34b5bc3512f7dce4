/**
 * A TCP proxy before a Postgres that fails at a chosen moment of a chosen statement.
 *
 *   client ── request ──▶ proxy ── request ──▶ Postgres executes, commits
 *   client ◀── answer ─── proxy ◀── answer ────────┘
 *
 * `lose: 'request'`: Postgres never sees it. `lose: 'answer'`: executed, and nobody hears of it. `lose: 'client'`: the
 * client's side is cut as soon as Postgres has the statement, which it executes in its own time.
 */
import { connect, createServer, type Server, type Socket } from 'node:net'
import { setTimeout as sleep } from 'node:timers/promises'
import { createMessageReader, isFatal, type Message, refusalOf, textsOf } from './postgres-messages.ts'

export type Fault =
  /** `silently`: nothing is cut; the connection stays open, and nothing comes or goes on it any more. */
  | { readonly lose: 'request' | 'answer'; readonly silently?: boolean }
  | { readonly lose: 'client' }
  /** Postgres never sees it; this SQLSTATE is the answer. */
  | { readonly refuseWith: string }

export interface PostgresProxy extends AsyncDisposable {
  /** Of the database behind the proxy. */
  readonly url: string
  /** From now on, the next `times` statements that match fail so. Resolves when the last of them did. */
  fail(statements: RegExp, fault: Fault, times?: number): Promise<void>
  /** Ends what `fail` began. */
  heal(): void
  /** How late a request reaches Postgres. */
  delayMs: number
  /** Cuts all connections. */
  cut(): void
  /** Cuts all connections and takes no new ones, until `admit`. */
  refuse(): void
  admit(): void
  /** Half-open: all connections that are there stay open, and carry nothing any more. New ones work. */
  silence(): void
  close(): Promise<void>
}

interface Plan {
  readonly statements: RegExp
  readonly fault: Fault
  left: number
  readonly done: () => void
}

export const startPostgresProxy = async (databaseUrl: string): Promise<PostgresProxy> => {
  const target = new URL(databaseUrl)
  const connections = new Set<Connection>()
  let plans: Plan[] = []
  let isRefusing = false

  const takeFault = (text: string): Fault | null => {
    const plan = plans.find(({ statements, left }) => left > 0 && statements.test(text))
    if (plan === undefined) return null
    if (--plan.left === 0) plan.done()
    return plan.fault
  }
  const server = createServer((client) => {
    if (isRefusing) return void client.resetAndDestroy()
    const connection = new Connection(client, {
      address: { host: target.hostname, port: Number(target.port) },
      takeFault,
      delayMs: () => proxy.delayMs,
      onEnd: () => connections.delete(connection)
    })
    connections.add(connection)
  })
  const cut = (): void => {
    for (const connection of [...connections]) connection.cut()
  }
  const close = async (): Promise<void> => {
    isRefusing = true
    cut()
    await new Promise((resolve) => server.close(resolve))
  }
  const proxy: PostgresProxy = {
    url: urlThrough(databaseUrl, await listen(server)),
    delayMs: 0,
    fail: (statements, fault, times = 1) =>
      new Promise((done) => plans.push({ statements, fault, left: times, done })),
    heal: () => {
      plans = []
    },
    cut,
    refuse: () => {
      isRefusing = true
      cut()
    },
    admit: () => {
      isRefusing = false
    },
    silence: () => {
      for (const connection of connections) connection.silence()
    },
    close,
    [Symbol.asyncDispose]: close
  }
  return proxy
}

const listen = (server: Server): Promise<number> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(0, '127.0.0.1', () => {
      const address = server.address()
      if (address === null || typeof address === 'string') reject(new Error(`listens on ${address}`))
      else resolve(address.port)
    })
  })

const urlThrough = (databaseUrl: string, port: number): string => {
  const url = new URL(databaseUrl)
  url.hostname = '127.0.0.1'
  url.port = String(port)
  return url.href
}

interface ConnectionParts {
  readonly address: { readonly host: string; readonly port: number }
  takeFault(text: string): Fault | null
  delayMs(): number
  onEnd(): void
}

/** What happens to the answer of a request that was made. */
type Answer = { readonly as: 'it is' | 'cut' | 'silence' } | { readonly as: 'refused'; readonly code: string }

/** They wait for the end of their request. */
const inRequest = new Set(['P', 'B', 'D', 'E'])

class Connection {
  readonly #client: Socket
  readonly #server: Socket
  readonly #parts: ConnectionParts
  /** Prepared statements by their names. */
  readonly #prepared = new Map<string, string>()
  /** Of the requests that have no whole answer yet, oldest first; the first one is that of the login. */
  readonly #answers: Answer[] = [{ as: 'it is' }]
  #request: Buffer[] = []
  #text = ''
  #sent: Promise<unknown> = Promise.resolve()
  #isSilent = false

  constructor(client: Socket, parts: ConnectionParts) {
    this.#client = client
    this.#parts = parts
    this.#server = connect({ ...parts.address, noDelay: true })
    client.setNoDelay(true)
    const fromClient = createMessageReader(true, (message) => this.#fromClient(message))
    const fromServer = createMessageReader(false, (message) => this.#fromServer(message))
    client.on('data', fromClient)
    this.#server.on('data', fromServer)
    for (const socket of [client, this.#server]) {
      socket.on('error', () => this.cut())
      socket.on('close', () => this.#ended(socket))
    }
  }

  cut(): void {
    this.#client.resetAndDestroy()
    this.#server.destroy()
  }

  silence(): void {
    this.#isSilent = true
  }

  #ended(socket: Socket): void {
    // Where the client was cut on purpose, the server may finish.
    if (socket === this.#server) this.#client.destroy()
    else if (!this.#answers.some(({ as }) => as === 'cut')) this.#server.destroy()
    if (this.#client.destroyed && this.#server.destroyed) this.#parts.onEnd()
  }

  #fromClient(message: Message): void {
    if (this.#isSilent) return
    const { type, bytes } = message
    this.#request.push(bytes)
    if (type === 'P') {
      const [name = '', text = ''] = textsOf(message, 2)
      this.#prepared.set(name, text)
      this.#text = text
    } else if (type === 'B') this.#text = this.#prepared.get(textsOf(message, 2)[1] ?? '') ?? ''
    else if (type === 'Q') this.#text = textsOf(message, 1)[0] ?? ''
    if (type === 'Q' || type === 'S') this.#decide(this.#text)
    else if (!inRequest.has(type)) this.#forward()
  }

  #decide(text: string): void {
    const fault = this.#parts.takeFault(text)
    if (fault === null) return this.#forward({ as: 'it is' })
    if ('refuseWith' in fault) {
      this.#request = []
      this.#answers.push({ as: 'refused', code: fault.refuseWith })
      return this.#refuse()
    }
    if (fault.lose === 'client') {
      this.#forward({ as: 'cut' })
      void this.#sent.then(() => this.#client.resetAndDestroy())
    } else if (fault.lose === 'answer') this.#forward({ as: fault.silently ? 'silence' : 'cut' })
    else if (fault.silently) this.silence()
    else this.cut()
  }

  #forward(answer?: Answer): void {
    const bytes = Buffer.concat(this.#request)
    this.#request = []
    if (answer !== undefined) this.#answers.push(answer)
    const delayMs = this.#parts.delayMs()
    this.#sent = this.#sent.then(async () => {
      if (delayMs > 0) await sleep(delayMs)
      if (!this.#server.destroyed) this.#server.write(bytes)
    })
  }

  #fromServer({ type, bytes }: Message): void {
    const [answer] = this.#answers
    // Some messages belong to no request: notices, changed settings.
    if (answer?.as !== 'cut' && answer?.as !== 'silence') this.#tell(bytes)
    if (type !== 'Z') return
    this.#answers.shift()
    if (answer?.as === 'cut') this.cut()
    else if (answer?.as === 'silence') this.silence()
    else this.#refuse()
  }

  /** In its turn: behind the answers to what was asked before. */
  #refuse(): void {
    const [answer] = this.#answers
    if (answer?.as !== 'refused') return
    this.#answers.shift()
    this.#tell(refusalOf(answer.code))
    if (isFatal(answer.code)) this.#client.end()
    else this.#refuse()
  }

  #tell(bytes: Buffer): void {
    if (!this.#isSilent && !this.#client.destroyed) this.#client.write(bytes)
  }
}
