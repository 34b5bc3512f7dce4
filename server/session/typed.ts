/**
 * Key presses that came together, as one update: so many at once are judged and applied at little more than the cost of
 * one. Nobody who types alone has two in a turn; a node that is busy finds them in every turn, and gets through more.
 */
import { MalformedUpdate } from '../room/update-cursor.ts'
import { readTyped, StructHead } from '../room/update-reader.ts'

/** Updates of one client that stand behind one another, as one. */
export interface Typed {
  readonly update: Uint8Array
  /** How many updates that were. */
  readonly count: number
}

/** A count below 128 is one byte. */
const countMax = 100
/** What is longer was pasted, and is worth a judgement of its own. */
const pressBytesMax = 256
const none: readonly Typed[] = []

/** What of the updates was typed, from the first on up to one that is something else. */
export const joinTyped = (updates: readonly Uint8Array[]): readonly Typed[] => {
  if (updates.length < 2) return none
  const runs: Typed[] = []
  for (let at = 0; at < updates.length; ) {
    const run = new Run()
    while (run.takes(updates[at])) at++
    if (run.count === 0) break
    runs.push(run.joined())
  }
  return runs
}

class Run {
  readonly #head = new StructHead()
  readonly #structs: Uint8Array[] = []
  /** Client and clock of the first. */
  #start: Uint8Array = Uint8Array.of()
  #client = -1
  #end = 0
  #bytes = 0

  get count(): number {
    return this.#structs.length
  }

  /** Takes a key press that stands behind those before it. */
  takes(update: Uint8Array | undefined): boolean {
    if (update === undefined || this.count === countMax || !isTyped(update, this.#head)) return false
    const { client, clock, length, from, to } = this.#head
    if (this.count === 0) {
      this.#start = update.subarray(2, from)
      this.#client = client
    } else if (client !== this.#client || clock !== this.#end) return false
    this.#end = clock + length
    this.#bytes += to - from
    this.#structs.push(update.subarray(from, to))
    return true
  }

  joined(): Typed {
    const update = Buffer.allocUnsafe(2 + this.#start.length + this.#bytes + 1)
    update[0] = 1
    update[1] = this.count
    update.set(this.#start, 2)
    let at = 2 + this.#start.length
    for (const struct of this.#structs) {
      update.set(struct, at)
      at += struct.length
    }
    update[at] = 0
    return { update, count: this.count }
  }
}

const isTyped = (update: Uint8Array, head: StructHead): boolean => {
  try {
    return update.length <= pressBytesMax && readTyped(update, head)
  } catch (error) {
    if (error instanceof MalformedUpdate) return false
    throw error
  }
}
