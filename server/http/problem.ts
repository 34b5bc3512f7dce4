import { HTTPException } from 'hono/http-exception'
import type { ContentfulStatusCode } from 'hono/utils/http-status'
import { type Complaint, Refusal } from '../../schema/behaviour.ts'
import { type ErrorCode, errorCodes, RoomlogError } from '../../schema/error-codes.ts'
import { type Conflict, VersionConflict } from '../../schema/merge-record.ts'
import { asUnavailable } from '../unavailable.ts'

export interface Problem {
  readonly type: string
  readonly title: string
  readonly status: ContentfulStatusCode
  readonly code: ErrorCode
  readonly detail: string
  /** What was refused, as in `items/i1/start`. */
  readonly path?: string
  /** What is in the way, where a kind refused. */
  readonly complaints?: readonly Complaint[]
  /** What others changed meanwhile. */
  readonly conflicts?: readonly Conflict[]
}

export const toProblem = (error: RoomlogError): Problem => {
  const { http, about } = errorCodes[error.reason]
  return {
    type: `/api#error-${error.reason}`,
    title: about,
    status: http,
    code: error.reason,
    detail: error.message,
    ...(error.path === null ? {} : { path: error.path }),
    ...(error.cause instanceof Refusal ? { complaints: error.cause.complaints } : {}),
    ...(error instanceof VersionConflict ? { conflicts: error.conflicts } : {})
  }
}

/** The refusal that an error is, or null for a bug: to be logged, and answered without a word about it. */
export const asRefusal = (thrown: unknown): RoomlogError | null => {
  const error = asUnavailable(thrown)
  if (error instanceof RoomlogError) return error
  if (!(error instanceof HTTPException) || error.status >= 500) return null
  const code = error.status === 400 ? 'message-malformed' : 'request-invalid'
  return new RoomlogError(code, error.message, { cause: error })
}
