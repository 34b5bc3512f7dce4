/** How fast one session may send: a bucket that empties by what comes and fills with time. */
import { monotonic } from '../clock.ts'

/** A second's worth may come at once, for a client that was offline has much to say. */
export class RateLimit {
  readonly #perSecond: number
  #left: number
  #at = monotonic()

  constructor(perSecond: number) {
    this.#perSecond = perSecond
    this.#left = perSecond
  }

  /** Takes `amount`; the result is how many milliseconds the sender has to wait before the next, 0 if it need not. */
  take(amount: number): number {
    this.#left -= amount
    if (this.#left >= 0) return 0
    const now = monotonic()
    this.#left = Math.min(this.#perSecond, this.#left + ((now - this.#at) * this.#perSecond) / 1_000)
    this.#at = now
    return this.#left >= 0 ? 0 : Math.ceil((-this.#left * 1_000) / this.#perSecond)
  }
}
