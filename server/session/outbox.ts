/** What leaves a session: whole frames, those of one step of the program together. */
import { atEndOfStep, monotonic } from '../clock.ts'
import type { Wire } from './wire.ts'

export interface OutboxParts {
  readonly wire: Pick<Wire, 'isOpen' | 'unsentBytes' | 'write'>
  /** How much may wait for a slow reader. */
  readonly bytesMax: number
  /** More waits than that: nothing further is written. */
  onFull(bytes: number): void
}

export class Outbox {
  readonly #parts: OutboxParts
  #frames: Buffer[] = []
  #bytes = 0
  /** When something was last written, by the monotonic clock. */
  writtenAt = monotonic()

  constructor(parts: OutboxParts) {
    this.#parts = parts
  }

  /** A frame may be shared with other sessions: it is not changed, before or after. */
  write(frame: Buffer): void {
    this.#bytes += frame.length
    if (this.#frames.push(frame) === 1) atEndOfStep(this.release)
    else if (this.#bytes > this.#parts.bytesMax) this.release()
  }

  readonly release = (): void => {
    const frames = this.#frames
    if (frames.length === 0) return
    this.#frames = []
    this.#bytes = 0
    const { wire, bytesMax, onFull } = this.#parts
    if (!wire.isOpen) return
    // What waited before: one large document alone may be above the limit.
    if (wire.unsentBytes > bytesMax) return onFull(wire.unsentBytes)
    this.writtenAt = monotonic()
    wire.write(frames)
  }
}
