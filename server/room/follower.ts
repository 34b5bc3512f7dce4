/**
 * How a room follows what other nodes write to its log. They say what they committed; what they say may be lost, late or
 * repeated, so an entry is taken only in its turn, and whatever is missing is read from Postgres.
 *
 *   heard ──in turn──────▶ taken ──▶ document, everybody here
 *     │ too early              ▲
 *     ▼                        │
 *   kept ──soon────▶ catch up ─┘◀── the head is beyond, or somebody asks
 */
import { RoomlogError } from '../../schema/error-codes.ts'
import type { Epoch, RoomName, Seq } from '../../schema/room-name.ts'
import { after } from '../clock.ts'
import type { Standing, Tails } from '../log/tail.ts'
import type { FannedBatch } from './fan-out.ts'
import { Frontier } from './frontier.ts'

/** An entry of another node, or of another life of this one. */
export interface ForeignEntry {
  readonly seq: Seq
  /** Milliseconds since 1970. */
  readonly at: number
  readonly author: string
  readonly isRelayed: boolean
  /** null: an event, which changes no document. */
  readonly update: Uint8Array | null
}

export interface FollowerParts {
  readonly name: RoomName
  readonly tails: Tails
  readonly epoch: () => Epoch
  /** The newest entry of the log that is known of: appends go behind it. */
  readonly headIs: (head: Seq) => void
  /** Entries of this node that are on their way to Postgres. */
  readonly waiting: () => number
  /** In the order of the log, none twice. Throws what Yjs throws. */
  readonly take: (entries: readonly ForeignEntry[]) => void
  readonly onLost: (error: RoomlogError) => void
  /** A hole was found and is filled from Postgres. */
  readonly onRepair: () => void
}

/** Messages that came too early: more are dropped, and read from the log. */
const earlyMax = 64
/** What is missing is mostly on its way. */
const patienceMs = 40
const retryMs = 1_000

export class Follower {
  readonly #parts: FollowerParts
  readonly #frontier: Frontier
  #early: FannedBatch[] = []
  /** The newest entry that anybody has spoken of. */
  #known: Seq
  #isCatchUpDue = false
  #running: Promise<void> | null = null
  #next: Promise<void> | null = null
  #isClosed = false

  constructor(parts: FollowerParts, applied: Seq) {
    this.#parts = parts
    this.#frontier = new Frontier(applied)
    this.#known = applied
  }

  get applied(): Seq {
    return this.#frontier.applied
  }

  /** How many entries of the log the document has. */
  get count(): number {
    return this.#frontier.count
  }

  get hasGap(): boolean {
    return this.#frontier.hasGap
  }

  /** Entries of this node are committed. */
  committed(first: Seq, last: Seq): void {
    this.#frontier.add(first, last)
    if (this.#frontier.hasGap) this.#catchUpSoon()
    else this.#takeEarly()
  }

  /** Another node says that it committed these. */
  heard(batch: FannedBatch): void {
    const { name, epoch } = this.#parts
    if (this.#isClosed || batch.last <= this.applied) return
    if (batch.epoch !== epoch())
      return this.#lose(
        new RoomlogError('resync', `${name} has another log: epoch ${batch.epoch}, not ${epoch()}`)
      )
    this.#knows(batch.last)
    if (batch.entries === null) return this.#catchUpSoon(0)
    if (batch.first <= this.applied + 1) {
      this.#take(entriesOf(batch))
      return this.#takeEarly()
    }
    if (this.#early.length < earlyMax) this.#early.push(batch)
    this.#catchUpSoon()
  }

  /** The database was asked: is something there that nobody said? @param since what the document had when it was asked */
  standsAt({ epoch, head, isDeleted }: Standing, since: Seq): void {
    const { name, waiting } = this.#parts
    if (isDeleted) return this.#lose(new RoomlogError('room-deleted', `${name} was deleted`))
    if (epoch !== this.#parts.epoch())
      return this.#lose(new RoomlogError('resync', `${name} has another log: epoch ${epoch}`))
    if (head < since)
      return this.#lose(
        new RoomlogError('resync', `${name} ends at ${head} in the database, ${since} were committed`)
      )
    // What is just being written by this node is there before this node knows.
    if (head <= this.applied + (this.hasGap ? 0 : waiting())) return
    this.#knows(head)
    this.#catchUpSoon(0)
  }

  /** Resolves when everything that was committed before the call is in the document. @throws RoomlogError 'unavailable' */
  catchUp(): Promise<void> {
    if (this.#isClosed) return Promise.resolve()
    if (this.#running === null) {
      this.#running = this.#read().finally(() => {
        this.#running = null
      })
      return this.#running
    }
    // The query that is under way may have looked too early: all who ask now share the next one.
    const running = this.#running
    const again = (): Promise<void> => {
      this.#next = null
      return this.catchUp()
    }
    this.#next ??= running.then(again, again)
    return this.#next
  }

  close(): void {
    this.#isClosed = true
    this.#early = []
  }

  async #read(): Promise<void> {
    const { name, tails } = this.#parts
    for (;;) {
      const page = await tails.read(name, this.applied)
      const last = page.at(-1)
      if (last === undefined || this.#isClosed) return this.#takeEarly()
      this.#knows(last.seq)
      this.#take(page)
      // A page that brings nothing on has a hole behind it: no gap of a log is ever closed.
      if (this.applied < last.seq)
        return this.#lose(new RoomlogError('room-corrupt', `${name} has no entry ${this.applied + 1}`))
    }
  }

  #take(entries: readonly ForeignEntry[]): void {
    const fresh = entries.filter(({ seq }) => !this.#frontier.has(seq))
    const [first, last] = [entries[0], entries.at(-1)]
    if (first === undefined || last === undefined || first.seq > this.applied + 1) return
    try {
      if (fresh.length > 0) this.#parts.take(fresh)
      this.#frontier.add(first.seq, last.seq)
    } catch (error) {
      const reason = error instanceof RoomlogError ? error : null
      this.#lose(reason ?? new RoomlogError('resync', `${this.#parts.name} is read anew`, { cause: error }))
    }
  }

  #takeEarly(): void {
    if (this.#early.length === 0) return
    const early = this.#early.filter(({ last }) => last > this.applied).sort((a, b) => a.first - b.first)
    this.#early = []
    for (const batch of early) {
      if (batch.first <= this.applied + 1) this.#take(entriesOf(batch))
      else this.#early.push(batch)
    }
    if (this.#early.length > 0) this.#catchUpSoon()
  }

  #catchUpSoon(ms = patienceMs): void {
    if (this.#isCatchUpDue) return
    this.#isCatchUpDue = true
    after(ms, () => {
      this.#isCatchUpDue = false
      if (this.#isClosed || (!this.hasGap && this.#known <= this.applied)) return
      this.#parts.onRepair()
      this.catchUp().catch(() => this.#catchUpSoon(retryMs))
    })
  }

  #knows(head: Seq): void {
    if (head > this.#known) this.#known = head
    this.#parts.headIs(head)
  }

  #lose(error: RoomlogError): void {
    if (this.#isClosed) return
    this.close()
    this.#parts.onLost(error)
  }
}

const entriesOf = ({ first, at, entries }: FannedBatch): readonly ForeignEntry[] =>
  (entries ?? []).map((entry, index) => ({ ...entry, at, seq: (first + index) as Seq }))
