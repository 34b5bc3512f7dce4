/** What the delete set of an update would delete, and whether it may. */
import * as Y from 'yjs'
import type { Effort } from './effort.ts'
import { pathOf, placeOf, storagePlaceOf, type TypePlace } from './place.ts'
import type { Reading } from './reading.ts'
import {
  endOf,
  GuardRefusal,
  indexAfter,
  parentOf,
  type SharedType,
  type Stored,
  stateOf,
  structsOf
} from './structs.ts'

/** May somebody delete what stands under `key` in a type at this place? */
export type MayDelete = (around: TypePlace, key: string | null) => boolean

/** A piece of a delete set: client, clock and length. */
export type Range = readonly [client: number, clock: number, length: number]

export interface Deletion {
  /** It deletes something of the document that is not deleted yet. */
  readonly hasEffect: boolean
  /** It deletes something that the same update brings. */
  readonly hasFresh: boolean
  /** Marks of formats that are left as they are. */
  readonly dropped: readonly Range[]
  /** Items under keys that would be taken away. */
  readonly keyed: readonly Y.Item[]
}

/**
 * Looks at what is not deleted yet. Yjs itself tidies up marks of formats that say nothing any more, on the replica of
 * whoever sees them: where they may not write, that is dropped, and no offence.
 *
 * @throws GuardRefusal 'update-incomplete' for clocks to come, 'path-refused', 'update-too-complex'
 */
export const readDeletion = (
  document: Y.Doc,
  { deletes, sections }: Reading,
  effort: Effort,
  mayDelete: MayDelete
): Deletion => {
  if (deletes.length === 0) return nothingDeleted
  const walk = new Walk(document, effort, mayDelete)
  for (let at = 0; at < deletes.length; at += 3) {
    const [client = 0, clock = 0, length = 0] = [deletes[at], deletes[at + 1], deletes[at + 2]]
    walk.turnTo(client)
    const end = clock + length
    const reached = sections.get(client)?.reached ?? walk.state
    if (end > reached)
      throw new GuardRefusal(
        'update-incomplete',
        `client ${client} stands at ${reached}, the update deletes up to ${end}`
      )
    if (clock < walk.state) walk.range(clock, end)
    if (end > walk.state) walk.hasFresh = true
  }
  return walk
}

export const nothingDeleted: Deletion = { hasEffect: false, hasFresh: false, dropped: [], keyed: [] }

class Walk implements Deletion {
  hasFresh = false
  readonly dropped: Range[] = []
  readonly keyed: Y.Item[] = []
  state = 0
  readonly #document: Y.Doc
  readonly #effort: Effort
  readonly #mayDelete: MayDelete
  #client = -1
  #structs: readonly Stored[] = []
  #index = 0
  #deleted = 0
  /** Of a list all is allowed as its first is. */
  #list: SharedType | null = null

  constructor(document: Y.Doc, effort: Effort, mayDelete: MayDelete) {
    this.#document = document
    this.#effort = effort
    this.#mayDelete = mayDelete
  }

  get hasEffect(): boolean {
    return this.#deleted > 0
  }

  turnTo(client: number): void {
    if (client === this.#client) return
    this.#client = client
    this.#structs = structsOf(this.#document, client)
    this.state = stateOf(this.#structs)
    this.#index = 0
  }

  range(clock: number, end: number): void {
    const structs = this.#structs
    this.#index = indexAfter(structs, clock, this.#index)
    const first = this.#index
    const had = this.#deleted
    for (let struct = structs[first]; struct !== undefined && struct.id.clock < end; ) {
      if (struct instanceof Y.Item && !struct.deleted) this.#deletes(struct, clock, end)
      if (endOf(struct) >= end) break
      struct = structs[++this.#index]
    }
    if (this.#deleted === had) return
    // What is deleted side by side becomes one struct, and what is behind it moves up.
    const isMerged =
      this.#index > first ||
      structs[first - 1]?.deleted === true ||
      structs[this.#index + 1]?.deleted === true
    if (isMerged) this.#effort.cuts(structs, this.#index)
  }

  #deletes(item: Y.Item, clock: number, end: number): void {
    if (!this.#isAllowed(item)) {
      this.dropped.push([item.id.client, item.id.clock, item.length])
      return
    }
    this.#deleted++
    if (item.parentSub !== null) this.keyed.push(item)
    if (item.id.clock < clock) this.#effort.cuts(this.#structs, this.#index)
    if (endOf(item) > end) this.#effort.cuts(this.#structs, this.#index)
  }

  /** @returns false for a mark that is left as it is */
  #isAllowed(item: Y.Item): boolean {
    const parent = parentOf(item)
    if (item.parentSub === null && parent === this.#list) return true
    const around = placeOf(this.#document, parent)
    if (!this.#mayDelete(around, item.parentSub)) {
      if (item.content instanceof Y.ContentFormat) return false
      const path = pathOf(storagePlaceOf(around, item.parentSub))
      throw new GuardRefusal('path-refused', `your role may not delete at ${path}`, path)
    }
    if (item.parentSub === null) this.#list = parent
    return true
  }
}

/**
 * Asks often what is in a delete set: up to which clock everything from `clock` on is in it; `clock` itself, if it is not.
 */
export type DeletedUntil = (client: number, clock: number) => number

export const createDeletedUntil = (deletes: readonly number[]): DeletedUntil => {
  const rangesOf = new Map<number, number[]>()
  for (let at = 0; at < deletes.length; at += 3) {
    const [client = 0, clock = 0, length = 0] = [deletes[at], deletes[at + 1], deletes[at + 2]]
    const ranges = rangesOf.get(client) ?? []
    rangesOf.set(client, ranges)
    // Ranges ascend; those that touch are one.
    if (ranges.at(-1) === clock) ranges[ranges.length - 1] = clock + length
    else ranges.push(clock, clock + length)
  }
  return (client, clock) => {
    const ranges = rangesOf.get(client) ?? []
    let low = 0
    let high = ranges.length / 2
    while (low < high) {
      const middle = (low + high) >>> 1
      if ((ranges[2 * middle + 1] ?? 0) <= clock) low = middle + 1
      else high = middle
    }
    const from = ranges[2 * low] ?? Number.POSITIVE_INFINITY
    return from <= clock ? (ranges[2 * low + 1] ?? clock) : clock
  }
}
