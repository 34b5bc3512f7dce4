/**
 * How fast a session is read. Whoever is too fast, or brings more than the log can take, is not read for a while: that
 * is their own back-pressure, and nothing of what they say is lost. Whoever does not let up is told by name, and goes.
 *
 *   read ──above its rate, answered at length, log full, still at work──▶ paused ──paid, done──▶ read
 *    └────────────above its rate for longer than `floodTimeoutMs`────────▶ too-many
 */
import type { ErrorCode } from '../../schema/error-codes.ts'
import { after, monotonic } from '../clock.ts'
import type { Config } from '../config.ts'
import { describeExcess } from '../too-many.ts'
import { type Owed, Pace } from './limits.ts'
import type { Sharer, Turn } from './turn.ts'
import type { Wire } from './wire.ts'

/** Whose intake it is. */
export interface Source extends Sharer {
  readonly wire: Pick<Wire, 'pause' | 'resume' | 'readSome'>
  heard(): void
  end(code: ErrorCode, detail: string): void
}

/** A session that the log cannot take more from is asked to come back later. */
const pausedMsMax = 30_000
/** One session takes a fifth of the node's time at most. */
const restPerWork = 4
const workMsMin = 2

export class Intake {
  readonly #source: Source
  readonly #turn: Turn
  readonly #floodTimeoutMs: number
  readonly #pace: Pace
  #isPaused = false
  #pausedAt = 0
  /** Until when the sender has to wait. */
  #owesUntil = 0
  #isAtWork = false
  #cancelResume: (() => void) | null = null

  constructor(
    source: Source,
    turn: Turn,
    limits: Pick<Config, 'framesPerSecondMax' | 'bytesPerSecondMax' | 'floodTimeoutMs'>
  ) {
    this.#source = source
    this.#turn = turn
    this.#floodTimeoutMs = limits.floodTimeoutMs
    const { framesPerSecondMax: framesPerSecond, bytesPerSecondMax: bytesPerSecond } = limits
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
    const flood = waitMs > 0 ? pace.floodOf(this.#floodTimeoutMs) : null
    if (flood !== null) return this.#source.end('too-many', describeExcess(flood))
    // Messages that were read already still come, and each of them adds to what is owed.
    if (waitMs > 0 || !this.#turn.mayTakeMore) this.#pause(monotonic() + waitMs)
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
    if (this.#source.wire.readSome()) this.#resumeWhenPaid()
    else this.#resume()
  }

  /** Once a second: does the log take more again? */
  sweep(now: number): void {
    if (!this.#isPaused) return
    if (this.#turn.mayTakeMore) this.#resumeWhenPaid()
    else if (now - this.#pausedAt > pausedMsMax)
      this.#source.end('unavailable', `the log has taken nothing for ${pausedMsMax} ms`)
  }

  /** The socket is read again, whatever is owed: it is about to be closed. */
  end(): void {
    this.#cancelResume?.()
    this.#resume()
  }

  #pause(until: number): void {
    this.#owesUntil = Math.max(this.#owesUntil, until)
    if (this.#isPaused) return
    this.#isPaused = true
    this.#pausedAt = monotonic()
    this.#source.wire.pause()
    this.#resumeWhenPaid()
  }

  #resumeWhenPaid(): void {
    if (!this.#isPaused || this.#isAtWork) return
    this.#cancelResume?.()
    this.#cancelResume = null
    const waitMs = this.#owesUntil - monotonic()
    if (waitMs > 0) this.#cancelResume = after(waitMs, () => this.#resumeWhenPaid())
    else if (this.#turn.mayTakeMore) this.#turn.wait(this.#source)
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#source.heard()
    this.#source.wire.resume()
  }
}
