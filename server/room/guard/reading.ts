/** The first look at an update: what of it is fresh, and whether the rest repeats what the document has. */
import type * as Y from 'yjs'
import { content, type UpdateVisitor } from '../update-reader.ts'
import { areRemembered } from './remembered.ts'
import { faultOfRepeat, isOneList } from './repeat.ts'
import {
  endOf,
  Fresh,
  GuardRefusal,
  indexAfter,
  Section,
  Sections,
  type Stored,
  stateOf,
  structsOf
} from './structs.ts'

export class Reading implements UpdateVisitor<Fresh> {
  readonly sections = new Sections()
  /** Client, clock and length of each range. */
  readonly deletes: number[] = []
  /** The delete set is one that has been in effect here since earlier: it was not read. */
  areDeletesKnown = false
  deletesFrom = 0
  /** The state of the clients of whom there is more than fresh structs; null: there are none. */
  repeated: Map<number, number> | null = null
  /** The document has the beginning of a fresh struct. */
  hasCut = false
  /** Keyed items of several values: honest as history, which the same update deletes. */
  readonly long: Fresh[] = []
  readonly #document: Y.Doc
  readonly #update: Uint8Array
  #head: Fresh | null = null
  #client = -1
  #stored: readonly Stored[] = []
  #known = 0
  #index = 0
  #section: Section | null = null
  #fault: string | null = null
  #gap: string | null = null

  constructor(document: Y.Doc, update: Uint8Array) {
    this.#document = document
    this.#update = update
  }

  get head(): Fresh {
    this.#head ??= new Fresh()
    return this.#head
  }

  struct(head: Fresh): void {
    if (head.client !== this.#client) this.#begin(head.client)
    if (head.isSkip || head.clock < this.#known) this.#isRepeated(head.client)
    if (head.isSkip) return
    if (head.clock < this.#known) this.#repeats(head)
    if (head.clock + head.length > this.#known) this.#add(head)
  }

  skipDeletes(from: number): boolean {
    this.deletesFrom = from
    this.areDeletesKnown = areRemembered(this.#document, this.#update, from)
    return this.areDeletesKnown
  }

  deleted(client: number, clock: number, length: number): void {
    this.deletes.push(client, clock, length)
  }

  /** @throws GuardRefusal 'update-malformed' where something is repeated otherwise than it is */
  assertFaithful(): void {
    if (this.#fault !== null) throw new GuardRefusal('update-malformed', this.#fault)
  }

  /** @throws GuardRefusal 'update-incomplete' where clocks are missing between what the document has and what comes */
  assertWhole(): void {
    if (this.#gap !== null) throw new GuardRefusal('update-incomplete', this.#gap)
  }

  #isRepeated(client: number): void {
    this.repeated ??= new Map()
    this.repeated.set(client, this.#known)
  }

  #begin(client: number): void {
    this.#client = client
    this.#stored = structsOf(this.#document, client)
    this.#known = stateOf(this.#stored)
    this.#index = 0
    this.#section = null
  }

  #repeats(head: Fresh): void {
    // A struct of garbage says nothing of its place.
    if (head.content === content.garbage || this.#fault !== null) return
    this.#index = indexAfter(this.#stored, head.clock, this.#index)
    const first = this.#stored[this.#index]
    if (first === undefined) return
    this.#fault = faultOfRepeat(this.#document, first, head)
    const last = this.#stored.at(-1)
    const goesOn = head.clock + head.length > this.#known
    if (goesOn && last !== undefined && endOf(first) < this.#known && !isOneList(first, last))
      this.#fault ??= `client ${head.client} goes on at ${this.#known} in another list`
  }

  #add(fresh: Fresh): void {
    const reached = this.#section?.reached ?? this.#known
    if (fresh.clock > reached)
      this.#gap ??= `client ${fresh.client} stands at ${reached}, the update goes on at ${fresh.clock}`
    if (fresh.length > 1 && fresh.content > content.deleted) this.long.push(fresh)
    fresh.begins(this.#known)
    if (fresh.cut > 0) this.hasCut = true
    this.#head = null
    if (this.#section === null) this.#open(fresh)
    else this.#section.list.push(fresh)
  }

  #open(first: Fresh): void {
    this.#section = new Section(first, this.#known)
    this.sections.add(this.#section)
  }
}
