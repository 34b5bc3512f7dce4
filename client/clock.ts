/** The one home of time and randomness: nothing else in the client asks the machine for either. */

/** Milliseconds since 1970, for people; it may jump. */
export const now = (): number => Date.now()

/** Milliseconds of a clock that never goes back, for durations and deadlines. */
export const monotonic = (): number => performance.now()

/** From 0 up to, not including, `max`. */
export const randomBelow = (max: number): number => Math.random() * max

/** `length` letters and digits that nobody else makes. */
export const randomCode = (length: number): string => {
  const bytes = crypto.getRandomValues(new Uint8Array(length))
  return Array.from(bytes, (byte) => alphabet[byte % alphabet.length]).join('')
}

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

// 32 characters, so that each byte names one with equal chance; none that are read for another.
const alphabet = '23456789abcdefghjkmnpqrstuvwxyz0'
