/** What this node tells the others of its people in one room: once per window, numbered. */
import { now } from '../clock.ts'
import type { NodeId } from '../cluster/envelope.ts'
import { type Change, encodePresence } from './news.ts'
import type { Statement } from './statement.ts'

/** Of states in one message. */
const newsBytesMax = 256 * 1024

export class Telling {
  readonly #tell: ((message: Uint8Array) => void) | null
  /** null: nothing. */
  #untold: Map<number, Change> | null = null
  #raised: Map<number, number> | null = null
  #isAllUntold = false
  /** The number of the last news; later ones of the same room have greater numbers, also after it was closed. */
  #turn = now()

  /** @param tell null: there are no other nodes */
  constructor(tell: ((message: Uint8Array) => void) | null) {
    this.#tell = tell
  }

  /** To be told with the next news, if nothing newer of the same id takes its place. */
  add(change: Change): void {
    this.#untold ??= new Map()
    this.#untold.set(change.id, change)
  }

  /** Somebody of another node is shown here with this clock, above their node's own. */
  raise(id: number, clock: number): void {
    this.#raised ??= new Map()
    this.#raised.set(id, clock)
  }

  /** Everything is to be told with the next news. */
  addAll(): void {
    this.#isAllUntold = true
  }

  /** Tells what waits. @param own all there is */
  send(own: ReadonlyMap<number, Statement>): void {
    const isAll = this.#isAllUntold
    // Also those that are gone: who missed nothing takes no more from all than what is there.
    const changes = [...(this.#untold?.values() ?? [])].filter(
      ({ statement }) => !isAll || statement === null
    )
    if (isAll) for (const [id, statement] of own) changes.push({ id, clock: statement.clock, statement })
    this.#isAllUntold = false
    this.#untold = null
    const clocks = this.#raised
    this.#raised = null
    if (this.#tell === null) return
    if (clocks !== null) this.#tell(encodePresence({ type: 'raise', clocks }))
    for (const [index, part] of inParts(changes, isAll).entries()) {
      this.#turn++
      const isBegun = isAll && index === 0
      this.#tell(encodePresence({ type: 'news', turn: this.#turn, isAll: isBegun, changes: part }))
    }
  }

  get turn(): number {
    return this.#turn
  }

  /** @param node null: all of them */
  ask(node: NodeId | null): void {
    this.#tell?.(encodePresence({ type: 'ask', node }))
  }
}

/** A message each; one of nothing, where everything is to be told and nobody is there. */
const inParts = (changes: readonly Change[], isAll: boolean): Change[][] => {
  const parts: Change[][] = isAll ? [[]] : []
  let bytes = 0
  for (const change of changes) {
    const last = parts.at(-1)
    const size = change.statement?.json.length ?? 0
    if (last === undefined || (last.length > 0 && bytes + size > newsBytesMax)) {
      parts.push([change])
      bytes = size
    } else {
      last.push(change)
      bytes += size
    }
  }
  return parts
}
