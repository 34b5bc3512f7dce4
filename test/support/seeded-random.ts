/** Random choices that a seed repeats. */
export interface Random {
  /** From 0 up to, not including, `max`. */
  below(max: number): number
  /** True `percent` times out of a hundred. */
  chance(percent: number): boolean
  pick<T>(from: readonly T[]): T
  bytes(length: number): Uint8Array
}

/** mulberry32: https://gist.github.com/tommyettinger/46a874533244883189143505d203312c */
export const seededRandom = (seed: number): Random => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state + 0x6d2b79f5) >>> 0
    let mixed = Math.imul(state ^ (state >>> 15), state | 1)
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32
  }
  const below = (max: number): number => Math.floor(next() * max)
  return {
    below,
    chance: (percent) => below(100) < percent,
    pick: (from) => {
      const picked = from[below(from.length)]
      if (picked === undefined && from.length === 0) throw new RangeError('nothing to pick from')
      return picked as (typeof from)[number]
    },
    bytes: (length) => Uint8Array.from({ length }, () => below(256))
  }
}
