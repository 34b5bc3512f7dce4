import type { EntryMark, ServerMessage } from '../schema/messages.ts'
import type { Epoch, Seq } from '../schema/room-name.ts'
import { createStore, type Store } from './store.ts'

/** The newest entries of a room's log, oldest first, at most 500. */
export interface RoomLog {
  readonly head: Seq
  readonly epoch: Epoch
  readonly entries: readonly EntryMark[]
}

export const logEntriesMax = 500

interface WatchedLog extends Store<RoomLog | null> {
  /** A connection is there: if anybody is looking, ask again. */
  opened(): void
  closed(): void
  received(message: Extract<ServerMessage, { type: 'committed' }>): void
}

/** Asks the server to be told of commits once somebody subscribes. */
export const createLog = (watch: () => void): WatchedLog => {
  const log = createStore<RoomLog | null>(null)
  let watchers = 0
  let isOpen = false
  return {
    get: log.get,
    subscribe: (listener) => {
      if (watchers++ === 0 && isOpen) watch()
      const leave = log.subscribe(listener)
      return () => {
        watchers--
        leave()
      }
    },
    opened: () => {
      isOpen = true
      if (watchers > 0) watch()
    },
    closed: () => {
      isOpen = false
    },
    received: (message) => log.set(append(log.get(), message))
  }
}

/** Entries may come twice (once asked for, once as news), and in pages. */
const append = (
  log: RoomLog | null,
  { seq, epoch, entries }: Extract<ServerMessage, { type: 'committed' }>
): RoomLog => {
  const old = log?.epoch === epoch ? log : { head: seq, entries: [] }
  const bySeq = new Map([...old.entries, ...entries].map((entry) => [entry.seq, entry]))
  const all = [...bySeq.values()].sort((a, b) => a.seq - b.seq)
  return { epoch, head: seq > old.head ? seq : old.head, entries: all.slice(-logEntriesMax) }
}
