/**
 * Every named refusal. The name travels as the close reason of a socket, as the reason of a refused connection
 * or update (`readReason` has it), and as `code` in a problem+json answer: whoever receives it decides from this table,
 * never from text.
 *
 * - `http`   status of the answer over HTTP
 * - `close`  WebSocket close code, where the whole session ends. 44xx is for good, 45xx and 1012, 1013 are for now.
 * - `retry`  true: lost for now, reconnect with backoff. false: refused for good, the app must act.
 */
export const errorCodes = {
  'token-invalid': {
    http: 401,
    close: 4401,
    retry: false,
    about: 'The token is missing, malformed, forged or expired'
  },
  forbidden: { http: 403, close: 4403, retry: false, about: 'The token is good, but gives no role here' },
  'read-only': { http: 403, close: 4403, retry: false, about: 'The role may read this room, not write it' },
  'room-not-found': { http: 404, close: 4404, retry: false, about: 'There is no such room' },
  'room-deleted': { http: 410, close: 4404, retry: false, about: 'The room was deleted' },
  'room-exists': { http: 409, close: 4409, retry: false, about: 'A room of this name is already there' },
  'room-name-invalid': {
    http: 400,
    close: 4400,
    retry: false,
    about: 'A room name is kind/id, 128 characters at most'
  },
  'kind-unknown': { http: 404, close: 4404, retry: false, about: 'No kind of this name is defined' },
  'room-corrupt': {
    http: 500,
    close: 4500,
    retry: true,
    about: 'The stored log of the room cannot be read; the room is quarantined'
  },
  'update-malformed': {
    http: 400,
    close: 4400,
    retry: false,
    about: 'The bytes are not an update that a Yjs client writes'
  },
  'update-incomplete': {
    http: 409,
    close: 4409,
    retry: false,
    about: 'The update builds on content that the server does not have'
  },
  'update-not-yet': {
    http: 409,
    close: 4509,
    retry: true,
    about: 'The update builds on content that has not arrived here yet; send it again later'
  },
  'update-too-complex': {
    http: 413,
    close: 4413,
    retry: false,
    about: 'Applying the update would take too long, or nests deeper than anybody may'
  },
  'path-refused': {
    http: 403,
    close: 4403,
    retry: false,
    about: 'The role may write to this room, but not at this path'
  },
  'value-invalid': {
    http: 422,
    close: 4422,
    retry: false,
    about: 'The value is not one that the kind of the room allows at this path'
  },
  'client-id-taken': {
    http: 409,
    close: 4409,
    retry: false,
    about: 'The Yjs client id belongs to another user of this room'
  },
  'message-malformed': { http: 400, close: 4400, retry: false, about: 'The frame or body cannot be read' },
  'too-large': {
    http: 413,
    close: 4413,
    retry: false,
    about: 'The frame, body or document is above its limit'
  },
  'too-many': {
    http: 429,
    close: 4529,
    retry: true,
    about: 'A limit of rate or number is reached; try again later'
  },
  'seq-invalid': { http: 400, close: 4400, retry: false, about: 'A seq is a whole number from 0' },
  'seq-ahead': { http: 404, close: 4404, retry: true, about: 'The room has not reached this seq' },
  'origin-refused': { http: 403, close: 4403, retry: false, about: 'Pages of this origin may not connect' },
  'auth-timeout': {
    http: 408,
    close: 4408,
    retry: true,
    about: 'No valid token came within the time for it'
  },
  idle: { http: 408, close: 4508, retry: true, about: 'Nothing was heard of the client for too long' },
  'too-slow': {
    http: 503,
    close: 4513,
    retry: true,
    about: 'The client reads more slowly than the room writes'
  },
  resync: { http: 409, close: 4505, retry: true, about: 'The room was reloaded; connect again' },
  'session-unknown': {
    http: 404,
    close: 4504,
    retry: true,
    about: 'There is no such session any more; connect again'
  },
  'version-conflict': {
    http: 409,
    close: 4409,
    retry: false,
    about: 'The record was changed after the seq that the edit is based on'
  },
  'patch-failed': {
    http: 409,
    close: 4409,
    retry: false,
    about: 'A test of the patch failed, or it names a place that is not there'
  },
  'action-refused': {
    http: 422,
    close: 4422,
    retry: false,
    about: 'The action is not possible as the room stands; `complaints` says what is in the way'
  },
  'last-owner': {
    http: 409,
    close: 4409,
    retry: false,
    about: 'Somebody has to keep the first role of the room: give it to another member before'
  },
  'invite-invalid': {
    http: 404,
    close: 4404,
    retry: false,
    about: 'No invite has this code: it never had one, expired, or was used up'
  },
  unavailable: {
    http: 503,
    close: 1013,
    retry: true,
    about: 'The database cannot be reached; nothing was changed'
  },
  overloaded: {
    http: 503,
    close: 1013,
    retry: true,
    about: 'This node has too much to do to let anybody new in; try again, or another node'
  },
  draining: { http: 503, close: 1012, retry: true, about: 'This node is about to stop; connect again' },
  'not-found': { http: 404, close: 4404, retry: false, about: 'There is nothing at this address' },
  'request-invalid': {
    http: 400,
    close: 4400,
    retry: false,
    about: 'The request does not have the form that the API asks for'
  },
  internal: { http: 500, close: 1011, retry: true, about: 'A fault of the server; it was logged' }
} as const satisfies Record<string, { http: number; close: number; retry: boolean; about: string }>

export type ErrorCode = keyof typeof errorCodes

export const isErrorCode = (text: string): text is ErrorCode => Object.hasOwn(errorCodes, text)

/** A refusal as a close reason, or as the reason of a refused room, tells it. */
export interface Reason {
  readonly code: ErrorCode
  /** What the limit is that was reached; empty for any other name. */
  readonly detail: string
  /** When to try again; null: as ever. */
  readonly retrySeconds: number | null
}

/** A close frame has room for this and a code. */
const reasonLengthMax = 123

/** The name; of a limit also what it is, for to come back at once would be to no avail: `too-many: 812 frames/s > 500; retry in 2 s`. */
export const writeReason = (code: ErrorCode, detail: string): string =>
  code === 'too-many' && detail !== ''
    ? `${code}: ${detail.replace(/[^ -~]/g, '?')}`.slice(0, reasonLengthMax)
    : code

/** What `writeReason` wrote; null for any other text. */
export const readReason = (text: string): Reason | null => {
  const [code = '', ...rest] = text.split(': ')
  if (!isErrorCode(code)) return null
  const detail = rest.join(': ')
  const [, seconds] = /; retry in (\d{1,6}) s$/.exec(detail) ?? []
  return { code, detail, retrySeconds: seconds === undefined ? null : Number(seconds) }
}

/** A refusal or failure that the other side can name. Anything else that is thrown is a bug. */
export class RoomlogError extends Error {
  override readonly name = 'RoomlogError'
  readonly reason: ErrorCode
  /** When to try again; null: as ever. */
  readonly retrySeconds: number | null
  /** What was refused, as in `items/i1/start`; null where the refusal is about no single place. */
  readonly path: string | null

  /** @param detail says it with the values: `515 bytes > 100`, not "too large" */
  constructor(
    reason: ErrorCode,
    detail: string,
    options?: ErrorOptions & { readonly retrySeconds?: number; readonly path?: string | null }
  ) {
    super(detail, options)
    this.reason = reason
    this.path = options?.path ?? null
    this.retrySeconds = options?.retrySeconds ?? null
  }
}
