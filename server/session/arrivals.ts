/**
 * The updates of one connection that came and are not applied yet: those of this turn, those that came too early, and,
 * while the room catches up with other nodes, all that came since.
 *
 *   received ──▶ inbox ──end of turn──▶ applied
 *      ▲            ▲
 *      │ first sync └── behind: the room asks Postgres first
 *    early
 */
import type { Excess } from '../too-many.ts'
import type { Held } from './turn.ts'
import { joinTyped, type Typed } from './typed.ts'

/** Updates that build on what only the first sync will bring: an honest client has few, for it sends the sync at once. */
const earlyUpdatesMax = 1_000
const earlyBytesMax = 1024 * 1024
const retrySeconds = 1
const afterwardsMax = 100
const none: readonly (() => void)[] = []

/** Has the update neither structs nor deletes? */
export const isNothing = (update: Uint8Array): boolean =>
  update.length === 2 && update[0] === 0 && update[1] === 0

/** What is to be applied, in its order. */
export interface Taken {
  readonly updates: readonly Uint8Array[]
  /** The same once more, as far as it was typed. */
  readonly typed: readonly Typed[]
  /** So many of the updates are judged for good. */
  readonly certain: number
}

export class Arrivals {
  readonly #held: Held
  #inbox: Uint8Array[] = []
  /** So many of those in the inbox came before the room had caught up: what is missing for them is missing everywhere. */
  #certain = 0
  #early: Uint8Array[] = []
  #earlyBytes = 0
  #behindBytes = 0
  #afterwards: readonly (() => void)[] = none
  /** The first sync step 2, until it is applied. */
  firstSync: Uint8Array | null = null
  /** What came waits until the room has caught up. */
  isBehind = false

  constructor(held: Held) {
    this.#held = held
  }

  get isEmpty(): boolean {
    return this.#inbox.length === 0
  }

  /** Does nothing wait? */
  get isIdle(): boolean {
    return this.isEmpty && !this.hasEarly && !this.isBehind
  }

  get hasEarly(): boolean {
    return this.#early.length > 0
  }

  receive(payload: Uint8Array): void {
    this.#inbox.push(this.isBehind ? this.#copy(payload) : payload)
  }

  /** What came before it and was too early follows it. */
  receiveFirst(payload: Uint8Array): void {
    this.receive(payload)
    this.firstSync = this.#inbox.at(-1) ?? null
    this.#inbox.push(...this.takeEarly())
  }

  /** What is to be applied now. */
  take(): Taken {
    if (this.isBehind) return { updates: [], typed: [], certain: 0 }
    // The first sync is judged by itself: another node may know of it.
    const typed = this.firstSync === null ? joinTyped(this.#inbox) : []
    const taken = { updates: this.#inbox, typed, certain: this.#certain }
    this.#inbox = []
    this.#certain = 0
    return taken
  }

  /** These are not applied before the room has caught up. */
  wait(updates: readonly Uint8Array[]): void {
    const kept = updates.map((update) => {
      const copy = this.#copy(update)
      if (update === this.firstSync) this.firstSync = copy
      return copy
    })
    this.#inbox = [...kept, ...this.#inbox]
    this.#certain = this.#inbox.length
    this.isBehind = true
  }

  /** Is to be done when the room has caught up, and what waits is applied; beyond so many, it is left out. */
  afterwards(then: () => void): void {
    if (this.#afterwards.length < afterwardsMax) this.#afterwards = [...this.#afterwards, then]
  }

  /** The room has caught up. @returns what is to be done afterwards */
  goOn(): readonly (() => void)[] {
    const afterwards = this.#afterwards
    this.#afterwards = none
    this.#held.bytes -= this.#behindBytes
    this.#behindBytes = 0
    this.isBehind = false
    return afterwards
  }

  /** Keeps an update until the first sync; what is too much of them, if it is. */
  keepEarly(update: Uint8Array): Excess | null {
    this.#early.push(Uint8Array.from(update))
    this.#held.bytes += update.length
    this.#earlyBytes += update.length
    const [count, when] = [this.#early.length, 'before the first sync']
    if (count > earlyUpdatesMax)
      return { what: `updates ${when}`, found: count, most: earlyUpdatesMax, retrySeconds }
    if (this.#earlyBytes <= earlyBytesMax) return null
    return { what: `bytes ${when}`, found: this.#earlyBytes, most: earlyBytesMax, retrySeconds }
  }

  takeEarly(): readonly Uint8Array[] {
    const early = this.#early
    this.#held.bytes -= this.#earlyBytes
    this.#early = []
    this.#earlyBytes = 0
    return early
  }

  /** A message is a view of what was read, which is not kept for longer than a turn. */
  #copy(update: Uint8Array): Uint8Array {
    this.#behindBytes += update.length
    this.#held.bytes += update.length
    return Uint8Array.from(update)
  }
}
