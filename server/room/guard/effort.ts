/**
 * How long Yjs will take to integrate an update, estimated from above.
 *
 * Between the two neighbours of a struct Yjs looks at every item (`Item.integrate`), unless they are adjacent. Honest
 * ones were when they were written, so only what others wrote meanwhile lies between. Made-up ones can cost a second
 * per kilobyte. And an item that is cut in two moves everything behind it in the array of its client.
 *
 * Of fresh structs the order is kept as "directly after that unit", which is what their writer saw.
 */
import * as Y from 'yjs'
import {
  Fresh,
  findStruct,
  GuardRefusal,
  indexOf,
  type Parent,
  type Sections,
  type Stored,
  stateOf,
  structsOf
} from './structs.ts'

/** Measured on one core of a small server. */
const looksAtNs = 240
const movesNs = 0.2
/** What an update may take; a larger one may take more, in proportion. */
const effortMsMax = 80
const bytesMin = 64 * 1024

/** So few fresh structs cannot make each other expensive: their order is not kept. */
const fewStructs = 64

interface Unit {
  readonly client: number
  readonly clock: number
}

/** Fresh structs that stand between the same two items of the document. */
interface Gap {
  fresh: number
  /** The lowest client id among them. */
  lowest: number
  /** The item before it; null at the beginning of a list. */
  readonly after: Y.Item | null
}

export class Effort {
  readonly #document: Y.Doc
  readonly #sections: Sections
  readonly #msMax: number
  #ns = 0
  #order: FreshOrder | null = null
  #structs = 0
  #isMoved = false

  /** @param bytes the length of the update */
  constructor(document: Y.Doc, sections: Sections, bytes: number) {
    this.#document = document
    this.#sections = sections
    this.#msMax = effortMsMax * Math.max(1, bytes / bytesMin)
  }

  /** Decides how exactly to look: the sections are whole now. */
  begin(): void {
    for (const { list } of this.#sections.list) this.#structs += list.length
    if (this.#structs > fewStructs) this.#order = new FreshOrder()
  }

  /** An item of this array is cut at this index. @throws GuardRefusal 'update-too-complex' */
  cuts(structs: readonly Stored[], index: number): void {
    this.#add((structs.length - index) * movesNs)
  }

  /** A fresh struct whose place is known goes in. @throws GuardRefusal 'update-too-complex' */
  integrates(fresh: Fresh, parent: Parent): void {
    const left = fresh.left instanceof Y.GC ? null : fresh.left
    const isInside = left !== null && fresh.originClock < endClockOf(left)
    if (isInside && left instanceof Y.Item) this.#cutsAt(left)
    const first = left === null ? this.#firstOf(parent, fresh.key) : null
    const slot = this.#order?.slotOf(fresh, parent, left) ?? null
    const next = slot?.next ?? unitBehind(fresh, left, isInside, first)
    const isAdjacent =
      next === null
        ? fresh.rightClient === -1
        : next.client === fresh.rightClient && next.clock === fresh.rightClock
    const looked = isAdjacent
      ? (slot?.between ?? 0)
      : this.#look(fresh, left, isInside ? left : null, first, slot)
    this.#add(looked * looksAtNs)
    const between = isAdjacent || !this.#isMoved ? 0 : looked
    if (slot !== null) this.#order?.insert(fresh, slot, next, between)
  }

  /** How many items Yjs would look at, and whether the struct would come to stand behind any of them. */
  #look(
    fresh: Fresh,
    left: Y.Item | Fresh | null,
    cut: Y.Item | Fresh | null,
    first: Y.Item | null,
    slot: Slot | null
  ): number {
    this.#cutsRight(fresh)
    this.#isMoved = slot !== null && slot.gap.lowest < fresh.client
    const inGap = slot?.gap.fresh ?? 0
    const inItem = cut instanceof Y.Item ? (this.#order?.behind(cut) ?? 0) : 0
    const from = left === null ? first : left instanceof Y.Item ? left.right : null
    return inGap + inItem + this.#walk(from, fresh)
  }

  #cutsAt(item: Y.Item): void {
    const structs = structsOf(this.#document, item.id.client)
    if (stateOf(structs) > item.id.clock) this.cuts(structs, indexOf(structs, item.id.clock))
  }

  #cutsRight({ rightClient, rightClock }: Fresh): void {
    if (rightClient === -1) return
    const right = findStruct(this.#document, this.#sections, rightClient, rightClock)
    if (right instanceof Y.Item && right.id.clock < rightClock) this.#cutsAt(right)
  }

  /** Looks at what Yjs would look at. */
  #walk(from: Y.Item | null, { client, originClient, originClock, rightClient, rightClock }: Fresh): number {
    let looked = 0
    for (let item = from; item !== null; item = item.right) {
      looked += 1 + (this.#order?.behind(item) ?? 0)
      this.#assertFits(looked * looksAtNs)
      const { id, origin, rightOrigin } = item
      if (id.client === rightClient && id.clock <= rightClock && rightClock < id.clock + item.length) break
      if (!isId(origin, originClient, originClock)) continue
      if (id.client < client) this.#isMoved = true
      else if (isId(rightOrigin, rightClient, rightClock)) break
    }
    return looked
  }

  /** The first item of a list; that of a key is found by going back from its last one. */
  #firstOf(parent: Parent, key: string | null): Y.Item | null {
    if (typeof parent === 'string' || parent instanceof Fresh) return null
    if (key === null) return parent._start
    let item = parent._map.get(key) ?? null
    while (item !== null && item.left !== null) {
      this.#add(looksAtNs)
      item = item.left
    }
    return item
  }

  #add(ns: number): void {
    this.#ns += ns
    this.#assertFits(0)
  }

  #assertFits(moreNs: number): void {
    if (this.#ns + moreNs <= this.#msMax * 1e6) return
    throw new GuardRefusal(
      'update-too-complex',
      `its ${this.#structs} structs and what they are put between would take more than ${Math.round(this.#msMax)} ms`
    )
  }
}

const isId = (id: Y.ID | null, client: number, clock: number): boolean =>
  id === null ? client === -1 : id.client === client && id.clock === clock

const endClockOf = (struct: Y.Item | Fresh): number =>
  struct instanceof Fresh ? struct.end - 1 : struct.id.clock + struct.length - 1

/** What stands behind the left neighbour in the document, or first in the list; null: nothing. */
const unitBehind = (
  fresh: Fresh,
  left: Y.Item | Fresh | null,
  isInside: boolean,
  first: Y.Item | null
): Unit | null => {
  if (left === null) return first?.id ?? null
  if (isInside) return { client: fresh.originClient, clock: fresh.originClock + 1 }
  return left instanceof Fresh ? null : (left.right?.id ?? null)
}

interface Slot {
  readonly gap: Gap
  /** What its writer saw directly behind it, if a fresh struct has come into it. */
  next: Unit | null
  /** How many items really stand before that one: of others, who wrote there at the same time. */
  between: number
}

const newGap = (after: Y.Item | null): Gap => ({ fresh: 0, lowest: Number.POSITIVE_INFINITY, after })

/** Where fresh structs hang: directly or not, on one unit of the document, or on the beginning of a list. */
class FreshOrder {
  readonly #units = new Map<number, Map<number, Slot>>()
  readonly #begins = new Map<Parent, Map<string | null, Slot>>()
  readonly #gaps = new Map<Fresh, Gap>()
  readonly #behind = new Map<Y.Item, number>()

  /** How many fresh structs stand behind units of this item. */
  behind(item: Y.Item): number {
    return this.#behind.get(item) ?? 0
  }

  slotOf(fresh: Fresh, parent: Parent, left: Y.Item | Fresh | null): Slot {
    if (left === null) return this.#begin(parent, fresh.key)
    const gap = left instanceof Fresh ? this.#gaps.get(left) : undefined
    return this.#unit(fresh.originClient, fresh.originClock, gap ?? null, left)
  }

  insert(fresh: Fresh, slot: Slot, next: Unit | null, between: number): void {
    const { gap } = slot
    gap.fresh++
    gap.lowest = Math.min(gap.lowest, fresh.client)
    if (gap.after !== null) this.#behind.set(gap.after, this.behind(gap.after) + 1)
    this.#gaps.set(fresh, gap)
    slot.next = fresh
    slot.between = Math.max(slot.between, between)
    this.#unit(fresh.client, fresh.end - 1, gap, fresh).next = next
  }

  #begin(parent: Parent, key: string | null): Slot {
    const keys = this.#begins.get(parent) ?? new Map<string | null, Slot>()
    this.#begins.set(parent, keys)
    const slot = keys.get(key) ?? { gap: newGap(null), next: null, between: 0 }
    keys.set(key, slot)
    return slot
  }

  #unit(client: number, clock: number, gap: Gap | null, struct: Y.Item | Fresh): Slot {
    const units = this.#units.get(client) ?? new Map<number, Slot>()
    this.#units.set(client, units)
    const known = units.get(clock)
    if (known !== undefined) return known
    const after = struct instanceof Fresh ? null : struct
    const slot: Slot = { gap: gap ?? newGap(after), next: null, between: 0 }
    units.set(clock, slot)
    return slot
  }
}
