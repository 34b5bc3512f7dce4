/**
 * The group commit: everything that waits is written as one statement, as soon as the one before it has returned.
 *
 * There is no timer. Alone, an entry waits for one commit; under load, batches grow by themselves. One batch is in
 * flight, so the entries of a room are committed in the order in which they were appended.
 *
 *   append ──▶ filling ──kick──▶ in flight ──▶ committed: listeners, then everybody who asked `whenCommitted`
 *                 ▲                  │
 *                 └── retry, same number: exactly once
 */

import { RoomlogError } from '../../schema/error-codes.ts'
import { after, monotonic, randomBelow, randomId, sleep } from '../clock.ts'
import { type Database, DatabaseError, type Lane } from '../database/database.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import {
  appendBatch,
  locateBatch,
  type Placed,
  registerRooms,
  registerWriter,
  writerBatch
} from './append.ts'
import type { AppendedEntry, RoomLog } from './room-log.ts'

/** A statement larger than this stalls everybody behind it. */
const batchEntriesMax = 2_000
const batchBytesMax = 4 * 1024 * 1024
/** What one room may have in a batch: whoever wrote one entry does not wait for all that another room has piled up. */
const roomEntriesMax = batchEntriesMax / 4
const roomBytesMax = batchBytesMax / 4
const retryDelayMsMax = 1_000
/** A statement that takes longer than this makes the node not ready. */
const lateMs = 3_000
/** The row of a writer that is gone does no harm: it is not worth a long wait. */
const unregisterMsMax = 1_000

/** Called with null once committed, or with the reason why it never will be. */
export type CommitListener = (error: RoomlogError | null) => void

/** What one batch holds of one room. */
interface Group {
  readonly room: RoomLog
  readonly entries: AppendedEntry[]
  bytes: number
  readonly listeners: CommitListener[]
}

class Batch {
  readonly groups = new Map<RoomLog, Group>()
  entries = 0
  bytes = 0

  get isFull(): boolean {
    return this.entries >= batchEntriesMax || this.bytes >= batchBytesMax
  }

  hasRoomFor(room: RoomLog): boolean {
    const { entries: { length } = [], bytes = 0 } = this.groups.get(room) ?? {}
    return !this.isFull && length < roomEntriesMax && bytes < roomBytesMax
  }

  add(room: RoomLog, entry: AppendedEntry): void {
    let group = this.groups.get(room)
    if (group === undefined) {
      group = { room, entries: [], bytes: 0, listeners: [] }
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
    return [...this.groups.values()].map((group) => {
      const batch = new Batch()
      batch.groups.set(group.room, group)
      batch.entries = group.entries.length
      batch.bytes = group.bytes
      return batch
    })
  }
}

export interface GroupCommitOptions {
  readonly database: Database
  readonly logger: Logger
  readonly metrics: Metrics
  /** How many bytes may wait before `isFull`. */
  readonly backlogBytesMax: number
  /** How long one statement may take before its connection is given up and it is tried again. */
  readonly commitTimeoutMs: number
}

export class GroupCommit {
  readonly #options: GroupCommitOptions
  readonly #lane: Lane
  #writer = randomId()
  /** Oldest first; those that have room are being filled, none of them is empty or in flight. */
  #queue: Batch[] = []
  #flying: Batch | null = null
  #flyingSince = 0
  /** The batch that holds the newest entry of a room: what `whenCommitted` waits for. */
  readonly #newest = new Map<RoomLog, Batch>()
  #number = 0
  #isRegistered = false
  #failedSince: number | null = null
  #onIdle: (() => void)[] = []
  waitingEntries = 0
  waitingBytes = 0

  private constructor(options: GroupCommitOptions, lane: Lane) {
    this.#options = options
    this.#lane = lane
  }

  static async open(options: GroupCommitOptions): Promise<GroupCommit> {
    return new GroupCommit(options, await options.database.lane({ timeoutMs: options.commitTimeoutMs }))
  }

  /** Did the last attempt to write succeed, and is the one under way not late? */
  get isAble(): boolean {
    return this.#failedSince === null && (this.#flying === null || monotonic() - this.#flyingSince < lateMs)
  }

  /** Milliseconds since the log could last be written, 0 while it can. */
  get failingForMs(): number {
    return this.#failedSince === null ? 0 : monotonic() - this.#failedSince
  }

  /** At the bound: whoever brings more has to wait. */
  get isFull(): boolean {
    return !this.hasRoomFor(0)
  }

  /** Would so many bytes that are about to be appended leave room for more? */
  hasRoomFor(bytes: number): boolean {
    return this.waitingBytes + bytes < this.#options.backlogBytesMax
  }

  /** Appends an entry: synchronous, never throws. It is written with the next `kick`. */
  append(
    room: RoomLog,
    author: string,
    update: Uint8Array,
    source: object | null,
    cause: object | null = null
  ): void {
    const batch = this.#batchFor(room)
    batch.add(room, { author, update, source, cause, appendedAt: monotonic() })
    this.#newest.set(room, batch)
    room.waiting++
    this.waitingEntries++
    this.waitingBytes += update.length
  }

  /** Calls `then` when everything that the room has appended so far is committed: at once, if nothing waits. */
  whenCommitted(room: RoomLog, then: CommitListener): void {
    const group = this.#newest.get(room)?.groups.get(room)
    if (group === undefined) then(null)
    else group.listeners.push(then)
  }

  /** The same as a promise. @throws RoomlogError what the room has appended cannot be written */
  committed(room: RoomLog): Promise<void> {
    return new Promise((resolve, reject) => {
      this.whenCommitted(room, (error) => (error === null ? resolve() : reject(error)))
    })
  }

  /** Starts writing what waits, if nothing is being written. */
  kick(): void {
    if (this.#flying !== null || this.waitingEntries === 0) return
    void this.#run()
  }

  /** Resolves with true when nothing waits any more, with false when `deadlineMs` have passed before. */
  async flush(deadlineMs: number): Promise<boolean> {
    this.kick()
    if (this.waitingEntries === 0) return true
    const idle = new Promise<boolean>((resolve) => this.#onIdle.push(() => resolve(true)))
    return Promise.race([idle, sleep(deadlineMs).then(() => false)])
  }

  /** Ends writing; what waits is left. */
  async close(): Promise<void> {
    if (this.#isRegistered && this.isAble) {
      const stop = after(unregisterMsMax, () => void this.#lane.reset())
      await this.#unregister()
      stop()
    }
    await this.#lane.close()
  }

  /** The first batch that has room for it, not before what the room has appended already. */
  #batchFor(room: RoomLog): Batch {
    const newest = this.#newest.get(room)
    const from = newest === undefined ? 0 : Math.max(0, this.#queue.indexOf(newest))
    for (let at = from; at < this.#queue.length; at++) {
      const batch = this.#queue[at]
      if (batch?.hasRoomFor(room)) return batch
    }
    const batch = new Batch()
    this.#queue.push(batch)
    return batch
  }

  async #unregister(): Promise<void> {
    try {
      await this.#lane.query('delete from writer where id = $1::uuid', [this.#writer])
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      this.#options.logger.warn({ err: error }, 'the row of this writer stays in the database')
    }
  }

  async #run(): Promise<void> {
    for (let batch = this.#queue.shift(); batch !== undefined; batch = this.#queue.shift()) {
      this.#flying = batch
      this.#flyingSince = monotonic()
      await this.#write(batch)
      this.#flying = null
    }
    for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  /** Tries until the batch is written or cannot be: a fault of the database is waited out, a fault of the batch is not. */
  async #write(batch: Batch): Promise<void> {
    const number = ++this.#number
    for (let attempt = 0; ; attempt++) {
      try {
        const began = monotonic()
        const placed = await this.#attempt(batch, number, attempt > 0)
        this.#options.metrics.committed(batch.entries, (monotonic() - began) / 1000)
        this.#recovered()
        this.#finish(batch, placed)
        return
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error
        if (error.kind === 'bug' || error.kind === 'constraint') {
          this.#recovered()
          this.#number = number - 1
          return this.#isolate(batch, error)
        }
        if (error.kind !== 'conflict') this.#failing(error)
        await sleep(Math.min(retryDelayMsMax, 20 * 2 ** Math.min(attempt, 10)) * (0.5 + randomBelow(0.5)))
      }
    }
  }

  async #attempt(batch: Batch, number: number, isRetry: boolean): Promise<Map<string, Placed>> {
    const groups = [...batch.groups.values()]
    if (!this.#isRegistered) {
      await registerWriter(this.#lane, this.#writer, number - 1)
      this.#isRegistered = true
    }
    const fresh = groups.filter(({ room }) => !room.isStored)
    if (fresh.length > 0) await registerRooms(this.#lane, fresh)
    const placed = await appendBatch(this.#lane, this.#writer, number, groups)
    if (placed.size === groups.length) return placed
    if (placed.size === 0) await this.#checkWriter(number)
    return isRetry ? locateBatch(this.#lane, groups) : placed
  }

  /** A database that went back in time, by a failover or a restore, takes no batch of this writer, which begins anew. */
  async #checkWriter(number: number): Promise<void> {
    const batch = await writerBatch(this.#lane, this.#writer)
    if (batch === number) return
    this.#writer = randomId()
    this.#isRegistered = false
    throw new DatabaseError('conflict', `the database has this writer at batch ${batch}, not ${number}`)
  }

  /** One of the rooms makes the statement fail: each is written alone, and the one that cannot be is left out. */
  async #isolate(batch: Batch, error: DatabaseError): Promise<void> {
    const parts = batch.split()
    const [only] = batch.groups.values()
    if (parts.length > 1) {
      for (const part of parts) await this.#write(part)
      return
    }
    this.#options.logger.error(
      { err: error, room: only?.room.name, entries: batch.entries },
      'entries cannot be written'
    )
    if (only !== undefined)
      this.#drop(only, new RoomlogError('internal', 'the entries cannot be written', { cause: error }))
  }

  #finish(batch: Batch, placed: ReadonlyMap<string, Placed>): void {
    for (const group of batch.groups.values()) {
      const place = placed.get(group.room.id)
      if (place === undefined) {
        this.#drop(group, new RoomlogError('room-deleted', `${group.room.name} was deleted`))
        continue
      }
      group.room.head = place.seq
      this.#release(group)
      for (const then of group.listeners) then(null)
      group.room.listener?.committed({ seq: place.seq, at: place.at, entries: group.entries })
    }
  }

  /** What the room has appended since builds on what is dropped, and goes with it: its log would have a hole. */
  #drop(group: Group, error: RoomlogError): void {
    const { room } = group
    const since = this.#queue.flatMap((batch) => batch.remove(room) ?? [])
    this.#queue = this.#queue.filter(({ entries }) => entries > 0)
    for (const dropped of [group, ...since]) {
      this.#release(dropped)
      for (const then of dropped.listeners) then(error)
    }
    room.listener?.failed(error)
  }

  #release({ room, entries }: Group): void {
    const newest = this.#newest.get(room)
    if (newest?.groups.get(room)?.entries === entries) this.#newest.delete(room)
    room.waiting -= entries.length
    this.waitingEntries -= entries.length
    for (const { update } of entries) this.waitingBytes -= update.length
  }

  #failing(error: DatabaseError): void {
    if (this.#failedSince === null) {
      this.#options.logger.warn(
        { err: error, waiting: this.waitingEntries, bytes: this.waitingBytes },
        'log cannot be written, retrying'
      )
      this.#failedSince = monotonic()
    }
  }

  #recovered(): void {
    if (this.#failedSince === null) return
    this.#options.logger.info(
      { durationMs: Math.round(this.failingForMs), waiting: this.waitingEntries },
      'log can be written again'
    )
    this.#failedSince = null
  }
}
