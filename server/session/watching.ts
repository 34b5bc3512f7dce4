/** What a connection is told that watches its room: who wrote how much, with each commit. */
import { RoomlogError } from '../../schema/error-codes.ts'
import type { EntryMark, ServerMessage } from '../../schema/messages.ts'
import type { Seq } from '../../schema/room-name.ts'
import type { Room } from '../room/room.ts'

export interface WatchingParts {
  readonly room: Room
  recentEntries(room: Room): Promise<readonly EntryMark[]>
  /** Whoever is behind is told later, with the newest then. */
  tell(message: Extract<ServerMessage, { type: 'committed' }>): void
  refuse(error: RoomlogError): void
}

/** So a message stays below the limit of messages.ts, also where the ids of authors are as long as they may be. */
const entriesToldMax = 48

export class Watching {
  isOn = false
  readonly #parts: WatchingParts

  constructor(parts: WatchingParts) {
    this.#parts = parts
  }

  tell(seq: Seq, entries: readonly EntryMark[]): void {
    const { epoch } = this.#parts.room.log
    this.#parts.tell({ type: 'committed', epoch, seq, entries: entries.slice(-entriesToldMax) })
  }

  /** Begins, or begins again: with the newest entries. */
  async start(): Promise<void> {
    this.isOn = true
    const { room, recentEntries, refuse } = this.#parts
    try {
      const entries = await recentEntries(room)
      for (let from = 0; from < entries.length; from += entriesToldMax) {
        const page = entries.slice(from, from + entriesToldMax)
        this.tell(page.at(-1)?.seq ?? room.log.head, page)
      }
      if (entries.length === 0) this.tell(room.log.head, [])
    } catch (error) {
      if (!(error instanceof RoomlogError)) throw error
      refuse(error)
    }
  }
}
