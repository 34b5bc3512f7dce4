/**
 * Reads rooms back: the newest snapshot and the updates after it.
 *
 * Loads are grouped like commits: what waits is read by one query as soon as the query before it has returned, so that
 * a thousand rooms that wake together cost a few queries. Long tails follow in pages.
 */

import { RoomlogError } from '../../schema/error-codes.ts'
import type { RoomName } from '../../schema/room-name.ts'
import { type Epoch, type Seq, toEpoch, toSeq } from '../../schema/room-name.ts'
import { type Database, DatabaseError, int8s, uuids } from '../database/database.ts'
import { roomIdOf } from './room-log.ts'

/** A room as Postgres has it: fold `state` (if any), then `updates`, and the document is that of `head`. */
export interface StoredRoom {
  readonly epoch: Epoch
  readonly head: Seq
  readonly snapshotSeq: Seq
  readonly snapshot: Uint8Array | null
  /** The updates behind the snapshot, oldest first. */
  readonly updates: readonly Uint8Array[]
}

export interface Loader {
  /**
   * @returns null for a room that has no row yet
   * @throws RoomlogError 'room-deleted', 'room-corrupt' (the log has a gap), 'unavailable'
   */
  load(name: RoomName): Promise<StoredRoom | null>
}

const pageRowsMax = 10_000

const rooms = `
select r.id, r.epoch, r.deleted_at is not null as deleted, coalesce(s.seq, 0) as snapshot_seq, s.state,
  coalesce((select max(seq) from entry where room_id = r.id), 0) as head
from room r
left join lateral (select seq, state from snapshot where room_id = r.id order by seq desc limit 1) s on true
where r.id = any($1::text::uuid[])`

const tails = `
select b.id as room_id, e.seq, e.update, e.event is not null as is_event
from unnest($1::text::uuid[], $2::text::int8[]) as b(id, after)
cross join lateral (
  select seq, update, event from entry where room_id = b.id and seq > b.after order by seq limit $3::int8) e
order by b.id, e.seq`

type RoomRow = {
  id: string
  epoch: number
  head: bigint
  deleted: boolean
  snapshot_seq: bigint
  state: Uint8Array | null
}
type TailRow = { room_id: string; seq: bigint; update: Uint8Array | null; is_event: boolean }

interface Waiting {
  readonly name: RoomName
  readonly resolve: (room: StoredRoom | null) => void
  readonly reject: (error: unknown) => void
}

/** @param roomsMax how many rooms one query reads; more wait for the next one */
export const createLoader = (database: Database, roomsMax: number): Loader => {
  const waiting: Waiting[] = []
  let isRunning = false

  const run = async (): Promise<void> => {
    while (waiting.length > 0) {
      const group = waiting.splice(0, roomsMax)
      try {
        const found = await readRooms(
          database,
          group.map(({ name }) => name)
        )
        for (const { name, resolve, reject } of group) {
          const room = found.get(roomIdOf(name)) ?? null
          if (room instanceof RoomlogError) reject(room)
          else resolve(room)
        }
      } catch (error) {
        const reason =
          error instanceof DatabaseError
            ? new RoomlogError('unavailable', error.message, { cause: error })
            : error
        for (const { reject } of group) reject(reason)
      }
    }
    isRunning = false
  }

  return {
    load: (name) =>
      new Promise((resolve, reject) => {
        waiting.push({ name, resolve, reject })
        if (isRunning) return
        isRunning = true
        // Whoever asks in this turn of the event loop shares the first query.
        setImmediate(() => void run())
      })
  }
}

const readRooms = async (
  database: Database,
  names: readonly RoomName[]
): Promise<Map<string, StoredRoom | RoomlogError>> => {
  const nameOf = new Map(names.map((name) => [roomIdOf(name), name]))
  const rows = await database.query<RoomRow>(rooms, [uuids([...nameOf.keys()])])
  const tailOf = await readTails(
    database,
    rows.filter(({ deleted, head, snapshot_seq }) => !deleted && head > snapshot_seq)
  )
  return new Map(
    rows.map((row) => [row.id, assemble(row, nameOf.get(row.id) ?? row.id, tailOf.get(row.id) ?? [])])
  )
}

const readTails = async (database: Database, behind: readonly RoomRow[]): Promise<Map<string, TailRow[]>> => {
  const tailOf = new Map<string, TailRow[]>()
  let left = behind.map(({ id, snapshot_seq }) => ({ id, after: snapshot_seq }))
  while (left.length > 0) {
    const page = await database.query<TailRow>(tails, [
      uuids(left.map(({ id }) => id)),
      int8s(left.map(({ after }) => after)),
      pageRowsMax
    ])
    const read = Map.groupBy(page, ({ room_id }) => room_id)
    for (const [id, rows] of read) tailOf.set(id, [...(tailOf.get(id) ?? []), ...rows])
    left = [...read].flatMap(([id, rows]) =>
      rows.length < pageRowsMax ? [] : [{ id, after: rows.at(-1)?.seq ?? 0n }]
    )
  }
  return tailOf
}

const assemble = (row: RoomRow, name: string, tail: readonly TailRow[]): StoredRoom | RoomlogError => {
  if (row.deleted) return new RoomlogError('room-deleted', `${name} was deleted`)
  let seq = row.snapshot_seq
  for (const entry of tail) {
    if (entry.seq !== ++seq)
      return new RoomlogError('room-corrupt', `${name} has no entry ${seq}, but has ${entry.seq}`)
  }
  if (row.head < row.snapshot_seq)
    return new RoomlogError(
      'room-corrupt',
      `${name} ends at ${row.head}, its snapshot at ${row.snapshot_seq}`
    )
  return {
    epoch: toEpoch(row.epoch),
    head: toSeq(seq),
    snapshotSeq: toSeq(row.snapshot_seq),
    snapshot: row.state,
    updates: tail.flatMap(({ update }) => (update === null ? [] : [update]))
  }
}
