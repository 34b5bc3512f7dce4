import { Socket } from 'node:net'
import postgres from 'postgres'
import { sleep } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { fromByteaText, toByteaText } from './bytea.ts'
import { DatabaseError, type Transaction } from './database.ts'
import { createPending } from './pending.ts'
import { translateError } from './translate-error.ts'

/**
 * One connection to Postgres with one life: opened at once, and when it is lost never opened again. The driver would
 * connect again by itself; then the rest of a transaction, or a statement that was given up, could still run there.
 */
export interface Connection extends Transaction {
  isLost(): boolean
  /** Cuts it at once; what has no answer yet rejects with `reason`. */
  drop(reason: DatabaseError): void
  /** Ends it when its statements are answered, or after 5 s. */
  close(): Promise<void>
}

export interface ConnectionOptions {
  readonly url: string
  readonly logger: Logger
  readonly timeoutMs: number | undefined
  /** SQL that prepares the session, after our own. */
  readonly settings?: string
  /** How many failed since the last success: a list of hosts is tried from another one on each time. */
  readonly attempt: number
  /** How long to wait before connecting. */
  readonly delayMs: number
  readonly onOpen: () => void
  readonly onLost: (reason: DatabaseError) => void
}

const connectTimeoutSeconds = 5
const closeTimeoutMs = 5000
const keepAliveSeconds = 10

/**
 * - A role's or database's settings may neither change the form of results nor take durability away: with
 *   synchronous_commit off, a crash of Postgres would lose what it had called committed.
 * - A node that froze within a transaction must not lock rooms for ever, and a statement that we gave up must end.
 */
const sessionSettings = `
  set bytea_output = hex;
  set datestyle = iso;
  select set_config('synchronous_commit', 'on', false) where current_setting('synchronous_commit') = 'off';
  set idle_in_transaction_session_timeout = '60s';
  set client_connection_check_interval = '5s';`

export const openConnection = (options: ConnectionOptions): Connection => {
  const pending = createPending()
  let isLost = false

  const lose = (reason: DatabaseError) => {
    if (isLost) return
    isLost = true
    options.onLost(reason)
    pending.giveUp(reason)
  }
  const sockets = createSockets(options, () => isLost, lose)
  const drop = (reason: DatabaseError) => {
    lose(reason)
    sockets.destroy()
  }
  // Behind the driver's own rejections, which say why.
  const onClose = () =>
    queueMicrotask(() => lose(new DatabaseError('unavailable', 'the connection was closed')))

  const sql = postgres(...driverOptions(options, sockets.open, onClose))
  const run = <T>(start: () => PromiseLike<T>, timeoutMs?: number): Promise<T> => {
    if (isLost) return Promise.reject(new DatabaseError('unavailable', 'the connection is lost'))
    return pending.answerOf(start(), { timeoutMs, onTimeout: drop })
  }
  sql.unsafe(`${sessionSettings}${options.settings ?? ''}`).then(options.onOpen, (error: unknown) => {
    drop(translateError(error, 'unavailable'))
  })
  return {
    query: async (text, params = []) => {
      try {
        const answer = await run(() => sql.unsafe(text, [...params], extended), options.timeoutMs)
        return [...answer] as never // The caller names the row type of its statement; nothing here can check it.
      } catch (error) {
        if (isReadOnly(error)) drop(error)
        throw error
      }
    },
    exec: async (script) => {
      await run(() => sql.unsafe(script))
    },
    isLost: () => isLost,
    drop,
    close: async () => {
      if (isLost) return
      // The driver waits for what it has sent, not for what it still has to send.
      await pending.settled(closeTimeoutMs)
      await sql.end({ timeout: 1 })
      drop(new DatabaseError('unavailable', 'the connection was closed'))
    }
  }
}

/** `simple: false` is what makes the driver prepare a statement without parameters too; its types do not know it. */
const extended = { prepare: true, simple: false }

/** After a failover the old primary, or a name that still points to it, takes no writes: only a new connection may. */
const isReadOnly = (error: unknown): error is DatabaseError =>
  error instanceof DatabaseError && error.code === '25006'

interface Sockets {
  open(target: Target): Promise<Socket>
  destroy(): void
}

interface Target {
  readonly path: string | false
  readonly host: readonly string[]
  readonly port: readonly number[]
}

/** What the driver connects with: each host of a list once, until one of them answers, and nothing after that. */
const createSockets = (
  { delayMs, attempt }: ConnectionOptions,
  isLost: () => boolean,
  onNone: (reason: DatabaseError) => void
): Sockets => {
  let dials = 0
  let socket: Socket | undefined
  let refusal: unknown
  return {
    open: async ({ path, host, port }) => {
      if (dials === 0) await sleep(delayMs)
      if (!isLost() && dials < host.length) {
        const at = (attempt + dials) % host.length
        dials += 1
        socket = dial(path ? { path } : { host: host[at] ?? 'localhost', port: port[at] ?? 5432 })
        socket.once('error', (error) => {
          refusal = error
        })
        return socket
      }
      onNone(translateError(refusal ?? new Error(`no use of ${host.join(', ')}`), 'unavailable'))
      // What the driver still wants to run was given up: it must never connect.
      return new Promise(() => {})
    },
    destroy: () => socket?.destroy()
  }
}

const dial = (address: { path: string } | { host: string; port: number }): Socket => {
  const socket = new Socket()
  socket.setNoDelay(true)
  // The driver listens only when it has the socket, and would miss an error that comes at once.
  setImmediate(() => {
    if (!socket.destroyed) socket.connect(address)
  })
  // The driver looks here for the name to verify a certificate by.
  return Object.assign(socket, 'host' in address ? address : {})
}

const driverOptions = (
  { url, logger }: ConnectionOptions,
  socket: (target: Target) => Promise<Socket>,
  onclose: () => void
) => {
  const { driverUrl, ...address } = readAddress(url)
  const options = {
    ...address,
    socket,
    onclose,
    onnotice: ({ message }: postgres.Notice) => logger.debug({ notice: message }, 'database notice'),
    types,
    max: 1,
    fetch_types: false,
    connection: { application_name: 'roomlog' },
    connect_timeout: connectTimeoutSeconds,
    keep_alive: keepAliveSeconds,
    idle_timeout: 0,
    max_lifetime: null,
    backoff: () => 0
  }
  return [driverUrl, options] as const
}

/** `?host=/folder` of a unix socket, which the driver would send to the server as a setting. */
const readAddress = (url: string): { driverUrl: string; host?: string; port?: number } => {
  const [base = '', search = ''] = url.split('?', 2)
  const query = new URLSearchParams(search)
  const host = query.get('host')
  const port = query.get('port')
  query.delete('host')
  query.delete('port')
  return {
    driverUrl: query.size > 0 ? `${base}?${query}` : base,
    ...(host === null ? {} : { host }),
    ...(port === null ? {} : { port: Number(port) })
  }
}

const asIs =
  <T>(serialize: (value: T) => string) =>
  (value: T | string) =>
    typeof value === 'string' ? value : serialize(value)

/**
 * Text passes unchanged: when the driver repeats a statement whose plan has expired it serializes the parameters
 * again, and a time given as text keeps its microseconds.
 */
const types = {
  bigint: { to: 20, from: [20], serialize: asIs(String), parse: (text: string) => BigInt(text) },
  boolean: {
    to: 16,
    from: [16],
    serialize: asIs((value: boolean) => (value ? 't' : 'f')),
    parse: (text: string) => text === 't'
  },
  bytea: {
    to: 17,
    from: [17],
    serialize: asIs(toByteaText),
    parse: fromByteaText
  },
  date: {
    to: 1184,
    from: [1082, 1114, 1184],
    serialize: asIs((time: Date) => time.toISOString()),
    parse: (text: string) => new Date(text)
  }
}
