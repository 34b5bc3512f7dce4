/** The one home of time and randomness: nothing else in the server asks the machine for either. */
import { randomBytes, randomUUID } from 'node:crypto'
import { setTimeout as timeout } from 'node:timers/promises'

/** Milliseconds since 1970, for people and tokens; it may jump. */
export const now = (): number => Date.now()

/** Milliseconds of a clock that never goes back, for durations and deadlines. */
export const monotonic = (): number => performance.now()

/** Resolves after `ms`, or at once when `signal` is aborted. */
export const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
  try {
    await timeout(ms, undefined, { signal })
  } catch (error) {
    if (!signal?.aborted) throw error
  }
}

/** From 0 up to, not including, `max`. */
export const randomBelow = (max: number): number => Math.random() * max

export const randomId = (): string => randomUUID()

/** `length` random letters and digits that cannot be guessed. */
export const randomCode = (length: number): string =>
  randomBytes(length).toString('base64url').slice(0, length)

/** Calls `run` every `ms` until the returned function is called; does not keep the process alive. */
export const every = (ms: number, run: () => void): (() => void) => {
  const timer = setInterval(run, ms)
  timer.unref()
  return () => clearInterval(timer)
}

/** Calls `run` once after `ms` unless the returned function is called before; does not keep the process alive. */
export const after = (ms: number, run: () => void): (() => void) => {
  const timer = setTimeout(run, ms)
  timer.unref()
  return () => clearTimeout(timer)
}

/** Calls `run` after the code that is running now, before the event loop turns. */
export const atEndOfStep = (run: () => void): void => {
  process.nextTick(run)
}
