/** How fast one session may send, and how often it is answered where a short question has a long answer. */
import { after, monotonic } from '../clock.ts'

/** A bucket that empties by what comes and fills with time. A second's worth may come at once, for a client that was offline has much to say. */
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

/** Runs at once when asked, then not again within `everyMs`: whatever is asked meanwhile is answered once, after that. */
export class Spaced {
  readonly #everyMs: number
  readonly #run: () => void
  #ranAt = Number.NEGATIVE_INFINITY
  #isDue = false

  constructor(everyMs: number, run: () => void) {
    this.#everyMs = everyMs
    this.#run = run
  }

  ask(): void {
    if (this.#isDue) return
    const waitMs = this.#ranAt + this.#everyMs - monotonic()
    if (waitMs <= 0) return this.#now()
    this.#isDue = true
    after(waitMs, () => this.#now())
  }

  #now(): void {
    this.#isDue = false
    this.#ranAt = monotonic()
    this.#run()
  }
}
