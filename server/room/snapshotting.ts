/** When a room is folded: once there is so much behind its newest snapshot that it is worth it, and never twice at once. */
import type { RoomName } from '../../schema/room-name.ts'
import { isSnapshotDue, isSnapshotWorthClosing, type Snapshot, type Tail } from '../log/snapshot.ts'
import type { DocumentSize } from './document-size.ts'

export interface SnapshottingParts {
  readonly name: RoomName
  /** Of the newest snapshot. */
  readonly bytes: number
  /** After it. */
  readonly tail: Tail
  /** Each snapshot measures it. */
  readonly size: DocumentSize
  readonly make: (room: RoomName) => Promise<Snapshot | null>
}

export class Snapshotting {
  readonly #parts: SnapshottingParts
  #bytes: number
  #tail: Tail
  #isUnderWay = false

  constructor(parts: SnapshottingParts) {
    this.#parts = parts
    this.#bytes = parts.bytes
    this.#tail = parts.tail
  }

  /** There are more entries, of whichever node. */
  grew(entries: readonly { readonly update: Uint8Array }[]): void {
    let { bytes } = this.#tail
    for (const { update } of entries) bytes += update.length
    this.#tail = { rows: this.#tail.rows + entries.length, bytes }
  }

  makeIfDue(): void {
    if (isSnapshotDue(this.#tail, this.#bytes)) void this.#run()
  }

  /** Nobody is here any more. */
  makeIfWorthIt(): void {
    if (isSnapshotWorthClosing(this.#tail, this.#bytes)) void this.#run()
  }

  async #run(): Promise<void> {
    if (this.#isUnderWay) return
    this.#isUnderWay = true
    const { name, make, size } = this.#parts
    const folded = this.#tail
    const measured = size.measure()
    try {
      const made = await make(name)
      if (made !== null) {
        measured(made.bytes)
        this.#bytes = made.bytes
      }
      this.#tail = { rows: this.#tail.rows - folded.rows, bytes: this.#tail.bytes - folded.bytes }
    } finally {
      this.#isUnderWay = false
    }
  }
}
