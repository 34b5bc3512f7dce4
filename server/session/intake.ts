/**
 * How fast a session is read. Whoever is too fast, or brings more than the log can take, is not read for a while: that
 * is their own back-pressure, and nothing of what they say is lost. Whoever does not let up is told by name, and goes.
 *
 *   read ──above its rate, answered at length, log full, still at work──▶ paused ──paid, done──▶ read
 *    └────────────above its rate for longer than `floodTimeoutMs`────────▶ too-many
 */
import { after, monotonic } from '../clock.ts'
import type { Config } from '../config.ts'
import { describeExcess } from '../too-many.ts'
import { type Owed, Pace } from './limits.ts'

export interface IntakeParts {
  readonly config: Pick<Config, 'framesPerSecondMax' | 'bytesPerSecondMax' | 'floodTimeoutMs'>
  /** False while the log has more waiting than it may hold. */
  mayTakeMore(): boolean
  /** Has the socket not read any more, and read again. */
  pause(): void
  resume(): void
  /** Asks for a call of `readOn` when it is this session's turn. */
  awaitTurn(): void
  /** Takes a little of what came while the socket was paused; false where little is left. */
  readSome(): boolean
  onFlood(detail: string): void
  /** The log has taken nothing for too long. */
  onStuck(detail: string): void
}

/** A session that the log cannot take more from is asked to come back later. */
const pausedMsMax = 30_000
/** One session takes a fifth of the node's time at most. */
const restPerWork = 4
const workMsMin = 2

export class Intake {
  readonly #parts: IntakeParts
  readonly #pace: Pace
  #isPaused = false
  #pausedAt = 0
  /** Until when the sender has to wait. */
  #owesUntil = 0
  #isAtWork = false
  #cancelResume = (): void => {}

  constructor(parts: IntakeParts) {
    this.#parts = parts
    const { framesPerSecondMax: framesPerSecond, bytesPerSecondMax: bytesPerSecond } = parts.config
    this.#pace = Pace.ofSession({ framesPerSecond, bytesPerSecond })
  }

  get isPaused(): boolean {
    return this.#isPaused
  }

  /** What it takes until this session may send as much as anybody who comes. */
  get owed(): Owed {
    return this.#pace.owed
  }

  /** It is known who this is, and what they left to be paid. */
  owe(owed: Owed): void {
    this.#pace.owe(owed)
  }

  /** A frame came. @param pace of whom, where it is not the session as a whole */
  take(bytes: number, pace: Pace = this.#pace): void {
    const waitMs = pace.take(bytes)
    const flood = waitMs > 0 ? pace.floodOf(this.#parts.config.floodTimeoutMs) : null
    if (flood !== null) return this.#parts.onFlood(describeExcess(flood))
    // Messages that were read already still come, and each of them adds to what is owed.
    if (waitMs > 0 || !this.#parts.mayTakeMore()) this.#pause(monotonic() + waitMs)
  }

  /** An answer took this long: the other sessions have their turn before this one can ask again. */
  rest(workMs: number): void {
    if (workMs < workMsMin) return
    this.#pause(Math.max(this.#owesUntil, monotonic()) + workMs * restPerWork)
  }

  /** While what was read last is worked through, nothing more is read. */
  work(isAtWork: boolean): void {
    if (this.#isAtWork === isAtWork) return
    this.#isAtWork = isAtWork
    if (isAtWork) this.#pause(0)
    else this.#resumeWhenPaid()
  }

  /** It is this session's turn. All that came meanwhile would come at once, and everybody would wait for it to be taken apart. */
  readOn(): void {
    if (!this.#isPaused || this.#isAtWork || monotonic() < this.#owesUntil) return
    if (this.#parts.readSome()) this.#resumeWhenPaid()
    else this.#resume()
  }

  /** Once a second: does the log take more again? */
  sweep(now: number): void {
    if (!this.#isPaused) return
    if (this.#parts.mayTakeMore()) this.#resumeWhenPaid()
    else if (now - this.#pausedAt > pausedMsMax)
      this.#parts.onStuck(`the log has taken nothing for ${pausedMsMax} ms`)
  }

  /** The socket is read again, whatever is owed: it is about to be closed. */
  end(): void {
    this.#cancelResume()
    this.#resume()
  }

  #pause(until: number): void {
    this.#owesUntil = Math.max(this.#owesUntil, until)
    if (this.#isPaused) return
    this.#isPaused = true
    this.#pausedAt = monotonic()
    this.#parts.pause()
    this.#resumeWhenPaid()
  }

  #resumeWhenPaid(): void {
    if (!this.#isPaused || this.#isAtWork) return
    this.#cancelResume()
    const waitMs = this.#owesUntil - monotonic()
    if (waitMs > 0) this.#cancelResume = after(waitMs, () => this.#resumeWhenPaid())
    else if (this.#parts.mayTakeMore()) this.#parts.awaitTurn()
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#parts.resume()
  }
}
