/** The client's home of time and randomness: nothing else in it asks the machine for either. */
import * as machine from '../schema/clock.ts'

export const { now, monotonic, randomBelow, randomCode } = machine

/** Calls `run` every `ms` until the returned function is called. */
export const every = (ms: number, run: () => void): (() => void) => {
  const timer = setInterval(run, ms)
  return () => clearInterval(timer)
}

/** Calls `run` once after `ms` unless the returned function is called before. */
export const after = (ms: number, run: () => void): (() => void) => {
  const timer = setTimeout(run, ms)
  return () => clearTimeout(timer)
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => void after(ms, resolve))
