/**
 * Snapshots: the log of a room folded up to a seq, made from the snapshot before and the rows after it.
 *
 * Never from the live document, which holds what is not committed. One is due whenever the rows since the last
 * outnumber both a thousand and a sixtieth of its bytes, or take more bytes than both four megabytes and itself: then the
 * cost of a load, and the bytes written per edit, are bounded whatever the size of the document, also where large values
 * are written over one another. A worker folds them, one room after the other.
 */
import { Worker } from 'node:worker_threads'
import type { RoomName, Seq } from '../../schema/room-name.ts'
import { type Database, int8s, texts } from '../database/database.ts'
import type { Logger } from '../logger.ts'
import type { Loader, StoredRoom } from './load.ts'
import { roomIdOf } from './room-log.ts'
import type { FoldAnswer, FoldRequest } from './snapshot-worker.ts'

export const snapshotRowsMin = 1_000
export const snapshotBytesPerRow = 60

export const snapshotTailBytesMin = 4 * 1024 * 1024

/** What is in the log after a snapshot. */
export interface Tail {
  readonly rows: number
  readonly bytes: number
}

export const isSnapshotDue = ({ rows, bytes }: Tail, snapshotBytes: number): boolean =>
  rows >= Math.max(snapshotRowsMin, snapshotBytes / snapshotBytesPerRow) ||
  bytes >= Math.max(snapshotTailBytesMin, snapshotBytes)

/** A room that is closed is folded sooner, at a tenth of that: the next one who opens it then has little to wait for. */
export const isSnapshotWorthClosing = ({ rows, bytes }: Tail, snapshotBytes: number): boolean =>
  isSnapshotDue({ rows: rows * 10, bytes: bytes * 10 }, snapshotBytes)

/** What was stored: the seq it stands for and its size in bytes. */
export interface Snapshot {
  readonly seq: Seq
  readonly bytes: number
}

export interface Snapshots {
  /** Makes a snapshot of what is committed. Resolves with null where there is nothing new; rejects if the log cannot be folded. */
  make(name: RoomName): Promise<Snapshot | null>
  /** The document of a stored room as one update, folded in the worker. Rejects if the log cannot be folded. */
  fold(room: StoredRoom): Promise<Uint8Array>
  /** Waits for the one that is being made; those that are asked for and not begun are not made. */
  close(): Promise<void>
}

/** The newest one is kept; a slower node cannot put an older one in its place. */
const store = `
with made as (
  insert into snapshot (room_id, seq, state)
  select $1::uuid, $2::int8, $3::bytea
  where not exists (select from snapshot where room_id = $1::uuid and seq >= $2::int8)
  on conflict do nothing returning seq),
owned as (
  insert into client (room_id, client_id, user_id)
  select $1::uuid, c.id, c.owner from unnest($4::text::int8[], $5::text::text[]) as c(id, owner)
  on conflict do nothing)
delete from snapshot where room_id = $1::uuid and seq < $2::int8`

export const createSnapshots = (
  database: Database,
  loader: Pick<Loader, 'load'>,
  logger: Logger
): Snapshots => {
  const folder = createFolder()
  const due = new Map<RoomName, Promise<Snapshot | null>>()
  let last: Promise<unknown> = Promise.resolve()
  let isClosing = false

  const make = async (name: RoomName): Promise<Snapshot | null> => {
    const stored = await loader.load(name)
    if (stored === null || stored.updates.length === 0) return null
    const { state, uses } = await folder.fold(stored)
    const clients = int8s(uses.map(({ client }) => client))
    const owners = texts(uses.map(({ update }) => stored.authors[update] ?? null))
    await database.query(store, [roomIdOf(name), stored.head, state, clients, owners])
    logger.debug(
      { room: name, seq: stored.head, bytes: state.length, rows: stored.updates.length },
      'snapshot stored'
    )
    return { seq: stored.head, bytes: state.length }
  }

  return {
    make: (name) => {
      const known = due.get(name)
      if (known !== undefined) return known
      const made = last.then(() => (isClosing ? null : make(name))).finally(() => due.delete(name))
      last = made.catch(() => null)
      due.set(name, made)
      return made
    },
    fold: async (room) => (await folder.fold(room)).state,
    close: async () => {
      isClosing = true
      await last
      await folder.close()
    }
  }
}

type Folded = Extract<FoldAnswer, { readonly state: Uint8Array }>

/** The worker's side of this thread: started at the first fold, and again if it died. */
const createFolder = () => {
  const waiting = new Map<number, { resolve(folded: Folded): void; reject(error: Error): void }>()
  let worker: Worker | null = null
  let nextId = 0

  const start = (): Worker => {
    const started = new Worker(new URL('./snapshot-worker.ts', import.meta.url))
    started.on('message', (answer: FoldAnswer) => {
      const asked = waiting.get(answer.id)
      waiting.delete(answer.id)
      if ('state' in answer) asked?.resolve(answer)
      else asked?.reject(new Error(answer.error))
    })
    started.on('error', (error) => {
      worker = null
      for (const { reject } of waiting.values()) reject(error)
      waiting.clear()
    })
    started.unref()
    return started
  }

  return {
    fold: ({ snapshot, updates, authors }: StoredRoom): Promise<Folded> =>
      new Promise((resolve, reject) => {
        worker ??= start()
        const id = nextId++
        const joined = new Uint8Array(updates.reduce((sum, { length }) => sum + length, 0))
        const lengths = Uint32Array.from(updates, ({ length }) => length)
        let at = 0
        for (const update of updates) {
          joined.set(update, at)
          at += update.length
        }
        waiting.set(id, { resolve, reject })
        const isAuthored = authors.map((author) => author !== null)
        const request: FoldRequest = { id, snapshot, joined, lengths, isAuthored }
        worker.postMessage(request, [joined.buffer, lengths.buffer])
      }),
    close: async () => {
      await worker?.terminate()
    }
  }
}
