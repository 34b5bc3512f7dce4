/**
 * The write guard: says, directly before an update would be applied, what applying it would do, and refuses what the
 * role may not do, what the kind does not allow and what no Yjs client writes.
 *
 * It is synchronous and touches neither document nor update. What it refuses was never applied, stored or shown.
 *
 *   read ─▶ fresh or repeated ─▶ whose ids ─▶ in the order of Yjs: place, effort, value ─▶ deletes ─▶ what is applied
 */
import type * as Y from 'yjs'
import type { WriteScope } from '../../schema/access.ts'
import type { RoomDefinition } from '../../schema/define-room.ts'
import type { ErrorCode } from '../../schema/error-codes.ts'
import type { ClientOwners } from './client-owners.ts'
import { type Deletion, nothingDeleted, readDeletion } from './guard/deletes.ts'
import { Effort } from './guard/effort.ts'
import { assertKept, assertLongAreDeleted } from './guard/keys.ts'
import { locate } from './guard/locate.ts'
import { newsOf } from './guard/news.ts'
import { inOrder, type Placing } from './guard/order.ts'
import { nothingOwned, type Ownership, ownershipOf } from './guard/ownership.ts'
import { below, expectRoot, pathOf, placeOf, type TypePlace } from './guard/place.ts'
import { Reading } from './guard/reading.ts'
import { rememberDeletes } from './guard/remembered.ts'
import { isFree, placeIn } from './guard/rules.ts'
import { type Fresh, GuardRefusal, type Parent } from './guard/structs.ts'
import { faultAnywhere, faultOfContent, type Writer } from './guard/values.ts'
import { MalformedUpdate } from './update-cursor.ts'
import { content, readUpdate } from './update-reader.ts'

/**
 * - `apply`  it integrates as a whole; `update` is what of it is to be applied, `claims` are the client ids that
 *            become the writer's with it, with `isRelayed` it brings what somebody else wrote, and with `exact` it is,
 *            to the last byte, what applying it changes
 * - `known`  the document has all of it: acknowledge, there is nothing to apply
 * - `refuse` by name; `path` is where it would have changed something, as in `items/i1/start`. `update-incomplete` may
 *            pass once what it builds on has arrived.
 */
export type Verdict =
  | {
      readonly answer: 'apply'
      readonly update: Uint8Array
      readonly claims: readonly number[]
      readonly isRelayed: boolean
      readonly exact: Exact | null
    }
  | { readonly answer: 'known' }
  | {
      readonly answer: 'refuse'
      readonly code: ErrorCode
      readonly detail: string
      readonly path: string | null
      /** Whatever the document had, it would be refused. */
      readonly isFinal: boolean
    }

/** An update that adds one struct: where it has been applied, its client has written up to `end`. */
export interface Exact {
  readonly update: Uint8Array
  readonly client: number
  readonly end: number
}

export type Refusal = Extract<Verdict, { readonly answer: 'refuse' }>

/** Who wants to write, and where. */
export interface GuardedBy {
  readonly scope: WriteScope
  readonly definition: RoomDefinition
  readonly userId: string
  readonly role: string
  readonly owners: ClientOwners
  /** The client id that the connection has announced; null: none yet. */
  readonly announced?: number | null
}

const known: Verdict = { answer: 'known' }
/** So many types may be around one. */
const nestingMax = 32

export const guardUpdate = (document: Y.Doc, update: Uint8Array, by: GuardedBy): Verdict => {
  try {
    const reading = new Reading(document, update)
    readUpdate(update, reading)
    return new Judgement(document, update, by, reading).verdict()
  } catch (error) {
    if (error instanceof MalformedUpdate) return { ...refusal(error.code, error.message), isFinal: true }
    if (!(error instanceof GuardRefusal)) throw error
    // Whoever may only read learns that first: where, and what is missing, makes no difference to them.
    const isReading = by.scope.isNone && error.code !== 'update-malformed'
    if (isReading) return refusal('read-only', 'your role may read here, not write')
    return refusal(error.code, error.message, error.path)
  }
}

const refusal = (code: ErrorCode, detail: string, path: string | null = null): Refusal => ({
  answer: 'refuse',
  code,
  detail: clipped(detail),
  path: path === null ? null : clipped(path),
  isFinal: false
})

/** Names may be as long as an update; paths of a storage are shorter than this. */
const textLengthMax = 500

const clipped = (text: string): string =>
  text.length > textLengthMax ? `${text.slice(0, textLengthMax - 1)}…` : text

/** What is garbage here is an item on a replica that keeps what was deleted. */
const assertMayBeGone = (fresh: Fresh): void => {
  const fault = faultAnywhere(fresh)
  if (fault !== null) throw new GuardRefusal('value-invalid', fault)
}

class Judgement implements Placing {
  readonly #document: Y.Doc
  readonly #update: Uint8Array
  readonly #by: GuardedBy
  readonly #reading: Reading
  readonly #effort: Effort
  #ownership: Ownership = nothingOwned
  /** The list that was allowed last: structs that follow one another mostly stand in one. */
  #parent: Parent | null = null
  #key: string | null = null
  #hasKeyed = false
  /** Of some of it Yjs will keep only garbage. */
  #hasGone = false
  #hasNewRoot = false

  constructor(document: Y.Doc, update: Uint8Array, by: GuardedBy, reading: Reading) {
    this.#document = document
    this.#update = update
    this.#by = by
    this.#reading = reading
    this.#effort = new Effort(document, reading.sections, update.length)
  }

  verdict(): Verdict {
    const { sections, deletes } = this.#reading
    const hasNews = sections.list.length > 0
    if (hasNews && this.#by.scope.isNone) throw new GuardRefusal('read-only', 'there are new structs')
    this.#reading.assertFaithful()
    if (hasNews) this.#placeAll()
    if (!hasNews && deletes.length === 0) return known
    const deletion = this.#readDeletion()
    const update = newsOf(this.#update, this.#reading, deletion)
    if (update === null) return known
    if (this.#hasNewRoot) this.#expectRoots()
    const { claims, relayed } = this.#ownership
    const exact = update === this.#update ? this.#exact() : null
    return { answer: 'apply', update, claims, isRelayed: relayed.size > 0, exact }
  }

  #exact(): Exact | null {
    const { sections, deletes } = this.#reading
    const [section] = sections.list
    // Several structs Yjs may have merged.
    const isOne = sections.list.length === 1 && section?.list.length === 1
    if (!isOne || deletes.length > 0 || this.#hasGone) return null
    return { update: this.#update, client: section.client, end: section.reached }
  }

  #placeAll(): void {
    const { sections } = this.#reading
    this.#ownership = ownershipOf(sections, this.#by)
    this.#reading.assertWhole()
    this.#effort.begin()
    inOrder(this.#document, sections, this)
    assertLongAreDeleted(this.#reading)
  }

  place(fresh: Fresh): void {
    locate(this.#document, this.#reading.sections, fresh)
    const { parent, key } = fresh
    if (parent === null) {
      this.#hasGone = true
      return assertMayBeGone(fresh)
    }
    this.#hasKeyed ||= key !== null
    this.#hasNewRoot ||= typeof parent === 'string'
    const around = placeOf(this.#document, parent)
    if (parent !== this.#parent || key !== this.#key) this.#allow(around, parent, key)
    this.#effort.integrates(fresh, parent)
    if (fresh.content === content.type) {
      if (around.depth >= nestingMax)
        throw new GuardRefusal('update-too-complex', `more than ${nestingMax} types within each other`)
      fresh.place = below(around, key)
    }
    this.#assertContent(fresh, around)
  }

  #allow(around: TypePlace, parent: Parent, key: string | null): void {
    const { scope, definition } = this.#by
    if (!scope.isFull) {
      const place = placeIn(definition, around, key)
      if (!scope.allows(place))
        throw new GuardRefusal('path-refused', `your role may not write ${pathOf(place)}`, pathOf(place))
    }
    this.#parent = parent
    this.#key = key
  }

  #assertContent(fresh: Fresh, around: TypePlace): void {
    const { definition } = this.#by
    // A kind that describes nothing has nothing to hold it against.
    const fault = isFree(definition.storage)
      ? faultAnywhere(fresh)
      : faultOfContent({ update: this.#update, definition, fresh, around, writer: this.#writerOf(fresh) })
    if (fault !== null)
      throw new GuardRefusal('value-invalid', fault, pathOf(placeIn(definition, around, fresh.key)))
  }

  #writerOf({ client }: Fresh): Writer {
    const { userId, role, scope } = this.#by
    return { userId, role, isFull: scope.isFull, isRelayed: this.#ownership.relayed.has(client) }
  }

  #readDeletion(): Deletion {
    // Most updates are a key press, and delete nothing.
    if (this.#reading.deletes.length === 0 && !this.#hasKeyed) return nothingDeleted
    const { scope, definition } = this.#by
    const deletion = readDeletion(
      this.#document,
      this.#reading,
      this.#effort,
      (around, key) => scope.isFull || scope.allows(placeIn(definition, around, key))
    )
    if (!isFree(definition.storage)) assertKept(this.#document, this.#reading, deletion, definition)
    const isInEffect = !deletion.hasEffect && !deletion.hasFresh && deletion.dropped.length === 0
    if (isInEffect && !this.#reading.areDeletesKnown)
      rememberDeletes(this.#document, this.#update.subarray(this.#reading.deletesFrom))
    return deletion
  }

  #expectRoots(): void {
    for (const { list } of this.#reading.sections.list)
      for (const { parent } of list) if (typeof parent === 'string') expectRoot(this.#document, parent)
  }
}
