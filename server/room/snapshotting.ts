/** When a room is folded: once there is so much behind its newest snapshot that it is worth it, and never twice at once. */
import type { RoomName } from '../../schema/room-name.ts'
import { isSnapshotDue, isSnapshotWorthClosing, type Snapshot } from '../log/snapshot.ts'

export class Snapshotting {
  readonly #room: RoomName
  readonly #make: (room: RoomName) => Promise<Snapshot | null>
  readonly #size: { bytes: number }
  #rows: number
  #bytes: number
  #isUnderWay = false

  /** @param size what the document takes at most, which each snapshot measures anew */
  constructor(
    {
      name,
      bytes,
      size
    }: { readonly name: RoomName; readonly bytes: number; readonly size: { bytes: number } },
    rows: number,
    make: (room: RoomName) => Promise<Snapshot | null>
  ) {
    this.#room = name
    this.#rows = rows
    this.#bytes = bytes
    this.#size = size
    this.#make = make
  }

  /** There are more entries, of whichever node. */
  grew(rows: number): void {
    this.#rows += rows
  }

  makeIfDue(): void {
    if (isSnapshotDue(this.#rows, this.#bytes)) void this.#run()
  }

  /** Nobody is here any more. */
  makeIfWorthIt(): void {
    if (isSnapshotWorthClosing(this.#rows, this.#bytes)) void this.#run()
  }

  async #run(): Promise<void> {
    if (this.#isUnderWay) return
    this.#isUnderWay = true
    const rows = this.#rows
    const { bytes } = this.#size
    try {
      const made = await this.#make(this.#room)
      if (made !== null) {
        this.#size.bytes += made.bytes - bytes
        this.#bytes = made.bytes
      }
      this.#rows -= rows
    } finally {
      this.#isUnderWay = false
    }
  }
}
