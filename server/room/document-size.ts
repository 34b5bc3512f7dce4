import { monotonic } from '../clock.ts'

/** Measuring means to write the whole document down: not sooner again, unless there is a good part more. */
const measureMs = 1_000
const goodPart = 1 / 16

/** How many bytes a document takes at most: as many as were measured last, and all that was written since. */
export class DocumentSize {
  #measured: number
  /** When it was measured, in bytes written until then. */
  #measuredAt = 0
  #written = 0
  #measuredMs = -Infinity

  /** @param measured what the newest snapshot takes */
  constructor(measured: number) {
    this.#measured = measured
  }

  get bytesMax(): number {
    return this.#measured + this.#unmeasured
  }

  /** Some of what was written may have been written over or deleted since. */
  isWorthMeasuring(bytesMax: number): boolean {
    const isDue = monotonic() - this.#measuredMs >= measureMs
    return this.#unmeasured > (isDue ? 0 : bytesMax * goodPart)
  }

  grew(bytes: number): void {
    this.#written += bytes
  }

  /** Begins to measure it as it is now. @returns what to call with the result, at any time later */
  measure(): (bytes: number) => void {
    const at = this.#written
    return (bytes) => {
      if (at < this.#measuredAt) return
      this.#measured = bytes
      this.#measuredAt = at
      this.#measuredMs = monotonic()
    }
  }

  get #unmeasured(): number {
    return this.#written - this.#measuredAt
  }
}
