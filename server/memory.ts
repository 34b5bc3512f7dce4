/**
 * Gives memory back after many have come at once. What each of them left behind while it was let in is garbage that V8
 * keeps for as long as nothing presses: several times what they need from then on.
 *
 *   many new sessions ──quiet for three windows──▶ one collection of everything, beside the event loop as far as it can be
 */
import { performance } from 'node:perf_hooks'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { every, monotonic } from './clock.ts'
import type { Logger } from './logger.ts'

export interface MemoryParts {
  /** New sessions that are worth a collection; 0: none are. */
  readonly sessionsMin: number
  /** How many sessions there have been. */
  readonly sessionsOpened: () => number
  readonly logger: Logger
}

const windowMs = 1_000

/** Watches this process until the result is called. */
export const watchMemory = ({ sessionsMin, sessionsOpened, logger }: MemoryParts): (() => void) => {
  if (sessionsMin === 0) return () => {}
  const collect = exposeCollect()
  const burst = new Burst(sessionsMin)
  let before = performance.eventLoopUtilization()
  return every(windowMs, () => {
    const { utilization } = performance.eventLoopUtilization(before)
    before = performance.eventLoopUtilization()
    if (!burst.isOver({ opened: sessionsOpened(), utilization })) return
    const since = monotonic()
    void collect({ type: 'major', execution: 'async' }).then(() =>
      logger.debug({ ms: Math.round(monotonic() - since) }, 'memory given back')
    )
  })
}

type Collect = (options: { readonly type: 'major'; readonly execution: 'async' }) => Promise<void>

/** V8 has it only if it was told so before a context is made. */
const exposeCollect = (): Collect => {
  setFlagsFromString('--expose-gc')
  const collect: Collect = runInNewContext('gc')
  setFlagsFromString('--no-expose-gc')
  return collect
}

/** Of one core: with more to do, nobody would thank for a pause. */
const quietUtilization = 0.2
/** V8 gives the space for what is new back only if little was new for a while. */
const quietWindows = 3

/** Finds the moment after many have come. */
export class Burst {
  readonly #sessionsMin: number
  #collectedAt = 0
  #opened = 0
  #quiet = 0

  constructor(sessionsMin: number) {
    this.#sessionsMin = sessionsMin
  }

  /** Takes how it was in one window: how many there have ever been, and how busy the event loop was; true at the moment. */
  isOver({ opened, utilization }: { readonly opened: number; readonly utilization: number }): boolean {
    const came = opened - this.#opened
    this.#opened = opened
    const isQuiet = utilization < quietUtilization && came < this.#sessionsMin / 10
    this.#quiet = isQuiet ? this.#quiet + 1 : 0
    if (this.#quiet < quietWindows || opened - this.#collectedAt < this.#sessionsMin) return false
    this.#collectedAt = opened
    return true
  }
}
