/** One replacement: at `index`, `remove` units go and `insert` comes. All in UTF-16 units, as Yjs and the DOM count. */
export interface TextChange {
  readonly index: number
  readonly remove: number
  readonly insert: string
}

/**
 * The replacement that leads from `before` to `after`, or null if they are the same. It never cuts a surrogate pair:
 * half of one in a Y.Text turns into U+FFFD.
 *
 * @param caret where the caret stands in `after`: of several equal readings ("aa" to "aaa") the one that ends there
 */
export const diffText = (before: string, after: string, caret = after.length): TextChange | null => {
  if (before === after) return null
  const shorter = Math.min(before.length, after.length)
  let suffix = 0
  const suffixMax = Math.min(shorter, after.length - caret)
  while (suffix < suffixMax && before.at(-1 - suffix) === after.at(-1 - suffix)) suffix++
  let prefix = 0
  while (prefix < shorter - suffix && before[prefix] === after[prefix]) prefix++
  // What the caret kept out of the suffix, but follows the change all the same.
  while (suffix < shorter - prefix && before.at(-1 - suffix) === after.at(-1 - suffix)) suffix++
  if (cutsPair(before, prefix) || cutsPair(after, prefix)) prefix--
  if (cutsPair(before, before.length - suffix) || cutsPair(after, after.length - suffix)) suffix--
  return {
    index: prefix,
    remove: before.length - prefix - suffix,
    insert: after.slice(prefix, after.length - suffix)
  }
}

/** A change as Yjs reports it: keep, remove or insert, from the start. */
export type Delta = readonly {
  readonly retain?: number
  readonly delete?: number
  readonly insert?: unknown
}[]

/**
 * Where `index` is after `delta`. What is inserted exactly there comes before it if `sticksRight`, else after;
 * an index within what was removed is where that was.
 */
export const moveIndex = (index: number, delta: Delta, sticksRight: boolean): number => {
  let old = 0
  let moved = index
  for (const step of delta) {
    if (old > index || (old === index && !sticksRight && step.delete === undefined)) break
    if (step.retain !== undefined) old += step.retain
    else if (step.insert !== undefined) moved += typeof step.insert === 'string' ? step.insert.length : 1
    else if (step.delete !== undefined) {
      moved -= Math.max(0, Math.min(step.delete, index - old))
      old += step.delete
    }
  }
  return moved
}

const cutsPair = (text: string, index: number): boolean =>
  index > 0 &&
  index < text.length &&
  isBetween(text.charCodeAt(index - 1), 0xd800, 0xdbff) &&
  isBetween(text.charCodeAt(index), 0xdc00, 0xdfff)

const isBetween = (code: number, low: number, high: number): boolean => code >= low && code <= high
