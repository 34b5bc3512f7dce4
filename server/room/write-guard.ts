/**
 * The write guard: says, directly before an update would be applied, what applying it would do.
 *
 * It is synchronous and touches neither document nor update. What it refuses was never applied, stored or shown.
 * The order is that of Yjs (`Item.getMissing`): a struct integrates once its own client has reached its clock and
 * its neighbours or parent are there, be it in the document or earlier in the same update.
 */
import * as Y from 'yjs'
import type { ErrorCode } from '../../schema/error-codes.ts'
import { MalformedUpdate, readUpdate, type StructHead } from './update-reader.ts'

/**
 * - `apply`  it integrates as a whole; `update` is what of it is to be applied
 * - `known`  the document has all of it: acknowledge, there is nothing to apply
 * - `refuse` by name; `update-incomplete` may pass once what it builds on has arrived
 */
export type Verdict =
  | { readonly answer: 'apply'; readonly update: Uint8Array }
  | { readonly answer: 'known' }
  | { readonly answer: 'refuse'; readonly code: ErrorCode; readonly detail: string }

const known: Verdict = { answer: 'known' }

export const guardUpdate = (document: Y.Doc, update: Uint8Array, mayWrite: boolean): Verdict => {
  const plan = new Plan(document)
  try {
    readUpdate(update, plan)
  } catch (error) {
    if (!(error instanceof MalformedUpdate)) throw error
    return { answer: 'refuse', code: 'update-malformed', detail: error.message }
  }
  const missing = plan.missing()
  // Whoever may only read learns that first: what is missing makes no difference to them.
  if (!mayWrite) {
    if (missing !== null || plan.hasNews())
      return { answer: 'refuse', code: 'read-only', detail: 'your role may read here, not write' }
    return known
  }
  if (missing !== null) return { answer: 'refuse', code: 'update-incomplete', detail: missing }
  return plan.mayHaveNews ? { answer: 'apply', update: plan.newsOf(update) } : known
}

/** The new structs of one client, in the order of their clocks. */
interface Section {
  readonly client: number
  readonly needs: number[]
  /** Up to which clock its structs go. */
  reached: number
  /** Up to which clock they are placed; `next` is the first that is not. */
  placed: number
  next: number
  /** Its next struct needs another section to go on first. */
  isWaiting: boolean
}

/**
 * Three (client, clock) pairs and an end: what a struct of a section needs, and how far it, and those behind it that need
 * nothing, bring their client.
 */
const fields = 7

class Plan {
  readonly #document: Y.Doc
  readonly #sections = new Map<number, Section>()
  readonly #deletes: number[] = []
  /** The state of the clients whose known structs the update repeats. */
  readonly #repeated = new Map<number, number>()
  #section: Section | null = null
  #gap: string | null = null
  #known = 0
  #client = -1

  constructor(document: Y.Doc) {
    this.#document = document
  }

  struct(head: StructHead): void {
    if (head.client !== this.#client) {
      this.#client = head.client
      this.#known = this.#stateOf(head.client)
      this.#section = null
    }
    const end = head.clock + head.length
    if (head.isSkip) return
    if (head.clock < this.#known) this.#repeated.set(head.client, this.#known)
    if (end <= this.#known) return
    this.#section ??= this.#open(head.client)
    const section = this.#section
    if (head.clock > section.reached)
      this.#gap ??= `client ${head.client} stands at ${section.reached}, the update goes on at ${head.clock}`
    section.reached = end
    const needsNothing = head.originClient === -1 && head.rightClient === -1 && head.parentClient === -1
    if (needsNothing && section.needs.length > 0) {
      section.needs[section.needs.length - 1] = end
      return
    }
    section.needs.push(
      head.originClient,
      head.originClock,
      head.rightClient,
      head.rightClock,
      head.parentClient,
      head.parentClock,
      end
    )
  }

  deleted(client: number, clock: number, length: number): void {
    this.#deletes.push(client, clock, length)
  }

  get mayHaveNews(): boolean {
    return this.#sections.size > 0 || this.#deletes.length > 0
  }

  /**
   * The update without what the document has already. Yjs would look for the neighbours that a repeated struct claims:
   * it would wait for ever for one that never was, and split an item at a place that nobody else is told of.
   */
  newsOf(update: Uint8Array): Uint8Array {
    return this.#repeated.size === 0 ? update : Y.diffUpdate(update, Y.encodeStateVector(this.#repeated))
  }

  /** What the update builds on and nobody has, in words; null when it integrates. */
  missing(): string | null {
    return this.#gap ?? this.#missingNeighbour() ?? this.#missingDeleted()
  }

  /** Does it say anything that the document does not hold already? */
  hasNews(): boolean {
    if (this.#sections.size > 0) return true
    for (let at = 0; at < this.#deletes.length; at += 3) {
      const [client = 0, clock = 0, length = 0] = this.#deletes.slice(at, at + 3)
      if (!isDeleted(this.#document, client, clock, clock + length)) return true
    }
    return false
  }

  #open(client: number): Section {
    const state = this.#known
    const section = { client, needs: [], reached: state, placed: state, next: 0, isWaiting: false }
    this.#sections.set(client, section)
    return section
  }

  #stateOf(client: number): number {
    const structs = this.#document.store.clients.get(client)
    const last = structs?.at(-1)
    return last === undefined ? 0 : last.id.clock + last.length
  }

  /** Places all structs: a section that needs another waits until that one has come so far, and not further. */
  #missingNeighbour(): string | null {
    const waiting: { section: Section; until: number }[] = []
    for (const first of this.#sections.values()) {
      waiting.push({ section: first, until: first.reached })
      for (let top = waiting.at(-1); top !== undefined; top = waiting.at(-1)) {
        const { section, until } = top
        section.isWaiting = false
        const need = this.#advance(section, until)
        if (need === -1) {
          waiting.pop()
          continue
        }
        const client = section.needs[need] ?? -1
        const clock = section.needs[need + 1] ?? 0
        const other = this.#sections.get(client)
        if (other === undefined || other.isWaiting || other.reached <= clock)
          return `client ${section.client} builds on content of client ${client} that is not here`
        section.isWaiting = true
        waiting.push({ section: other, until: clock + 1 })
      }
    }
    return null
  }

  /** Places structs of a section up to a clock, or until one waits: returns where in `needs` that is, or -1. */
  #advance(section: Section, until: number): number {
    const { needs } = section
    for (; section.placed < until; section.next += fields) {
      for (let pair = section.next; pair < section.next + fields - 1; pair += 2) {
        const client = needs[pair] ?? -1
        if (client === -1) continue
        const placed = this.#sections.get(client)?.placed ?? this.#stateOf(client)
        if ((needs[pair + 1] ?? 0) >= placed) return pair
      }
      section.placed = needs[section.next + fields - 1] ?? until
    }
    return -1
  }

  #missingDeleted(): string | null {
    for (let at = 0; at < this.#deletes.length; at += 3) {
      const [client = 0, clock = 0, length = 0] = this.#deletes.slice(at, at + 3)
      const reached = this.#sections.get(client)?.reached ?? this.#stateOf(client)
      if (clock + length > reached)
        return `client ${client} stands at ${reached}, the update deletes up to ${clock + length}`
    }
    return null
  }
}

/** Is everything of `client` from `clock` up to `end` deleted already? */
const isDeleted = (document: Y.Doc, client: number, clock: number, end: number): boolean => {
  const structs = document.store.clients.get(client)
  if (structs === undefined) return false
  let low = 0
  let high = structs.length - 1
  while (low < high) {
    const middle = (low + high) >>> 1
    const struct = structs[middle]
    if (struct !== undefined && struct.id.clock + struct.length <= clock) low = middle + 1
    else high = middle
  }
  for (let index = low; index < structs.length; index++) {
    const struct = structs[index]
    if (struct === undefined || struct.id.clock >= end) break
    if (!struct.deleted) return false
  }
  return true
}
