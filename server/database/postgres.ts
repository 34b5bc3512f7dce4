import { monotonic, randomBelow } from '../clock.ts'
import type { Logger } from '../logger.ts'
import { type Database, DatabaseError, type Lane, type Queryable } from './database.ts'
import { createPool } from './pool.ts'
import { type Connection, openConnection } from './postgres-connection.ts'
import { runInTransaction } from './transaction.ts'

export interface PostgresOptions {
  readonly url: string
  readonly logger: Logger
  /** Connections besides the lanes. */
  readonly poolMax: number
  /** For a statement outside of lanes. */
  readonly timeoutMs: number
}

const firstDelayMs = 50
/** Short: when Postgres is back, everybody waits for this. */
const delayMsMax = 1000

const closeTimeoutMs = 5000

/**
 * A lane's statements are few and run often: they need not be planned again for each set of values. And they find rows
 * one after the other by key, in the order that a statement lists them: what locks rows in the order of their ids,
 * whoever does it, cannot deadlock. A hash or merge join would lock them in an order of its own.
 */
const laneSettings =
  'set plan_cache_mode = force_generic_plan; set enable_hashjoin = off; set enable_mergejoin = off'

/** A Postgres server. Connects when the first statement asks for it, and again after each loss. */
export const openPostgres = ({ url, logger, poolMax, timeoutMs }: PostgresOptions): Database => {
  const lines = new Set<Line>()
  const open = (settings: string, lineTimeoutMs: number | undefined): Line => {
    const line = createLine({ url, logger, settings, timeoutMs: lineTimeoutMs })
    lines.add(line)
    return line
  }
  const pool = createPool(poolMax, () => open('', timeoutMs))

  return {
    engine: 'postgres',
    query: (text, params) => pool.use((line) => line.connection().query(text, params)),
    exec: (script) => pool.use((line) => line.connection().exec(script)),
    transaction: (work) =>
      pool.use(async (line) => {
        const connection = line.connection()
        await connection.query('begin')
        try {
          const result = await runInTransaction(connection, work)
          await connection.query('commit')
          return result
        } catch (error) {
          await rollBack(connection)
          throw error
        }
      }),
    lane: async (options) => laneOn(open(laneSettings, options?.timeoutMs), (line) => lines.delete(line)),
    close: async () => {
      await pool.close(closeTimeoutMs)
      await Promise.all([...lines].map((line) => line.close()))
    }
  }
}

const rollBack = async (connection: Connection): Promise<void> => {
  if (connection.isLost()) return
  try {
    await connection.query('rollback')
  } catch (error) {
    // Whatever the reason: a connection that cannot roll back must not serve anybody else.
    connection.drop(
      new DatabaseError('unavailable', 'the transaction could not be rolled back', { cause: error })
    )
  }
}

const laneOn = (line: Line, onClose: (line: Line) => void): Lane & Queryable => ({
  query: async (text, params) => line.connection().query(text, params),
  reset: async () => line.drop(new DatabaseError('unavailable', 'the lane was reset')),
  close: async () => {
    onClose(line)
    await line.close()
  }
})

/** One connection after another. */
interface Line {
  /** The one that is open, or about to be. @throws DatabaseError when the line is closed */
  connection(): Connection
  drop(reason: DatabaseError): void
  close(): Promise<void>
}

interface LineOptions {
  readonly url: string
  readonly logger: Logger
  readonly settings: string
  readonly timeoutMs: number | undefined
}

const createLine = (options: LineOptions): Line => {
  let current: Connection | undefined
  let failures = 0
  let retryAt = 0
  let isClosed = false

  const open = (): Connection => {
    let isOpen = false
    return openConnection({
      ...options,
      attempt: failures,
      delayMs: Math.max(0, retryAt - monotonic()),
      onOpen: () => {
        isOpen = true
        failures = 0
      },
      onLost: (reason) => {
        if (isClosed) return
        if (isOpen) options.logger.warn({ err: reason }, 'database connection lost')
        else failures += 1
        retryAt = monotonic() + delayMs(failures)
      }
    })
  }
  return {
    connection: () => {
      if (isClosed) throw new DatabaseError('unavailable', 'the database is closed')
      if (current === undefined || current.isLost()) current = open()
      return current
    },
    drop: (reason) => current?.drop(reason),
    close: async () => {
      isClosed = true
      await current?.close()
    }
  }
}

/** Nothing after the first loss, then doubling up to the limit, spread so that nodes do not come all at once. */
const delayMs = (failures: number): number =>
  failures === 0 ? 0 : Math.min(delayMsMax, firstDelayMs * 2 ** failures) * (0.5 + randomBelow(0.5))
