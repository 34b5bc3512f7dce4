/**
 * The one home of time and randomness, for what runs on both sides. What only one side has (timers, node's ids) is in
 * server/clock.ts and client/clock.ts.
 */

/** Milliseconds since 1970, for people and tokens; it may jump. */
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

// 32 characters, so that each byte names one with equal chance; none that are read for another.
const alphabet = '23456789abcdefghjkmnpqrstuvwxyz0'
