/**
 * Sheds newcomers before the node fails those that are there: while the event loop turns too slowly, whoever wants to
 * come in is asked to come back.
 *
 *   calm ──late for two windows in a row──▶ overloaded ──below half of it for three──▶ calm
 */
import { monitorEventLoopDelay } from 'node:perf_hooks'
import { RoomlogError } from '../schema/error-codes.ts'
import { every } from './clock.ts'
import type { Logger } from './logger.ts'

export interface OverloadParts {
  /** How late the event loop may be on average. */
  readonly delayMsMax: number
  readonly logger: Logger
}

export interface Overload {
  readonly isOverloaded: boolean
  /** @throws RoomlogError 'overloaded' */
  assertCalm(): void
  close(): void
}

const windowMs = 1_000
const resolutionMs = 20
/** About as long as it takes at least until newcomers are let in again. */
const retrySeconds = 3

/** Watches the event loop of this process. */
export const watchOverload = ({ delayMsMax, logger }: OverloadParts): Overload => {
  const strain = new Strain(delayMsMax)
  const ticks = monitorEventLoopDelay({ resolution: resolutionMs })
  ticks.enable()
  const stop = every(windowMs, () => {
    // One long turn is one tick among many, turns that are all long are all that there is: that is what the average tells.
    const delayMs = ticks.count === 0 ? windowMs : Math.max(0, ticks.mean / 1e6 - resolutionMs)
    ticks.reset()
    if (!strain.take(delayMs)) return
    const about = { delayMs: Math.round(delayMs), delayMsMax }
    if (strain.isTooMuch) logger.warn(about, 'overloaded: nobody new is let in')
    else logger.info(about, 'calm again: everybody is let in')
  })
  return {
    get isOverloaded() {
      return strain.isTooMuch
    },
    assertCalm() {
      if (!strain.isTooMuch) return
      const detail = `the event loop is ${Math.round(strain.delayMs)} ms late > ${delayMsMax} ms`
      throw new RoomlogError('overloaded', detail, { retrySeconds })
    },
    close() {
      stop()
      ticks.disable()
    }
  }
}

const lateWindows = 2
const calmWindows = 3
const calmShare = 0.5

/** One pause is no overload, and one good moment no end of it. */
export class Strain {
  readonly #most: number
  /** How many windows in a row speak for a change. */
  #windows = 0
  isTooMuch = false
  /** Of the last window. */
  delayMs = 0

  constructor(most: number) {
    this.#most = most
  }

  /** Takes how late the event loop was in one window; true where that changes the answer. */
  take(delayMs: number): boolean {
    this.delayMs = delayMs
    const speaksForChange = this.isTooMuch ? delayMs < this.#most * calmShare : delayMs > this.#most
    this.#windows = speaksForChange ? this.#windows + 1 : 0
    if (this.#windows < (this.isTooMuch ? calmWindows : lateWindows)) return false
    this.#windows = 0
    this.isTooMuch = !this.isTooMuch
    return true
  }
}
