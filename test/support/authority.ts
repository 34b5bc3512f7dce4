import { pino } from 'pino'
import { expect } from 'vitest'
import { type ErrorCode, RoomlogError } from '../../schema/error-codes.ts'
import { kinds } from '../../schema/kinds/kinds.ts'
import { parseRoomName, type RoomName } from '../../schema/room-name.ts'
import type { Database } from '../../server/database/database.ts'
import { migrate } from '../../server/database/migrate.ts'
import { openDatabase } from '../../server/database/open-database.ts'
import { type Authority, type AuthorityParts, createAuthority } from '../../server/room/authorize.ts'

const noAuth = { authSecret: null, authJwksUrl: null, authIssuer: null, authAudience: null }

/** A database in memory with the tables of Roomlog, and authorities on it: one for each node. */
export interface AuthorityWorld extends AsyncDisposable {
  readonly database: Database
  authority(config?: Partial<AuthorityParts['config']>, options?: Partial<AuthorityParts>): Authority
}

export const openAuthorityWorld = async (): Promise<AuthorityWorld> => {
  const logger = pino({ level: 'silent' })
  const database = await openDatabase({ url: null, dataDir: null, logger })
  await migrate(database, logger)
  return {
    database,
    authority: (config = {}, options = {}) =>
      createAuthority({ database, kinds, logger, config: { ...noAuth, ...config }, ...options }),
    [Symbol.asyncDispose]: () => database.close()
  }
}

export const room = (text: string): RoomName => {
  const name = parseRoomName(text)
  if (name === null) throw new Error(`not a room name: ${text}`)
  return name
}

/** What a promise is refused with; whatever else it rejects with is thrown. */
export const refusalOf = async (promise: Promise<unknown>): Promise<RoomlogError> => {
  try {
    await promise
  } catch (error) {
    if (error instanceof RoomlogError) return error
    throw error
  }
  throw new Error('it was not refused')
}

export const expectRefused = async (
  promise: Promise<unknown>,
  code: ErrorCode,
  detail?: RegExp
): Promise<void> => {
  const error = await refusalOf(promise)
  expect(error.reason).toBe(code)
  if (detail) expect(error.message).toMatch(detail)
}
