/** What a connection is told that watches its room: who wrote how much, with each commit. */
import { type ErrorCode, RoomlogError } from '../../schema/error-codes.ts'
import { type EntryMark, encodeMessage } from '../../schema/messages.ts'
import type { Seq } from '../../schema/room-name.ts'
import type { Room } from '../room/room.ts'
import { statelessFrame } from './frames.ts'
import { urgency } from './outbox.ts'
import type { Reader } from './reader.ts'

/** The connection that watches. */
export interface Watcher {
  readonly room: Room
  readonly prefix: Uint8Array
  readonly reader: Pick<Reader, 'showOthers'>
  tellRefused(code: ErrorCode, detail: string): void
}

/** So a message stays below the limit of messages.ts, also where the ids of authors are as long as they may be. */
const entriesToldMax = 48

export class Watching {
  readonly #watcher: Watcher
  readonly #recentEntries: (room: Room) => Promise<readonly EntryMark[]>

  constructor(watcher: Watcher, recentEntries: (room: Room) => Promise<readonly EntryMark[]>) {
    this.#watcher = watcher
    this.#recentEntries = recentEntries
    void this.start()
  }

  /** Whoever is behind is told later, with the newest then. */
  tell(seq: Seq, entries: readonly EntryMark[]): void {
    const { room, prefix, reader } = this.#watcher
    const { epoch } = room.log
    const news = encodeMessage({ type: 'committed', epoch, seq, entries: entries.slice(-entriesToldMax) })
    reader.showOthers(statelessFrame(prefix, news), urgency.first)
  }

  /** Begins again, as it began: with the newest entries. */
  async start(): Promise<void> {
    const { room } = this.#watcher
    try {
      const entries = await this.#recentEntries(room)
      for (let from = 0; from < entries.length; from += entriesToldMax) {
        const page = entries.slice(from, from + entriesToldMax)
        this.tell(page.at(-1)?.seq ?? room.log.head, page)
      }
      if (entries.length === 0) this.tell(room.log.head, [])
    } catch (error) {
      if (!(error instanceof RoomlogError)) throw error
      this.#watcher.tellRefused(error.reason, error.message)
    }
  }
}
