/** Which entries of its log a document has: all up to a seq, and some beyond it, if others wrote in between. */
import type { Seq } from '../../schema/room-name.ts'

export class Frontier {
  #applied: number
  /** Beyond `applied` and the gap behind it; in order, not touching one another. */
  #beyond: { first: number; last: number }[] = []

  constructor(applied: Seq) {
    this.#applied = applied
  }

  /** All entries up to here are in the document. */
  get applied(): Seq {
    return this.#applied as Seq
  }

  /** The newest that is known to be in the document. */
  get last(): Seq {
    return (this.#beyond.at(-1)?.last ?? this.#applied) as Seq
  }

  /** How many entries the document has. */
  get count(): number {
    return this.#beyond.reduce((sum, { first, last }) => sum + last - first + 1, this.#applied)
  }

  /** Is something missing before the newest? */
  get hasGap(): boolean {
    return this.#beyond.length > 0
  }

  has(seq: Seq): boolean {
    return seq <= this.#applied || this.#beyond.some(({ first, last }) => first <= seq && seq <= last)
  }

  add(first: Seq, last: Seq): void {
    if (last <= this.#applied) return
    const touching = { first: Math.max(first, this.#applied + 1), last: last as number }
    const apart = this.#beyond.filter((range) => {
      if (range.last + 1 < touching.first || touching.last + 1 < range.first) return true
      touching.first = Math.min(touching.first, range.first)
      touching.last = Math.max(touching.last, range.last)
      return false
    })
    if (touching.first === this.#applied + 1) {
      this.#applied = touching.last
      this.#beyond = apart
      return
    }
    this.#beyond = [...apart, touching].sort((a, b) => a.first - b.first)
  }
}
