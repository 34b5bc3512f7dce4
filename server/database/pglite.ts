import { join } from 'node:path'
import { PGlite, type Results } from '@electric-sql/pglite'
import type { Logger } from '../logger.ts'
import { fromByteaText, toByteaText } from './bytea.ts'
import {
  type Database,
  DatabaseError,
  type Lane,
  type Param,
  type Row,
  type Transaction
} from './database.ts'
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

/** Its defaults are those of a big server; these save 150 MiB and are as fast. */
const startParams = [...PGlite.defaultStartParams, '-c', 'shared_buffers=16MB', '-c', 'wal_buffers=1MB']

/** The converters that it brings take bytes one by one: 8 MiB would stop the event loop for a second. */
const converters = {
  parsers: { 20: (text: string) => BigInt(text), 17: fromByteaText },
  serializers: { 17: toByteaText }
}

/**
 * Postgres within this process, in a folder that nobody else may use meanwhile. It has one session, and works on the
 * event loop: everything stands still while it runs a statement.
 *
 * Survives a crash of the process, not of the machine: it never waits for the disk.
 *
 * @throws Error when another process uses the folder
 */
export const openPglite = async ({ dataDir, pid, logger, timeoutMs }: PgliteOptions): Promise<Database> => {
  const lock = dataDir === null ? undefined : lockFolder(dataDir, pid)
  let engine: PGlite
  try {
    engine = await PGlite.create({
      ...(dataDir === null ? {} : { dataDir: join(dataDir, 'postgres') }),
      startParams,
      ...converters
    })
  } catch (error) {
    lock?.release()
    throw error
  }
  let closing: Promise<void> | undefined
  const statements = statementsOf(engine, () => closing !== undefined)
  const session = laneOn(statements, timeoutMs)
  const upkeep = startUpkeep({ database: statements, logger })

  const close = async (): Promise<void> => {
    await upkeep.stop()
    try {
      await engine.close()
    } finally {
      lock?.release()
    }
  }
  return {
    engine: 'pglite',
    query: session.query,
    exec: statements.exec,
    transaction: (work) => transact(engine, work),
    lane: async (options) => laneOn(statements, options?.timeoutMs),
    close: () => {
      closing ??= close()
      return closing
    }
  }
}

type Session = Pick<PGlite, 'query' | 'exec'>

const statementsOf = (session: Session, isClosed: () => boolean = () => false): Transaction => ({
  query: async <T extends Row>(text: string, params: readonly Param[] = []) => {
    if (isClosed()) throw closed()
    try {
      return answered(await session.query<T>(text, [...params])).rows
    } catch (error) {
      throw translateError(error)
    }
  },
  exec: async (script) => {
    if (isClosed()) throw closed()
    try {
      for (const results of await session.exec(script)) answered(results)
    } catch (error) {
      throw translateError(error)
    }
  }
})

const closed = (): DatabaseError => new DatabaseError('unavailable', 'the database is closed')

/** PGlite swallows a crash of its own engine, and gives back an empty result. */
const answered = <T>(results: Results<T>): Results<T> => {
  if (results?.command === undefined) throw new DatabaseError('unavailable', 'PGlite gave no answer')
  return results
}

const transact = async <T>(engine: PGlite, work: (t: Transaction) => Promise<T>): Promise<T> => {
  let failure: { readonly error: unknown } | undefined
  const run = async (session: Session): Promise<T> => {
    try {
      return await runInTransaction(statementsOf(session), work)
    } catch (error) {
      failure = { error }
      throw error
    }
  }
  try {
    return await engine.transaction(run)
  } catch (error) {
    throw failure === undefined ? translateError(error) : failure.error
  }
}

const laneOn = (statements: Transaction, timeoutMs: number | undefined): Lane => {
  const pending = createPending()
  const limit = { timeoutMs, onTimeout: () => {} }
  return {
    query: (text, params) => pending.answerOf(statements.query(text, params), limit),
    reset: async () => pending.giveUp(new DatabaseError('unavailable', 'the lane was reset')),
    close: async () => {}
  }
}
