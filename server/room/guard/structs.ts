/** What the guard looks at: structs that the document has, and fresh ones that an update brings. */
import * as Y from 'yjs'
import type { ErrorCode } from '../../../schema/error-codes.ts'
import { content, type StructHead } from '../update-reader.ts'
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

/** A struct that the document does not have. */
export class Fresh {
  readonly client: number
  readonly clock: number
  readonly length: number
  readonly content: number
  readonly type: number
  readonly contentFrom: number
  /** How many of its units the document has: they are cut off, and it follows the last of them. */
  readonly cut: number
  readonly originClient: number
  readonly originClock: number
  readonly rightClient: number
  readonly rightClock: number
  readonly parentName: string | null
  readonly parentClient: number
  readonly parentClock: number
  /** Found out by `locate`; null is where Yjs keeps only garbage. */
  parent: Parent | null = null
  /** What its origin stands in, where it has one: found by `locate`, too. */
  left: Stored | Fresh | null = null
  key: string | null
  /** Of the type that it holds. */
  place: TypePlace | null = null

  constructor(head: StructHead, known: number) {
    const cut = Math.max(0, known - head.clock)
    this.client = head.client
    this.clock = head.clock + cut
    this.length = head.length - cut
    this.content = head.content
    this.type = head.type
    this.contentFrom = head.contentFrom
    this.cut = cut
    const isFollowing = cut > 0 && head.content !== content.garbage
    this.originClient = isFollowing ? head.client : head.originClient
    this.originClock = isFollowing ? known - 1 : head.originClock
    this.rightClient = head.rightClient
    this.rightClock = head.rightClock
    this.parentName = isFollowing ? null : head.parentName
    this.parentClient = isFollowing ? -1 : head.parentClient
    this.parentClock = head.parentClock
    this.key = isFollowing ? null : head.key
  }

  get end(): number {
    return this.clock + this.length
  }
}

/** The fresh structs of one client, in the order of their clocks. */
export class Section {
  readonly client: number
  /** What the document has of this client. */
  readonly known: number
  readonly list: Fresh[]
  /** Where the bytes of its structs begin and end in the update. */
  readonly from: number
  to: number
  /** Up to which clock its structs have their place; `next` is the first that has not. */
  placed: number
  next = 0
  /** Up to where others need it, while it waits for one that it needs itself. */
  until = 0
  isWaiting = false

  constructor(first: Fresh, { client, from, to }: StructHead, known: number) {
    this.client = client
    this.known = known
    // Of most updates it is the only one: an array that is pushed to takes space for seventeen.
    this.list = [first]
    this.from = from
    this.to = to
    this.placed = known
  }

  /** Up to which clock its structs go. */
  get reached(): number {
    return this.list.at(-1)?.end ?? this.known
  }
}

export type Sections = ReadonlyMap<number, Section>

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
