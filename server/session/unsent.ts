/** Small frames are copied when those of one step are written as one. */
const smallBytesMax = 16_384

/**
 * What was written for the sessions of this node and their readers have not taken: one count for all of them, in which a
 * frame that many share counts once, as it does in memory.
 */
export class Unsent {
  readonly #bytesMax: number
  readonly #holders = new Map<Buffer, number>()
  bytes = 0

  constructor(bytesMax: number) {
    this.#bytesMax = bytesMax
  }

  get isFull(): boolean {
    return this.bytes > this.#bytesMax
  }

  /**
   * How much of what may wait for one session may do so now: all of it up to half of the bound, then less and less, so
   * that those who are furthest behind are the first who get nothing more. From three quarters on nobody gets more: what
   * was begun still fits.
   */
  get share(): number {
    return Math.max(0, Math.min(1, 3 - (4 * this.bytes) / this.#bytesMax))
  }

  hold(frame: Buffer): void {
    if (frame.length <= smallBytesMax) {
      this.bytes += frame.length
      return
    }
    const holders = this.#holders.get(frame) ?? 0
    if (holders === 0) this.bytes += frame.length
    this.#holders.set(frame, holders + 1)
  }

  letGo(frame: Buffer): void {
    if (frame.length <= smallBytesMax) {
      this.bytes -= frame.length
      return
    }
    const holders = this.#holders.get(frame) ?? 0
    if (holders > 1) this.#holders.set(frame, holders - 1)
    else if (this.#holders.delete(frame)) this.bytes -= frame.length
  }
}
