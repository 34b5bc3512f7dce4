/**
 * Three-way merge of text by words, as of lines in a version control system: what one side changed is taken, what both
 * changed in one place is a conflict.
 */

/** One replacement: the words `from` to `to` of the base become `words`. */
interface Hunk {
  readonly from: number
  readonly to: number
  readonly words: readonly string[]
}

/**
 * The text with the changes of both sides, or null where they overlap: a word that both changed, or two insertions
 * at one place. The same change made by both counts once.
 *
 * No word is cut, nor anything that a word is made of, so a surrogate pair stays whole.
 */
export const mergeText = (base: string, theirs: string, mine: string): string | null => {
  if (mine === base || mine === theirs) return theirs
  if (theirs === base) return mine
  const words = wordsOf(base)
  const hunks = mergeHunks(diffWords(words, wordsOf(theirs)), diffWords(words, wordsOf(mine)))
  return hunks && applyHunks(words, hunks)
}

/** Words, runs of blanks, line ends, and everything else by the character; scripts without blanks by the character too. */
const word =
  /\r?\n|[^\S\r\n]+|[[\p{L}\p{M}\p{N}_]--[\p{scx=Han}\p{scx=Hira}\p{scx=Kana}\p{scx=Thai}\p{scx=Khmr}\p{scx=Laoo}]]+|\P{M}\p{M}*|\p{M}+/gv

const wordsOf = (text: string): string[] => text.match(word) ?? []

const mergeHunks = (theirs: readonly Hunk[], mine: readonly Hunk[]): Hunk[] | null => {
  const merged: Hunk[] = []
  let t = 0
  let m = 0
  for (;;) {
    const a = theirs[t]
    const b = mine[m]
    if (a === undefined || b === undefined) return [...merged, ...theirs.slice(t), ...mine.slice(m)]
    if (isSameHunk(a, b)) {
      merged.push(a)
      t++
      m++
    } else if (isBefore(a, b)) {
      merged.push(a)
      t++
    } else if (isBefore(b, a)) {
      merged.push(b)
      m++
    } else return null
  }
}

const isSameHunk = (a: Hunk, b: Hunk): boolean =>
  a.from === b.from && a.to === b.to && a.words.join('') === b.words.join('')

/** Two insertions at one place have no order; one beside a replaced word has. */
const isBefore = (a: Hunk, b: Hunk): boolean => a.to <= b.from && !(a.from === b.from && a.to === b.to)

const applyHunks = (words: readonly string[], hunks: readonly Hunk[]): string => {
  const parts: string[] = []
  let at = 0
  for (const hunk of hunks) {
    parts.push(...words.slice(at, hunk.from), ...hunk.words)
    at = hunk.to
  }
  return [...parts, ...words.slice(at)].join('')
}

/** Beyond so many changed words one replacement stands for all of them: the search is quadratic in their number. */
const changedWordsMax = 300

const diffWords = (before: readonly string[], after: readonly string[]): Hunk[] => {
  const shorter = Math.min(before.length, after.length)
  let prefix = 0
  while (prefix < shorter && before[prefix] === after[prefix]) prefix++
  let suffix = 0
  while (suffix < shorter - prefix && before.at(-1 - suffix) === after.at(-1 - suffix)) suffix++
  const a = before.slice(prefix, before.length - suffix)
  const b = after.slice(prefix, after.length - suffix)
  if (a.length === 0 && b.length === 0) return []
  const whole = { from: prefix, to: prefix + a.length, words: b }
  const trace = a.length === 0 || b.length === 0 ? null : searchPath(a, b)
  return trace === null ? [whole] : hunksOf(trace, a.length, b, prefix)
}

/** The pairs of equal words that a shortest edit keeps, or null if it is longer than `changedWordsMax` (Myers 1986). */
const searchPath = (a: readonly string[], b: readonly string[]): [number, number][] | null => {
  const reach = new Map<number, number>([[1, 0]])
  const steps: Map<number, number>[] = []
  for (let edits = 0; edits <= changedWordsMax; edits++) {
    steps.push(new Map(reach))
    for (let k = -edits; k <= edits; k += 2) {
      let x = comesDown(reach, k, edits) ? (reach.get(k + 1) ?? 0) : (reach.get(k - 1) ?? 0) + 1
      while (x < a.length && x - k < b.length && a[x] === b[x - k]) x++
      reach.set(k, x)
      if (x >= a.length && x - k >= b.length) return traceBack(steps, a.length, b.length)
    }
  }
  return null
}

const comesDown = (reach: ReadonlyMap<number, number>, k: number, edits: number): boolean =>
  k === -edits || (k !== edits && (reach.get(k - 1) ?? -1) < (reach.get(k + 1) ?? -1))

const traceBack = (
  steps: readonly ReadonlyMap<number, number>[],
  aLength: number,
  bLength: number
): [number, number][] => {
  const kept: [number, number][] = []
  let x = aLength
  let y = bLength
  for (const [back, reach] of steps.toReversed().entries()) {
    const edits = steps.length - 1 - back
    const k = x - y
    const from = comesDown(reach, k, edits) ? k + 1 : k - 1
    const fromX = edits === 0 ? 0 : (reach.get(from) ?? 0)
    const fromY = edits === 0 ? 0 : fromX - from
    while (x > fromX && y > fromY) kept.push([--x, --y])
    x = fromX
    y = fromY
  }
  return kept.reverse()
}

const hunksOf = (
  kept: readonly [number, number][],
  length: number,
  after: readonly string[],
  offset: number
): Hunk[] => {
  const hunks: Hunk[] = []
  let from = 0
  let next = 0
  for (const [a, b] of [...kept, [length, after.length] as const]) {
    if (a > from || b > next) hunks.push({ from: offset + from, to: offset + a, words: after.slice(next, b) })
    from = a + 1
    next = b + 1
  }
  return hunks
}
