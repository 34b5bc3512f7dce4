import { syncStatusFrame } from './frames.ts'

/** So many are made at once. */
const most = 32

/** Acknowledgements of one connection, each a frame of its own, of which many are one write. */
export class Acknowledgements {
  readonly #one: Buffer

  constructor(prefix: Uint8Array) {
    this.#one = syncStatusFrame(prefix, true)
  }

  /** @param write is called with frames for `count` updates that are saved */
  write(count: number, write: (frames: Buffer) => void): void {
    for (let left = count; left > 0; left -= most) {
      const some = Math.min(left, most)
      write(some === 1 ? this.#one : Buffer.concat(Array.from({ length: some }, () => this.#one)))
    }
  }
}
