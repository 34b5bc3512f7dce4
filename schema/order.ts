/**
 * Order keys: strings that sort as the entries shall, with room between any two. Their tail is random, so that two
 * people who insert at one place do not make the same key.
 */
import { generateKeyBetween } from 'jittered-fractional-indexing'
import { randomBelow } from './clock.ts'
import type { Place } from './live-storage.ts'

export interface Ordered {
  readonly id: string
  readonly order: string
}

export const sortByOrder = (entries: Iterable<Ordered>): Ordered[] =>
  [...entries].sort((a, b) => compareText(a.order, b.order) || compareText(a.id, b.id))

/** By UTF-16 units, as order keys are made for; the rules of a language would put `a0` before `Zz`. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

/**
 * A key for `place` among `entries`, which are sorted. Nothing fits between equal keys, so a new entry then comes
 * behind (or before) all that share one. Keys that no client makes are passed over.
 */
export const orderAt = (entries: readonly Ordered[], { before, after }: Place): string => {
  const keys = entries.filter((entry) => isOrderKey(entry.order))
  const at = keys.findIndex((entry) => entry.id === (after ?? before))
  const reference = keys[at]?.order
  if (reference === undefined) return keyBetween(keys.at(-1)?.order, undefined)
  if (after !== undefined)
    return keyBetween(reference, keys.slice(at).find((entry) => entry.order > reference)?.order)
  return keyBetween(keys.slice(0, at).findLast((entry) => entry.order < reference)?.order, reference)
}

const keyBetween = (low: string | undefined, high: string | undefined): string =>
  generateKeyBetween(low, high, { getRandomBit: () => randomBelow(2) < 1 })

/** The form that the library asks for: the first letter says how many digits the whole part has. */
const isOrderKey = (key: string): boolean => {
  if (!/^[A-Za-z][0-9A-Za-z]+$/.test(key) || key === smallest) return false
  const head = key.charCodeAt(0)
  const whole = head >= lowerA ? head - lowerA + 2 : upperZ - head + 2
  return key.length === whole || (key.length > whole && !key.endsWith('0'))
}

const lowerA = 'a'.charCodeAt(0)
const upperZ = 'Z'.charCodeAt(0)
const smallest = `A${'0'.repeat(26)}`
