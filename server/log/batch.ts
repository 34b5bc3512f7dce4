/** What one statement of the group commit holds: entries of several rooms, of none so many that the others wait for it. */
import type { RoomlogError } from '../../schema/error-codes.ts'
import type { Seq } from '../../schema/room-name.ts'
import type { RoomEntries } from './append.ts'
import type { BatchSize } from './batch-size.ts'
import type { AppendedEntry, RoomLog } from './room-log.ts'

/** Called with null once committed, or with the reason why it never will be. */
export type CommitListener = (error: RoomlogError | null) => void

/** What one room may have of a batch: whoever wrote one entry does not wait for all that another room has piled up. */
const roomsPerBatch = 4

/** What one batch holds of one room. */
export class Group implements RoomEntries {
  readonly room: RoomLog
  readonly entries: AppendedEntry[] = []
  bytes = 0
  readonly listeners: CommitListener[] = []
  /** Stays what it was at the first attempt until it is known that nothing of this was written behind it. */
  base: Seq
  /** An attempt failed, in any way: it may be committed, or yet be, or so on one of several servers and not on another. */
  isUncertain = false
  /** Another node's entries were in the way. */
  isContested = false

  constructor(room: RoomLog) {
    this.room = room
    this.base = room.head
  }

  get mustFollow(): boolean {
    return this.entries.some(({ mustFollow }) => mustFollow)
  }

  /** Others were there first. */
  moveTo(head: Seq): void {
    if (head === this.base) return
    this.base = head
    this.isUncertain = false
    this.isContested = true
  }
}

export class Batch {
  readonly #size: BatchSize
  readonly groups = new Map<RoomLog, Group>()
  entries = 0
  bytes = 0

  constructor(size: BatchSize, groups: readonly Group[] = []) {
    this.#size = size
    for (const group of groups) {
      this.groups.set(group.room, group)
      this.entries += group.entries.length
      this.bytes += group.bytes
    }
  }

  get isFull(): boolean {
    return this.entries >= this.#size.entriesMax || this.bytes >= this.#size.bytesMax
  }

  hasRoomFor(room: RoomLog): boolean {
    const { entries: { length } = [], bytes = 0 } = this.groups.get(room) ?? {}
    const { entriesMax, bytesMax } = this.#size
    return !this.isFull && length < entriesMax / roomsPerBatch && bytes < bytesMax / roomsPerBatch
  }

  add(room: RoomLog, entry: AppendedEntry): void {
    let group = this.groups.get(room)
    if (group === undefined) {
      group = new Group(room)
      this.groups.set(room, group)
    }
    group.entries.push(entry)
    group.bytes += entry.update.length
    this.entries++
    this.bytes += entry.update.length
  }

  /** Takes out what it holds of a room. */
  remove(room: RoomLog): Group | undefined {
    const group = this.groups.get(room)
    if (group === undefined) return undefined
    this.groups.delete(room)
    this.entries -= group.entries.length
    this.bytes -= group.bytes
    return group
  }

  /** The same work, a batch per room. */
  split(): Batch[] {
    return [...this.groups.values()].map((group) => new Batch(this.#size, [group]))
  }

  /** The same work, the contested rooms last, so that nobody waits until these got through. */
  apart(): Batch[] {
    const groups = [...this.groups.values()]
    const calm = groups.filter(({ isContested }) => !isContested)
    const contested = groups.filter(({ isContested }) => isContested)
    return [calm, contested].filter(({ length }) => length > 0).map((part) => new Batch(this.#size, part))
  }
}
