import type * as Y from 'yjs'
import type { Action } from '../schema/access.ts'
import type { RoomDefinition } from '../schema/define-room.ts'
import type { ErrorCode } from '../schema/error-codes.ts'
import type { LiveStorage } from '../schema/live-storage.ts'
import type { Epoch, RoomName, Seq } from '../schema/room-name.ts'
import type { StorageProblem } from '../schema/storage.ts'
import type { StorageShape, StorageSnapshot } from '../schema/storage-words.ts'
import type { RoomLog } from './log.ts'
import type { User } from './presence.ts'
import type { RosterEntry } from './roster.ts'
import type { Store } from './store.ts'
import type { SyncStatus } from './sync-status.ts'
import type { UndoHistory } from './undo.ts'

/** The connection of a room. Of what is saved it says nothing: that is `SyncStatus`. */
export type Status = 'initial' | 'connecting' | 'connected' | 'reconnecting' | 'disconnected'

/** What you are and may do in a room; null until the server, or the stored copy, has said it. */
export interface Rights<R extends string = string> {
  readonly userId: string
  readonly name: string
  readonly role: R | 'admin'
  readonly mayWrite: boolean
  /** How far the server's clock is ahead of this machine's: what is written here is dated as there. */
  readonly serverAheadMs: number
}

/** Something that the app should tell its user. `retry`: the client is trying again by itself. */
export interface RoomError {
  /** `no-copy`: this device keeps no copy of the room, so changes live in this tab until they are saved. */
  readonly code: ErrorCode | 'no-copy'
  readonly message: string
  /** What it is about, as in `items/i1/start`; null where it is about no single place. */
  readonly path: string | null
  readonly retry: boolean
}

/** The room is refused for good. */
export interface RoomFailure extends RoomError {
  readonly code: ErrorCode
  readonly retry: false
}

/** lost: no connection for 5 s; restored: it is back; failed: refused for good, nothing is tried any more. */
export type ConnectionEvent = 'lost' | 'restored' | 'failed'

/** Somebody has taken a role for a limited time, with a reason that everybody reads, or has given it back. */
export interface Escalation {
  readonly userId: string
  readonly name: string
  readonly role: string
  readonly reason: string
  /** null: it has ended. */
  readonly until: Date | null
}

export interface EnterOptions<P> {
  readonly initialPresence: P
  /** Keep a copy on this device, so that edits outlive a closed tab; true where the device can. */
  readonly offline?: boolean
}

/** One room, as one connection sees it. What changes is a store; a refusal replaces `doc` and `storage` by new ones. */
export interface Room<St extends StorageShape = StorageShape, P = unknown, R extends string = string> {
  readonly name: RoomName
  /** The part of the name after the slash. */
  readonly id: string
  readonly definition: RoomDefinition<St, P, R>
  readonly doc: Y.Doc
  /** Reads and writes the document; each call outside `mutate` is a mutation of its own. */
  readonly storage: LiveStorage<St>
  /** There is something to show: the stored copy or the server's has been read, and the rights are known. */
  readonly ready: Store<boolean>
  readonly snapshot: Store<StorageSnapshot<St>>
  readonly status: Store<Status>
  /** Why nothing is tried any more: signed out, removed, deleted. null while the room can be reached or is tried. */
  readonly failure: Store<RoomFailure | null>
  readonly syncStatus: Store<SyncStatus>
  /** `syncStatus` with `saved` held back for 400 ms after `saving`, so that it does not flicker. */
  readonly smoothSyncStatus: Store<SyncStatus>
  readonly rights: Store<Rights<R> | null>
  readonly presence: Store<Readonly<P>>
  /** Yourself, in all your connections; null until the server has said who you are. */
  readonly self: Store<User<P, R> | null>
  /** Everybody else, ordered by id. */
  readonly others: Store<readonly User<P, R>[]>
  /** Who belongs to the room, whether they are here or not; read while somebody subscribes. */
  readonly roster: Store<readonly RosterEntry<R>[]>
  /** Watched while somebody subscribes; null until the server has answered. */
  readonly log: Store<RoomLog | null>
  readonly history: UndoHistory

  /**
   * Runs `change` in one transaction: one entry of the log, one step of undo.
   *
   * @throws RoomlogError `read-only` before anything is changed, when your role may not write
   * @throws RoomlogError `path-refused` when it may not write there; what was changed before it in `change` stays
   * @throws StorageError when a value does not fit; what was changed before it in `change` stays
   */
  mutate<T>(change: (storage: LiveStorage<St>) => T): T
  /**
   * May you do it now? The server refuses the rest.
   *
   * @param path as in `items`, `items/i1`, `items/i1/start`; left out: anywhere
   * @throws TypeError when the storage of the kind has no such key
   */
  can(action: Action, path?: string): boolean
  /** Publishes a part of your presence; others see it within 50 ms. */
  updatePresence(patch: Partial<P>): void
  /** Resolves when everything that was changed here before is committed; waits for the connection if need be. */
  flush(options?: { readonly signal?: AbortSignal }): Promise<{ readonly seq: Seq; readonly epoch: Epoch }>
  onError(listener: (error: RoomError) => void): () => void
  /** Tells what in the document does not fit the definition: it is left out of the snapshot. */
  onProblem(listener: (problem: StorageProblem) => void): () => void
  onEscalated(listener: (escalation: Escalation) => void): () => void
  onConnection(listener: (event: ConnectionEvent) => void): () => void
}
