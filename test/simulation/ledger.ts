/** What one client wrote, and how much of that it was told is saved. */
export interface Edit {
  /** Stands in the document as a key that no other edit sets. */
  readonly marker: string
  /** The marker of an earlier edit that this one took out; null: none. */
  readonly struck: string | null
  /** The clock of the client behind it. */
  readonly clock: number
}

export class Ledger {
  readonly edits: Edit[] = []
  /** So many of them, from the first, are saved: so the client was told. */
  acknowledged = 0
  /** The highest seq that the client was told its edits are committed by. */
  flushedSeq = 0

  /** The client was told that its first `count` edits are saved. */
  acknowledge(count: number): void {
    this.acknowledged = Math.max(this.acknowledged, count)
  }

  get isAllAcknowledged(): boolean {
    return this.acknowledged === this.edits.length
  }

  /** The clock that the log must have reached for this client. */
  get acknowledgedClock(): number {
    return this.edits[this.acknowledged - 1]?.clock ?? 0
  }
}
