/**
 * The group commit: everything that waits is written as one statement, as soon as the one before it has returned.
 *
 * There is no timer. Alone, an entry waits for one commit; under load, batches grow by themselves. One batch is in
 * flight, so the entries of a room are committed in the order in which they were appended.
 *
 *   append ──▶ filling ──kick──▶ in flight ──▶ committed: listeners, then everybody who asked `whenCommitted`
 *                 ▲                  │
 *                 └── retry, same seqs: exactly once
 */

import { type ErrorCode, RoomlogError } from '../../schema/error-codes.ts'
import { monotonic, randomBelow, sleep } from '../clock.ts'
import { type Database, DatabaseError, type Lane } from '../database/database.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import { appendBatch, isCollision, locateBatch, type Placed, readStandings, registerRooms } from './append.ts'
import { Batch, type CommitListener, type Group } from './batch.ts'
import { BatchSize } from './batch-size.ts'
import type { AppendedEntry, RoomLog } from './room-log.ts'

const retryDelayMsMax = 1_000
/** A statement that takes longer than this makes the node not ready. */
const lateMs = 3_000

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
  readonly #size = new BatchSize()
  /** Oldest first; those that have room are being filled, none of them is empty or in flight. */
  #queue: Batch[] = []
  #flying: Batch | null = null
  #flyingSince = 0
  /** The batch that holds the newest entry of a room: what `whenCommitted` waits for. */
  readonly #newest = new Map<RoomLog, Batch>()
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
    { cause = null, mustFollow = false }: Partial<Pick<AppendedEntry, 'cause' | 'mustFollow'>> = {}
  ): void {
    const batch = this.#batchFor(room)
    batch.add(room, { author, update, source, cause, mustFollow, appendedAt: monotonic() })
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
    const batch = new Batch(this.#size)
    this.#queue.push(batch)
    return batch
  }

  async #run(): Promise<void> {
    for (let batch = this.#queue.shift(); batch !== undefined; batch = this.#queue.shift()) {
      this.#flying = batch
      this.#flyingSince = monotonic()
      for (const group of batch.groups.values()) group.base = group.room.head
      await this.#write(batch)
      this.#flying = null
    }
    for (const resolve of this.#onIdle.splice(0)) resolve()
  }

  /** Tries until the batch is written or cannot be: a fault of the database is waited out, a fault of the batch is not. */
  async #write(batch: Batch): Promise<void> {
    for (let faults = 0; batch.groups.size > 0; ) {
      try {
        await this.#attempt(batch)
        this.#recovered()
      } catch (error) {
        if (!(error instanceof DatabaseError)) throw error
        if (error.kind === 'bug' || error.kind === 'constraint') {
          this.#recovered()
          return this.#isolate(batch, error)
        }
        if (error.kind !== 'conflict') this.#failing(error)
        await sleep(Math.min(retryDelayMsMax, 20 * 2 ** Math.min(faults++, 10)) * (0.5 + randomBelow(0.5)))
      }
      const parts = batch.apart()
      if (parts.length > 1) return this.#writeEach(parts)
    }
  }

  async #writeEach(parts: readonly Batch[]): Promise<void> {
    for (const part of parts) await this.#write(part)
  }

  /** Writes what it can and takes that out of the batch; what stays there is to be tried again. */
  async #attempt(batch: Batch): Promise<void> {
    const groups = [...batch.groups.values()]
    const fresh = groups.filter(({ room }) => !room.isStored)
    if (fresh.length > 0) await registerRooms(this.#lane, fresh)
    const began = monotonic()
    this.#finish(batch, began, await this.#append(groups))
    if (batch.groups.size > 0) await this.#settle(batch, began)
  }

  /** Where the entries are; nowhere, if somebody was there first. */
  async #append(groups: readonly Group[]): Promise<Map<string, Placed>> {
    try {
      return await appendBatch(this.#lane, groups)
    } catch (error) {
      if (isCollision(error)) return new Map()
      for (const group of groups) group.isUncertain = true
      throw error
    }
  }

  /** Why was something not written? It is already, or cannot be, or another node's entries stand in its place. */
  async #settle(batch: Batch, began: number): Promise<void> {
    const groups = [...batch.groups.values()]
    const standings = await readStandings(
      this.#lane,
      groups.map(({ room }) => room)
    )
    const uncertain = groups.filter(({ isUncertain }) => isUncertain)
    this.#finish(batch, began, await locateBatch(this.#lane, uncertain))
    for (const group of batch.groups.values()) {
      const { name, id } = group.room
      const standing = standings.get(id)
      if (standing?.isOpen !== true) this.#refuse(batch, group, 'room-deleted', `${name} was deleted`)
      else if (standing.head < group.base)
        this.#refuse(batch, group, 'resync', `${name} ends at ${standing.head}, not ${group.base}`)
      else if (standing.head > group.base && group.mustFollow)
        this.#refuse(
          batch,
          group,
          'version-conflict',
          `${name} stands at ${standing.head}, not ${group.base}`
        )
      else group.moveTo(standing.head)
    }
  }

  /** One of the rooms makes the statement fail: each is written alone, and the one that cannot be is left out. */
  async #isolate(batch: Batch, error: DatabaseError): Promise<void> {
    if (batch.groups.size > 1) return this.#writeEach(batch.split())
    const [only] = batch.groups.values()
    this.#options.logger.error(
      { err: error, room: only?.room.name, entries: batch.entries },
      'entries cannot be written'
    )
    if (only !== undefined)
      this.#drop(only, new RoomlogError('internal', 'the entries cannot be written', { cause: error }))
  }

  #finish(batch: Batch, began: number, placed: ReadonlyMap<string, Placed>): void {
    const { entries, bytes } = batch
    for (const group of batch.groups.values()) {
      const place = placed.get(group.room.id)
      if (place === undefined) continue
      group.room.reached(place.seq)
      this.#release(group)
      batch.remove(group.room)
      for (const then of group.listeners) then(null)
      group.room.listener?.committed({ seq: place.seq, at: place.at, entries: group.entries })
      this.#options.metrics.shown((monotonic() - (group.entries[0]?.appendedAt ?? began)) / 1000)
    }
    if (placed.size === 0) return
    const ms = monotonic() - began
    this.#size.committed(entries - batch.entries, bytes - batch.bytes, ms)
    this.#options.metrics.committed(entries - batch.entries, ms / 1_000)
  }

  #refuse(batch: Batch, group: Group, reason: ErrorCode, detail: string): void {
    batch.remove(group.room)
    this.#drop(group, new RoomlogError(reason, detail))
  }

  /** What the room has appended since builds on what is dropped, and goes with it: its log would have a hole. */
  #drop(group: Group, error: RoomlogError): void {
    const { room } = group
    const since = this.#queue.flatMap((batch) => batch.remove(room) ?? [])
    this.#queue = this.#queue.filter(({ entries }) => entries > 0)
    this.#newest.delete(room)
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
