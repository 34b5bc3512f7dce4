import { statfs } from 'node:fs/promises'
import { join } from 'node:path'
import { PGlite, type Results } from '@electric-sql/pglite'
import type { Logger } from '../logger.ts'
import { fromByteaText, toByteaText } from './bytea.ts'
import { type Database, DatabaseError, type Lane, type Row, type Transaction } from './database.ts'
import { lockFolder } from './folder-lock.ts'
import { createPending } from './pending.ts'
import { runInTransaction } from './transaction.ts'
import { translateError } from './translate-error.ts'
import { startUpkeep } from './upkeep.ts'

export interface PgliteOptions {
  /** null: in memory, gone when it is closed. */
  readonly dataDir: string | null
  readonly pid?: number | undefined
  readonly logger: Logger
  /** For a statement outside of lanes. */
  readonly timeoutMs: number
}

/**
 * Its buffers are those of a big server; these save 150 MiB and are as fast. Its timer for progress messages would
 * keep a process alive in which it could not start.
 */
const settings = ['shared_buffers=16MB', 'wal_buffers=1MB', 'log_startup_progress_interval=0']
const startParams = [...PGlite.defaultStartParams, ...settings.flatMap((setting) => ['-c', setting])]

/** The converters that it brings take bytes one by one: 8 MiB would stop the event loop for a second. */
const converters = { parsers: { 20: BigInt, 17: fromByteaText }, serializers: { 17: toByteaText } }

/**
 * Postgres within this process, in a folder that nobody else may use meanwhile. It has one session, and works on the
 * event loop: everything stands still while it runs a statement.
 *
 * Survives a crash of the process, not of the machine: it never waits for the disk. Takes no writes, with kind 'full',
 * while less than 128 MiB of disk are free. If it crashes itself, all later statements are 'unavailable', and only
 * a new process can open the folder again.
 *
 * @throws Error when another process uses the folder
 */
export const openPglite = async ({ dataDir, pid, logger, timeoutMs }: PgliteOptions): Promise<Database> => {
  const lock = dataDir === null ? undefined : lockFolder(dataDir, pid)
  let engine: PGlite
  try {
    engine = await startEngine(dataDir)
  } catch (error) {
    lock?.release()
    throw error
  }
  const session = createSession(engine, logger)
  const lane = createLane(session, timeoutMs)
  const upkeep = startUpkeep({ database: session, logger, freeBytes: () => freeBytesIn(dataDir) })
  let closing: Promise<void> | undefined
  const close = async (): Promise<void> => {
    await upkeep.stop()
    try {
      await session.close()
    } finally {
      lock?.release()
    }
  }
  return {
    engine: 'pglite',
    query: lane.query,
    exec: session.exec,
    transaction: session.transaction,
    lane: async (options) => createLane(session, options?.timeoutMs),
    close: () => {
      closing ??= close()
      return closing
    }
  }
}

const startEngine = async (dataDir: string | null): Promise<PGlite> => {
  let said = ''
  const onStderr = (line: string): false => {
    said = `${said}${line}\n`.slice(-saidLengthMax)
    return false
  }
  try {
    const folder = dataDir === null ? {} : { dataDir: join(dataDir, 'postgres') }
    return await PGlite.create({ ...folder, startParams, ...converters, onStderr })
  } catch (error) {
    throw new Error(`PGlite cannot open ${dataDir}: ${said.trim() || String(error)}`, { cause: error })
  }
}

const freeBytesIn = async (dataDir: string | null): Promise<number> => {
  if (dataDir === null) return Number.POSITIVE_INFINITY
  const { bavail, bsize } = await statfs(dataDir)
  return bavail * bsize
}

const saidLengthMax = 1000

type Session = Transaction & Pick<Database, 'transaction' | 'close'>

const createSession = (engine: PGlite, logger: Logger): Session => {
  let last: Promise<unknown> = Promise.resolve()
  let unusable: DatabaseError | undefined

  /**
   * In the order of the calls, and with a turn of the event loop in between, of which PGlite would leave none to
   * sockets and timers. Its own queue would go on after a crash.
   */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const turn = last.then(work)
    last = turn.then(nextTurn, nextTurn)
    return turn
  }
  const run = async <T>(statement: () => Promise<T>): Promise<T> => {
    if (unusable) throw unusable
    try {
      return await statement()
    } catch (error) {
      const translated = translateError(error)
      if (hasCrashed(translated)) {
        unusable = new DatabaseError('unavailable', `PGlite has crashed: ${translated.message}`, {
          cause: translated
        })
        logger.fatal({ err: translated }, 'pglite has crashed, restart the server')
      }
      throw translated.code === readOnly ? tooLittleDisk(translated) : translated
    }
  }
  const statements: Transaction = {
    query: async <T extends Row>(text: string, params: readonly unknown[] = []) =>
      (await run(async () => answered(await engine.query<T>(text, [...params])))).rows,
    exec: async (script) => {
      await run(async () => (await engine.exec(script)).map(answered))
    }
  }
  const transact = async <T>(work: (t: Transaction) => Promise<T>): Promise<T> => {
    await statements.exec('begin')
    try {
      const result = await runInTransaction(statements, work)
      await statements.exec('commit')
      return result
    } catch (error) {
      if (!unusable) await statements.exec('rollback')
      throw error
    }
  }
  const close = async (): Promise<void> => {
    if (unusable) return
    unusable = new DatabaseError('unavailable', 'the database is closed')
    await engine.close()
  }
  return {
    query: (text, params) => inTurn(() => statements.query(text, params)),
    exec: (script) => inTurn(() => statements.exec(script)),
    transaction: (work) => inTurn(() => transact(work)),
    close: () => inTurn(close)
  }
}

const nextTurn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve))

const readOnly = '25006'

const tooLittleDisk = (cause: DatabaseError): DatabaseError =>
  new DatabaseError('full', 'too little disk is free to write', { code: readOnly, cause })

const noAnswer = 'PGLITE_NO_ANSWER'

/** PGlite swallows a crash of its engine in the middle of a statement, and gives back an empty result. */
const answered = <T>(results: Results<T>): Results<T> => {
  if (results?.command !== undefined) return results
  throw new DatabaseError('unavailable', 'PGlite gave no answer', { code: noAnswer })
}

/** After such an error the next call into the engine would never return, and stop the process. */
const hasCrashed = ({ code, cause }: DatabaseError): boolean =>
  code === noAnswer ||
  (cause instanceof Error &&
    'severity' in cause &&
    (cause.severity === 'PANIC' || cause.severity === 'FATAL'))

const createLane = (session: Session, timeoutMs: number | undefined): Lane => {
  const pending = createPending()
  const limit = { timeoutMs, onTimeout: () => {} }
  return {
    query: (text, params) => pending.answerOf(session.query(text, params), limit),
    reset: async () => pending.giveUp(new DatabaseError('unavailable', 'the lane was reset')),
    close: async () => {}
  }
}
