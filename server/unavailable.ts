import { RoomlogError } from '../schema/error-codes.ts'
import { DatabaseError } from './database/database.ts'

/** A fault of the database that passes, as the refusal that a client knows; every other error as it is. */
export const asUnavailable = (error: unknown): unknown => {
  if (!(error instanceof DatabaseError) || error.kind === 'bug' || error.kind === 'constraint') return error
  return new RoomlogError('unavailable', `the database cannot be asked: ${error.kind}`, { cause: error })
}
