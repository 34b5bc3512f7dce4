/**
 * What is true of the changes made here, as a pure state machine: `nextFacts` takes in what happened, `statusOf`
 * says what it amounts to.
 *
 * ```
 *            first confirmation                      a local change
 *  loading ─────────────────────▶ saved ◀──────────────────────────────▶ saving
 *     │                             │      all of it confirmed              │ connected, unconfirmed 5 s
 *     │ no connection for 1 s       │                                       ▼
 *     └────────────▶ offline ◀──────┴───────────────────────────────── waiting
 *
 *  refused for good, from anywhere: rejected, until it is discarded
 *  the room is closed to this user, with nothing pending: saved stays
 * ```
 *
 * The server confirms with `flushed`, which it sends when everything that came before the matching `flush` is
 * committed. What no confirmation covered when the connection ended is unconfirmed, whether it was sent or not.
 */
import type * as Y from 'yjs'
import type { ErrorCode } from '../schema/error-codes.ts'
import type { Seq } from '../schema/room-name.ts'
import type { KeptEdit } from './touched.ts'

/** What is true of the changes made here. `pending` counts the local changes that nobody has confirmed. */
export type SyncStatus =
  /** Neither the stored copy nor the server's has been read, or nothing is confirmed yet. */
  | { readonly state: 'loading' }
  /** Sent or about to be; nothing is confirmed yet. */
  | { readonly state: 'saving'; readonly pending: number }
  /** Everything that was changed here is in the log; the room stood at `seq` when that was confirmed. */
  | { readonly state: 'saved'; readonly savedAt: Date; readonly seq: Seq }
  /** No connection for 1 s. `storedLocally`: all that is pending is written to this device. */
  | { readonly state: 'offline'; readonly pending: number; readonly storedLocally: boolean }
  /** Connected, and a change has been unconfirmed for 5 s. */
  | { readonly state: 'waiting'; readonly pending: number }
  /** Refused for good: the room started over without it. Stays until `discard()`. */
  | Rejected

export interface Rejected extends Refusal {
  readonly state: 'rejected'
  discard(): void
}

/** What was changed here and not taken, to copy from. */
export interface Kept {
  /** Place by place, as it stood. */
  readonly keptEdits: readonly KeptEdit[]
  /** The texts that were being changed, as they stood. */
  readonly keptText: string
  /** The document as it stood; nothing observes or sends it any more. */
  readonly keptDocument: Y.Doc
}

/** What the server did not take, and why. */
export interface Refusal extends Kept {
  readonly code: ErrorCode
  /** What the server said, with its values. */
  readonly reason: string
  /** What it is about, as in `items/i1/start`; null where it is about no single place. */
  readonly path: string | null
}

export interface SyncFacts {
  /** The stored copy or the server's has been read. */
  readonly isReady: boolean
  /** up: connected and caught up; lost: not, for less than 1 s; down: not. */
  readonly link: 'up' | 'lost' | 'down'
  /** Local changes so far, counted from 1; those up to `confirmed` are committed, up to `stored` on this device. */
  readonly made: number
  readonly confirmed: number
  readonly stored: number
  /** A change has been unconfirmed for 5 s, connected. */
  readonly isOverdue: boolean
  /** The room is closed to this user; `proof` is that of everything until then, if there was one. */
  readonly isClosed: boolean
  /** The newest confirmation; `at` in milliseconds since 1970. */
  readonly proof: { readonly at: number; readonly seq: Seq } | null
  readonly refusal: Refusal | null
}

export type SyncEvent =
  | { readonly type: 'ready' }
  | { readonly type: 'changed' }
  /** Unconfirmed changes of an earlier visit were read from this device. */
  | { readonly type: 'restored'; readonly count: number }
  | { readonly type: 'stored'; readonly upTo: number }
  | { readonly type: 'linked' }
  | { readonly type: 'lost' }
  /** 1 s went by since the link was lost. */
  | { readonly type: 'missed' }
  | { readonly type: 'confirmed'; readonly upTo: number; readonly seq: Seq; readonly at: number }
  /** 5 s went by since the oldest unconfirmed change. */
  | { readonly type: 'overdue' }
  /** The room starts over, with nothing in it. */
  | { readonly type: 'emptied' }
  /** The room is closed to this user; it starts over if it is opened again. */
  | { readonly type: 'closed' }
  /** It is known what was refused for good. */
  | { readonly type: 'refused'; readonly refusal: Refusal }
  | { readonly type: 'discarded' }

export const initialFacts: SyncFacts = {
  isReady: false,
  link: 'lost',
  made: 0,
  confirmed: 0,
  stored: 0,
  isOverdue: false,
  isClosed: false,
  proof: null,
  refusal: null
}

export const pendingOf = (facts: SyncFacts): number => facts.made - facts.confirmed

/** Something is neither confirmed nor on this device. */
export const isUnstored = (facts: SyncFacts): boolean => pendingOf(facts) > 0 && facts.made > facts.stored

export const nextFacts = (facts: SyncFacts, event: SyncEvent): SyncFacts => {
  switch (event.type) {
    case 'ready':
      return { ...opened(facts), isReady: true }
    case 'changed':
      return { ...facts, made: facts.made + 1 }
    case 'restored':
      return { ...facts, made: facts.made + event.count, stored: restoredCount(facts, event.count) }
    case 'stored':
      return { ...facts, stored: Math.max(facts.stored, Math.min(event.upTo, facts.made)) }
    case 'linked':
      return { ...opened(facts), link: 'up', isReady: true }
    case 'lost':
      return { ...facts, link: facts.link === 'down' ? 'down' : 'lost', isOverdue: false }
    case 'missed':
      return facts.link === 'up' ? facts : { ...facts, link: 'down' }
    case 'confirmed':
      return confirm(facts, event)
    case 'overdue':
      return facts.link === 'up' && pendingOf(facts) > 0 ? { ...facts, isOverdue: true } : facts
    case 'emptied':
      return startOver(facts)
    case 'closed':
      return { ...startOver(facts), isClosed: true, proof: pendingOf(facts) > 0 ? null : facts.proof }
    case 'refused':
      return { ...facts, refusal: event.refusal }
    case 'discarded':
      return { ...facts, refusal: null }
  }
}

/** What the facts amount to. `saved` is said only of a room whose every local change a confirmation covers. */
export const statusOf = (facts: SyncFacts, discard: () => void): SyncStatus => {
  if (facts.refusal !== null) return { state: 'rejected', ...facts.refusal, discard }
  if (facts.isClosed && facts.proof !== null && pendingOf(facts) === 0) return saved(facts.proof)
  if (!facts.isReady) return { state: 'loading' }
  const pending = pendingOf(facts)
  if (facts.link === 'down') return { state: 'offline', pending, storedLocally: facts.stored >= facts.made }
  if (pending > 0) return { state: facts.isOverdue ? 'waiting' : 'saving', pending }
  if (facts.proof === null) return { state: 'loading' }
  return saved(facts.proof)
}

const saved = ({ at, seq }: NonNullable<SyncFacts['proof']>): SyncStatus => ({
  state: 'saved',
  savedAt: new Date(at),
  seq
})

/** What was read from the device is on it; what was made before it was read may not be. */
const restoredCount = ({ made, stored }: SyncFacts, count: number): number =>
  stored >= made ? made + count : stored

/** A confirmation of what was confirmed before proves nothing new, and does not move the time. */
const confirm = (
  facts: SyncFacts,
  { upTo, seq, at }: Extract<SyncEvent, { type: 'confirmed' }>
): SyncFacts => {
  const confirmed = Math.max(facts.confirmed, Math.min(upTo, facts.made))
  if (confirmed === facts.confirmed && facts.proof?.seq === seq) return facts
  return { ...facts, confirmed, isOverdue: false, proof: { at, seq } }
}

/** What was proved of the room as it was does not prove anything of what is read now. */
const opened = (facts: SyncFacts): SyncFacts =>
  facts.isClosed ? { ...facts, isClosed: false, proof: null } : facts

const startOver = (facts: SyncFacts): SyncFacts => ({
  ...initialFacts,
  link: facts.link === 'up' ? 'lost' : facts.link,
  refusal: facts.refusal
})
