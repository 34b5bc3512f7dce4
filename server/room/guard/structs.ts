/** What the guard looks at: structs that the document has, and fresh ones that an update brings. */
import * as Y from 'yjs'
import type { ErrorCode } from '../../../schema/error-codes.ts'
import { content, StructHead } from '../update-reader.ts'
import type { TypePlace } from './place.ts'

/** Whatever type it is. */
export type SharedType = Y.Doc['share'] extends Map<string, infer T> ? T : never
export type Stored = Y.Item | Y.GC

/** An update that is not applied, and why. `path` is where it would have changed something, as in `items/i1/start`. */
export class GuardRefusal extends Error {
  readonly code: ErrorCode
  readonly path: string | null

  constructor(code: ErrorCode, detail: string, path: string | null = null) {
    super(detail)
    this.code = code
    this.path = path
  }
}

/** Where a fresh struct goes: a type of the document, a root by name that the document has not, a type that the update makes. */
export type Parent = SharedType | string | Fresh

/** A struct that the document does not have: once `begins` has said so. */
export class Fresh extends StructHead {
  /** How many of its units the document has: they are cut off, and it follows the last of them. */
  cut = 0
  /** Found out by `locate`; null is where Yjs keeps only garbage. */
  parent: Parent | null = null
  /** What its origin stands in, where it has one: found by `locate`, too. */
  left: Stored | Fresh | null = null
  /** Of the type that it holds. */
  place: TypePlace | null = null

  get end(): number {
    return this.clock + this.length
  }

  /** The document has what comes before this clock. */
  begins(known: number): void {
    const cut = known - this.clock
    if (cut <= 0) return
    this.cut = cut
    this.clock = known
    this.length -= cut
    if (this.content === content.garbage) return
    this.originClient = this.client
    this.originClock = known - 1
    this.parentName = this.key = null
    this.parentClient = -1
  }
}

/** The fresh structs of one client, in the order of their clocks. */
export class Section {
  readonly client: number
  /** What the document has of this client. */
  readonly known: number
  readonly list: Fresh[]
  /** Where the bytes of its structs begin in the update. */
  readonly from: number
  /** Up to which clock its structs have their place; `next` is the first that has not. */
  placed: number
  next = 0
  /** Up to where others need it, while it waits for one that it needs itself. */
  until = 0
  isWaiting = false

  constructor(first: Fresh, known: number) {
    this.client = first.client
    this.known = known
    // Of most updates it is the only one: an array that is pushed to takes space for seventeen.
    this.list = [first]
    this.from = first.from
    this.placed = known
  }

  get last(): Fresh | undefined {
    return this.list[this.list.length - 1]
  }

  /** Up to which clock its structs go. */
  get reached(): number {
    return this.last?.end ?? this.known
  }

  /** Where the bytes of its structs end. */
  get to(): number {
    return this.last?.to ?? this.from
  }
}

/** The sections of an update, in its order. Mostly there is one, which needs no index. */
export class Sections {
  #list: Section[] = []
  #index: Map<number, Section> | null = null

  get list(): readonly Section[] {
    return this.#list
  }

  get(client: number): Section | undefined {
    if (this.#index !== null) return this.#index.get(client)
    const only = this.#list[0]
    return only?.client === client ? only : undefined
  }

  add(section: Section): void {
    if (this.#list.length === 0) {
      this.#list = [section]
      return
    }
    this.#index ??= new Map(this.#list.map((each) => [each.client, each]))
    this.#index.set(section.client, section)
    this.#list.push(section)
  }
}

export const structsOf = (document: Y.Doc, client: number): readonly Stored[] =>
  document.store.clients.get(client) ?? nothing

const nothing: readonly Stored[] = []

export const endOf = (struct: Stored): number => struct.id.clock + struct.length

/** Up to which clock there are structs of a client. */
export const stateOf = (structs: readonly Stored[]): number => {
  const last = structs[structs.length - 1]
  return last === undefined ? 0 : endOf(last)
}

/**
 * Where the struct is that holds `clock`, which is one of the client's. The first guess is by proportion.
 *
 * @param from it is not before this index
 */
export const indexOf = (structs: readonly Stored[], clock: number, from = 0): number => {
  let low = from
  let high = structs.length - 1
  const last = structs[high]
  if (last === undefined || last.id.clock <= clock) return high
  let middle = Math.max(low, Math.floor((clock / endOf(last)) * high))
  while (low < high) {
    const struct = structs[middle]
    if (struct === undefined || struct.id.clock > clock) high = middle - 1
    else if (clock < endOf(struct)) return middle
    else low = middle + 1
    middle = (low + high) >>> 1
  }
  return low
}

/** The same for clocks that ascend: mostly the next one. */
export const indexAfter = (structs: readonly Stored[], clock: number, from: number): number => {
  for (let index = from; index < from + 2; index++) {
    const struct = structs[index]
    if (struct !== undefined && clock < endOf(struct)) return index
  }
  return indexOf(structs, clock, from)
}

/** The struct with this unit: that of the document, and only where it has none that of the update. */
export const findStruct = (
  document: Y.Doc,
  sections: Sections,
  client: number,
  clock: number
): Stored | Fresh => {
  const structs = structsOf(document, client)
  const found = clock < stateOf(structs) ? structs[indexOf(structs, clock)] : freshAt(sections, client, clock)
  if (found === undefined) throw new Error(`client ${client} has no clock ${clock}, which was found before`)
  return found
}

const freshAt = (sections: Sections, client: number, clock: number): Fresh | undefined => {
  const list = sections.get(client)?.list ?? []
  let low = 0
  let high = list.length - 1
  while (low < high) {
    const middle = (low + high + 1) >>> 1
    if ((list[middle]?.clock ?? 0) <= clock) low = middle
    else high = middle - 1
  }
  return list[low]
}

/** Is or will this be garbage, which has neither parent nor key? */
export const isGone = (struct: Stored | Fresh): struct is Y.GC | Fresh =>
  struct instanceof Fresh ? struct.parent === null : struct instanceof Y.GC

/** The type that an item of the document stands in. */
export const parentOf = (item: Y.Item): SharedType => {
  if (item.parent instanceof Y.AbstractType) return item.parent
  throw new Error(`item ${item.id.client}:${item.id.clock} has no parent`)
}
