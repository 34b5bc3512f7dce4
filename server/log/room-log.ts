/**
 * The log of one room, as the rest of the server sees it: entries go in, and what was committed comes out.
 *
 * Four words, never mixed: an entry is *appended* (queued here), then *committed* (in Postgres), then *acknowledged*
 * (told to its author) and shown to the others. Nothing here waits; whoever needs the commit asks `whenCommitted`.
 */
import { hash } from 'node:crypto'
import type { RoomlogError } from '../../schema/error-codes.ts'
import { type Epoch, kindOf, type RoomName, type Seq } from '../../schema/room-name.ts'

export interface AppendedEntry {
  readonly author: string
  readonly update: Uint8Array
  /** Who brought it and so need not be shown it; null for the server itself. */
  readonly source: object | null
  /** What is to be known of how it came about; null: nothing but its author. */
  readonly cause: object | null
  /** It is not written behind an entry that this node did not know of when it was appended. */
  readonly mustFollow: boolean
  /** When it was appended, by the monotonic clock. */
  readonly appendedAt: number
}

/** What one statement wrote for one room: consecutive entries, the last at `seq`. */
export interface Commit {
  readonly seq: Seq
  /** The time of the entries, milliseconds since 1970. */
  readonly at: number
  readonly entries: readonly AppendedEntry[]
}

export interface RoomLogListener {
  /** Called once per commit, in the order of the log. */
  committed(commit: Commit): void
  /** The waiting entries of this room cannot be written, now or ever: they are dropped, and the document is ahead of its log. */
  failed(error: RoomlogError): void
}

/** The place of one room in the log: who it is, how far it is committed, and what still waits. */
export class RoomLog {
  readonly name: RoomName
  readonly kind: string
  readonly id: string
  epoch: Epoch
  /** The highest seq that is known to be committed. */
  head: Seq
  /** False until the room has its row: it gets one with its first entry. */
  isStored: boolean
  /** Entries that are appended and not committed. */
  waiting = 0
  listener: RoomLogListener | null = null
  /** The role that the author of the first entry has in it; null: they are no member of it. */
  readonly ownerRole: string | null

  constructor(name: RoomName, stored: { epoch: Epoch; head: Seq } | null, ownerRole: string | null) {
    this.name = name
    this.ownerRole = ownerRole
    this.kind = kindOf(name)
    this.id = roomIdOf(name)
    this.epoch = stored?.epoch ?? (1 as Epoch)
    this.head = stored?.head ?? (0 as Seq)
    this.isStored = stored !== null
  }

  /** An entry is committed there, by whichever node: nothing goes back. */
  reached(seq: Seq): void {
    if (seq > this.head) this.head = seq
    this.isStored = true
  }
}

/** The uuid that the name of a room stands for: 16 bytes of its SHA-256, so that no table has to be asked for it. */
export const roomIdOf = (name: RoomName): string => {
  const hex = hash('sha256', name)
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-${hex.slice(12, 16)}-${hex.slice(16, 20)}-${hex.slice(20, 32)}`
}
