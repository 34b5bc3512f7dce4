import { expect } from 'vitest'
import { type Database, DatabaseError } from '../../server/database/database.ts'
import { openDatabase } from '../../server/database/open-database.ts'
import { createDatabase } from './database.ts'
import { type Engine, silent } from './log-world.ts'

export interface OpenDatabase extends AsyncDisposable {
  readonly database: Database
}

/** An empty database on the engine, for as long as the test needs it. */
export const openOn = async (engine: Engine): Promise<OpenDatabase> => {
  const place = engine === 'postgres' ? await createDatabase() : undefined
  const database = await openDatabase({ url: place?.url ?? null, dataDir: null, logger: silent, poolMax: 4 })
  return {
    database,
    [Symbol.asyncDispose]: async () => {
      await database.close()
      await place?.drop()
    }
  }
}

/** The DatabaseError that a statement rejects with: its kind is a promise, its text is not. */
export const failureOf = async (statement: Promise<unknown>): Promise<DatabaseError> => {
  const error = await statement.then(
    () => new Error('nothing was thrown'),
    (thrown: unknown) => thrown
  )
  expect(error).toBeInstanceOf(DatabaseError)
  return error as DatabaseError // checked in the line before
}
