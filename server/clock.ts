/** The server's home of time and randomness: nothing else in it asks the machine for either. */
import { randomBytes, randomInt, randomUUID } from 'node:crypto'
import { setTimeout as timeout } from 'node:timers/promises'
import * as machine from '../schema/clock.ts'

export const { now, monotonic, randomBelow } = machine

/** Resolves after `ms`, or at once when `signal` is aborted. */
export const sleep = async (ms: number, signal?: AbortSignal): Promise<void> => {
  try {
    await timeout(ms, undefined, { signal })
  } catch (error) {
    if (!signal?.aborted) throw error
  }
}

/** Resolves when the monotonic clock says `at`; at once when it did. */
export const sleepUntil = async (at: number): Promise<void> => {
  const ms = at - monotonic()
  if (ms > 0) await sleep(ms)
}

/** As one string: V8 keeps what `randomUUID` gives as fifteen pieces, half a kilobyte of them. */
export const randomId = (): string => Buffer.from(randomUUID()).toString('latin1')

/** An id (UUID version 7) that is greater than those made before it, here or, by the clock, elsewhere. */
export const orderedId = (): string => {
  const ms = Math.max(now(), orderedMs)
  // 12 bits count the ids of a millisecond; when they are used up, the next millisecond is begun early.
  orderedCount = ms === orderedMs ? orderedCount + 1 : 0
  orderedMs = orderedCount > 0xfff ? ms + 1 : ms
  if (orderedCount > 0xfff) orderedCount = 0
  const time = orderedMs.toString(16).padStart(12, '0')
  const count = orderedCount.toString(16).padStart(3, '0')
  const chance = randomUUID().slice(19)
  return `${time.slice(0, 8)}-${time.slice(8)}-7${count}-${chance}`
}
let orderedMs = 0
let orderedCount = 0

/** `length` letters of the alphabet that cannot be guessed, each with the same chance. */
export const randomLetters = (alphabet: string, length: number): string =>
  Array.from({ length }, () => alphabet.charAt(randomInt(alphabet.length))).join('')

/** `length` random letters and digits that cannot be guessed. */
export const randomCode = (length: number): string =>
  takeRandom(length).toString('base64url').slice(0, length)

const randomAtOnce = 4096
let random = Buffer.alloc(0)

/** To get a few bytes from the system takes as long as to get thousands. */
const takeRandom = (length: number): Buffer => {
  if (random.length < length) random = randomBytes(Math.max(randomAtOnce, length))
  const taken = random.subarray(0, length)
  random = random.subarray(length)
  return taken
}

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
