/**
 * Records that are edited at leisure: somebody takes a record, changes it, and brings it back when others may have
 * changed it too. Each field is merged by itself, from three values: as it was, as it is, as it shall be.
 */
import { RoomlogError } from './error-codes.ts'
import { isSameJson, memberOf } from './json.ts'
import { mergeText } from './text-merge.ts'

/**
 * What becomes of a field that both sides changed:
 *
 * - `ask`    nothing: it is a conflict, for a person to decide
 * - `merge`  of a text both changes, if they are in different places; anything else is a conflict
 * - `last`   the change that comes last, which is the one that is made now
 */
export type Strategy = 'ask' | 'merge' | 'last'

export const strategies: readonly Strategy[] = ['ask', 'merge', 'last']

/** A place that both sides changed. A value that is not there is null. */
export interface Conflict {
  /** As in `items/i1/name`; in a record by itself, the name of the field. */
  readonly path: string
  readonly base: unknown
  readonly theirs: unknown
  readonly mine: unknown
  /** The id of the user who changed it last, and when (milliseconds since 1970), where that is known. */
  readonly by?: string
  readonly at?: number
}

/** An edit was refused because of what others changed meanwhile; nothing of it was applied. */
export class VersionConflict extends RoomlogError {
  readonly conflicts: readonly Conflict[]

  constructor(conflicts: readonly Conflict[]) {
    const [first] = conflicts
    const others = conflicts.length > 1 ? ` and ${conflicts.length - 1} more` : ''
    super('version-conflict', `${first?.path}${others} was changed by others since`)
    this.conflicts = conflicts
  }
}

export interface Three<T = unknown> {
  readonly base: T
  readonly theirs: T
  readonly mine: T
}

export interface MergeOptions {
  readonly strategy: Strategy
  /** Texts are merged by words, everything else is replaced as a whole. */
  readonly isText: boolean
}

/** The merged value, or null for a conflict. Values are JSON; `undefined` is one that is not there. */
export const mergeValue = (
  { base, theirs, mine }: Three,
  { strategy, isText }: MergeOptions
): { readonly value: unknown } | null => {
  if (isSameJson(mine, base) || isSameJson(mine, theirs)) return { value: theirs }
  if (isSameJson(theirs, base) || strategy === 'last') return { value: mine }
  if (strategy === 'ask' || !isText) return null
  const texts = [base ?? '', theirs ?? '', mine ?? '']
  const [a, b, c] = texts
  if (typeof a !== 'string' || typeof b !== 'string' || typeof c !== 'string') return null
  const merged = mergeText(a, b, c)
  return merged === null ? null : { value: merged }
}

/** A record by the names of its fields. */
export type PlainRecord = Readonly<Record<string, unknown>>

export interface RecordMergeOptions {
  readonly strategy: Strategy
  readonly isText: (field: string) => boolean
}

/** `merged` holds every field; those in conflict as they are now, which is `theirs`. */
export interface RecordMerge<T> {
  readonly merged: T
  readonly conflicts: readonly Conflict[]
}

/**
 * Merges a record field by field. A side that changed nothing gives way to the other; what both changed alike is taken
 * once; the rest is up to the strategy.
 */
export const mergeRecord = <T extends object>(
  { base, theirs, mine }: Three<T>,
  { strategy, isText }: RecordMergeOptions
): RecordMerge<T> => {
  const merged: Record<string, unknown> = {}
  const conflicts: Conflict[] = []
  for (const path of new Set([base, theirs, mine].flatMap((record) => Object.keys(record)))) {
    const three = { base: field(base, path), theirs: field(theirs, path), mine: field(mine, path) }
    const result = mergeValue(three, { strategy, isText: isText(path) })
    if (result === null) conflicts.push(toConflict(path, three))
    const value = result === null ? three.theirs : result.value
    if (value !== undefined) Object.defineProperty(merged, path, { value, ...asMember })
  }
  // Every field has the value of one of the three records, or a text where they have texts.
  return { merged: merged as T, conflicts }
}

export const toConflict = (path: string, { base, theirs, mine }: Three): Conflict => ({
  path,
  base: base ?? null,
  theirs: theirs ?? null,
  mine: mine ?? null
})

const field = (record: object, name: string): unknown => memberOf(record as PlainRecord, name)

const asMember = { enumerable: true, writable: true, configurable: true }
