import type * as Y from 'yjs'
import type { ErrorCode } from '../schema/error-codes.ts'
import type { Seq } from '../schema/room-name.ts'

/** What is true of the changes made here. `pending` counts the local changes that nobody has confirmed. */
export type SyncStatus =
  /** Neither the stored copy nor the server's has been read. */
  | { readonly state: 'loading' }
  /** Sent or about to be; nothing is confirmed yet. */
  | { readonly state: 'saving'; readonly pending: number }
  /** Everything that was changed here is in the log; the room stood at `seq` when that was confirmed. */
  | { readonly state: 'saved'; readonly savedAt: Date; readonly seq: Seq }
  /** No connection for 1 s. `storedLocally`: the pending changes are written to this device. */
  | { readonly state: 'offline'; readonly pending: number; readonly storedLocally: boolean }
  /** Connected, and a change has been unconfirmed for 5 s. */
  | { readonly state: 'waiting'; readonly pending: number }
  /** Refused for good: the room started over without what was pending. Stays until `discard()`. */
  | Rejected

export interface Rejected {
  readonly state: 'rejected'
  readonly code: ErrorCode
  /** What the server said, with its values. */
  readonly reason: string
  /** The texts that were being changed, as they stood, to copy from. */
  readonly keptText: string
  /** The document as it stood; nothing observes or sends it any more. */
  readonly keptDocument: Y.Doc
  discard(): void
}
