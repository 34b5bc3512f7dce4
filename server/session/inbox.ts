/**
 * What a session has read and not yet taken up. In each turn of the event loop it takes up a share of it, as every other
 * session does: one read of a socket can bring thousands of frames, and nobody else waits for all of them.
 */
import type { Held } from './turn.ts'

/** What a session takes up in one turn: half a millisecond of key presses. */
const shareFrames = 64
const shareBytes = 64 * 1024

/** Who takes a frame up: it may find that the session is over, and `clear`. */
export interface Taker {
  takeUp(frame: Uint8Array): void
}

export class Inbox {
  readonly #held: Held
  readonly #taker: Taker
  #waiting: Uint8Array[] = []
  #next = 0
  /** Taken up in this turn. */
  #frames = 0
  #bytes = 0

  constructor(held: Held, taker: Taker) {
    this.#held = held
    this.#taker = taker
  }

  get isEmpty(): boolean {
    return this.#next === this.#waiting.length
  }

  /** Was anything taken up in this turn? */
  get isInTurn(): boolean {
    return this.#frames > 0
  }

  /** The frame is taken up now, or waits for its turn behind those that came before. */
  receive(frame: Uint8Array): void {
    this.#held.bytes += frame.length
    if (this.isEmpty && this.#hasShare) this.#take(frame)
    else this.#waiting.push(frame)
  }

  /** These come before all that wait. */
  receiveFirst(frames: readonly Uint8Array[]): void {
    for (const { length } of frames) this.#held.bytes += length
    this.#waiting = [...frames, ...this.#waiting.slice(this.#next)]
    this.#next = 0
    this.takeShare()
  }

  /** What was taken up in this turn is in the log or done with. */
  endTurn(): void {
    this.#held.bytes -= this.#bytes
    this.#frames = 0
    this.#bytes = 0
  }

  takeShare(): void {
    while (!this.isEmpty && this.#hasShare) this.#take(this.#pop())
  }

  /** Forgets what waits. */
  clear(): void {
    while (!this.isEmpty) this.#held.bytes -= this.#pop().length
  }

  get #hasShare(): boolean {
    return this.#frames < shareFrames && this.#bytes < shareBytes
  }

  #pop(): Uint8Array {
    const frame = this.#waiting[this.#next++]
    if (frame === undefined) throw new RangeError('nothing waits')
    if (!this.isEmpty) return frame
    this.#waiting = []
    this.#next = 0
    return frame
  }

  #take(frame: Uint8Array): void {
    this.#frames++
    this.#bytes += frame.length
    this.#taker.takeUp(frame)
  }
}
