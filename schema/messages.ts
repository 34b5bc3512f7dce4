/**
 * Stateless messages: what client and server say to each other beside the Yjs protocol, as JSON text in
 * Hocuspocus's stateless frames. One union, one encoder, one decoder.
 *
 * | type      | from   | means |
 * |-----------|--------|-------|
 * | `flush`   | client | tell me when everything that I sent before this is committed |
 * | `flushed` | server | it is: the room stood at `seq` of `epoch` when it was |
 * | `refused` | server | an update of yours was not applied; your later ones will not be either |
 * | `role`    | server | what you may do in this room, at the start and when it changes |
 * | `committed` | server | the room's log grew to `seq`; the newest entries by author and size, for those who watch |
 * | `watch`   | client | send me `committed` from now on, and the newest entries that are there |
 * | `members` | server | who belongs to the room, or as what, has changed: whoever shows them asks again over HTTP |
 * | `escalated` | server | somebody has taken a role for a limited time, or given it back (`until` is null then) |
 */
import { type ErrorCode, isErrorCode } from './error-codes.ts'
import { type Epoch, parseSeq, type Seq } from './room-name.ts'

/** One entry as a log line draws it: who, how many bytes, when (milliseconds since 1970). */
export interface EntryMark {
  readonly seq: Seq
  readonly author: string
  readonly bytes: number
  readonly at: number
}

export type ClientMessage = { readonly type: 'flush'; readonly id: number } | { readonly type: 'watch' }

export type ServerMessage =
  | { readonly type: 'flushed'; readonly id: number; readonly seq: Seq; readonly epoch: Epoch }
  | {
      readonly type: 'refused'
      readonly code: ErrorCode
      readonly detail: string
      /** What was refused, as in `items/i1/start`; null where the refusal is about no single place. */
      readonly path: string | null
    }
  | { readonly type: 'members' }
  | {
      readonly type: 'escalated'
      readonly userId: string
      readonly name: string
      readonly role: string
      readonly reason: string
      /** Milliseconds since 1970; null: it has ended. */
      readonly until: number | null
    }
  | {
      readonly type: 'role'
      readonly role: string
      readonly mayWrite: boolean
      readonly userId: string
      readonly name: string
      /** The time by the server's clock, in milliseconds since 1970: what is claimed is dated by it. */
      readonly at: number
    }
  | {
      readonly type: 'committed'
      readonly epoch: Epoch
      readonly seq: Seq
      readonly entries: readonly EntryMark[]
    }

/** A longer message is refused before it is parsed. */
export const messageLengthMax = 16_384

export const encodeMessage = (message: ClientMessage | ServerMessage): string => JSON.stringify(message)

/** The message, or null for whatever is none: the sender is refused with `message-malformed`. */
export const decodeClientMessage = (text: string): ClientMessage | null => {
  const value = readObject(text)
  if (value === null) return null
  if (value.type === 'watch') return { type: 'watch' }
  if (value.type === 'flush' && isId(value.id)) return { type: 'flush', id: value.id }
  return null
}

/** The message, or null for one that this version does not know: a client ignores it. */
export const decodeServerMessage = (text: string): ServerMessage | null => {
  const value = readObject(text)
  if (value === null) return null
  const seq = parseSeq(value.seq)
  const epoch = parseSeq(value.epoch) as Epoch | null
  switch (value.type) {
    case 'flushed':
      return isId(value.id) && seq !== null && epoch !== null
        ? { type: 'flushed', id: value.id, seq, epoch }
        : null
    case 'refused':
      return readRefused(value)
    case 'members':
      return { type: 'members' }
    case 'escalated':
      return readEscalated(value)
    case 'role':
      return readRole(value)
    case 'committed':
      return seq !== null && epoch !== null && Array.isArray(value.entries)
        ? { type: 'committed', seq, epoch, entries: value.entries.filter(isEntryMark) }
        : null
    default:
      return null
  }
}

const readRefused = (value: Record<string, unknown>): ServerMessage | null =>
  typeof value.code === 'string' && isErrorCode(value.code)
    ? {
        type: 'refused',
        code: value.code,
        detail: String(value.detail ?? ''),
        path: typeof value.path === 'string' ? value.path : null
      }
    : null

const readEscalated = (value: Record<string, unknown>): ServerMessage | null =>
  typeof value.userId === 'string' && typeof value.role === 'string'
    ? {
        type: 'escalated',
        userId: value.userId,
        name: String(value.name ?? ''),
        role: value.role,
        reason: String(value.reason ?? ''),
        until: typeof value.until === 'number' ? value.until : null
      }
    : null

const readRole = (value: Record<string, unknown>): ServerMessage | null =>
  typeof value.role === 'string' && typeof value.mayWrite === 'boolean' && typeof value.at === 'number'
    ? {
        type: 'role',
        role: value.role,
        mayWrite: value.mayWrite,
        userId: String(value.userId),
        name: String(value.name),
        at: value.at
      }
    : null

const readObject = (text: string): Record<string, unknown> | null => {
  if (text.length > messageLengthMax) return null
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
  return isObject(value) ? value : null
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

const isId = (value: unknown): value is number =>
  typeof value === 'number' && Number.isSafeInteger(value) && value >= 0

const isEntryMark = (value: unknown): value is EntryMark =>
  isObject(value) &&
  parseSeq(value.seq) !== null &&
  typeof value.author === 'string' &&
  typeof value.bytes === 'number' &&
  typeof value.at === 'number'
