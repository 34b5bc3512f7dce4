import { syncStatusFrame } from './frames.ts'

/** So many are made at once. */
const most = 32

/** Acknowledgements of one connection, each a frame of its own, of which many are one write. */
export class Acknowledgements {
  readonly #one: Buffer
  /** Who comes with nothing has nothing to save: that is said with the greeting, and not again for what they answer. */
  #isAnswerPaid = false
  /** Frames that came and are acknowledged already. */
  #paid = 0

  constructor(prefix: Uint8Array) {
    this.#one = syncStatusFrame(prefix, true)
  }

  /** The client was greeted, and acknowledged with that or not. */
  greeted(isPaid: boolean): void {
    this.#isAnswerPaid = isPaid
  }

  /** What it answers to the greeting has come. */
  answered(): void {
    if (this.#isAnswerPaid) this.#paid++
    this.#isAnswerPaid = false
  }

  /** How many of so many frames are still to be acknowledged. */
  owed(frames: number): number {
    const owed = Math.max(0, frames - this.#paid)
    this.#paid = 0
    return owed
  }

  /** @param write is called with frames for `count` updates that are saved */
  write(count: number, write: (frames: Buffer) => void): void {
    for (let left = count; left > 0; left -= most) {
      const some = Math.min(left, most)
      write(some === 1 ? this.#one : Buffer.concat(Array.from({ length: some }, () => this.#one)))
    }
  }
}
