/**
 * Reads rooms back: the newest snapshot and the updates after it.
 *
 * A thousand rooms that wake one after the other cost a few queries. Long tails follow in pages.
 */

import { RoomlogError } from '../../schema/error-codes.ts'
import type { RoomName } from '../../schema/room-name.ts'
import { type Epoch, type Seq, toEpoch, toSeq } from '../../schema/room-name.ts'
import { askedTogether } from '../database/asked-together.ts'
import { type Database, int8s, uuids } from '../database/database.ts'
import { asUnavailable } from '../unavailable.ts'
import { roomIdOf } from './room-log.ts'

/** A room as Postgres has it: fold `state` (if any), then `updates`, and the document is that of `head`. */
export interface StoredRoom {
  readonly epoch: Epoch
  readonly head: Seq
  readonly snapshotSeq: Seq
  readonly snapshot: Uint8Array | null
  /** The updates behind the snapshot, oldest first. */
  readonly updates: readonly Uint8Array[]
  /** Who wrote each of these updates; null: it brought what others wrote, and says nothing of whose client ids are in it. */
  readonly authors: readonly (string | null)[]
  /** Whose client ids are in the snapshot, or were announced. */
  readonly clients: readonly UserClients[]
}

/** The Yjs client ids of one user: decimal numbers, separated by commas. */
export interface UserClients {
  readonly userId: string
  readonly ids: string
}

export interface Loader {
  /**
   * @returns null for a room that has no row yet
   * @throws RoomlogError 'room-deleted', 'room-corrupt' (the log has a gap), 'unavailable'
   */
  load(name: RoomName): Promise<StoredRoom | null>
  /**
   * The room as it stood at `seq`, which is its `head` then: from the nearest snapshot at or below.
   *
   * @returns null for a room that has no row yet
   * @throws RoomlogError as `load`; 'seq-ahead' beyond the head; 'too-large' where the updates to fold are above 64 MiB
   */
  loadAt(name: RoomName, seq: Seq): Promise<StoredRoom | null>
}

const pageRowsMax = 10_000
const pastBytesMax = 64 * 1024 * 1024

/** Owners and snapshot by one statement: ids that are in the one and not yet in the other would be nobody's. */
const rooms = `
select r.id, r.epoch, r.deleted_at is not null as deleted, coalesce(s.seq, 0) as snapshot_seq, s.state,
  coalesce((select max(seq) from entry where room_id = r.id), 0) as head,
  (select jsonb_object_agg(user_id, ids) from (
    select user_id, string_agg(client_id::text, ',') as ids from client where room_id = r.id group by user_id) c) as clients
from room r
left join lateral (select seq, state from snapshot where room_id = r.id order by seq desc limit 1) s on true
where r.id = any($1::text::uuid[])`

const tails = `
select b.id as room_id, e.seq, e.author, e.update, e.event is not null as is_event
from unnest($1::text::uuid[], $2::text::int8[]) as b(id, after)
cross join lateral (
  select seq, case when cause @> '{"relayed": true}' then null else author end as author, update, event
  from entry where room_id = b.id and seq > b.after order by seq limit $3::int8) e
order by b.id, e.seq`

const roomAt = `
select r.id, r.epoch, r.deleted_at is not null as deleted, coalesce(s.seq, 0) as snapshot_seq, s.state,
  coalesce((select max(seq) from entry where room_id = r.id), 0) as head
from room r
left join lateral (
  select seq, state from snapshot where room_id = r.id and seq <= $2::int8 order by seq desc limit 1) s on true
where r.id = $1::uuid`

const entriesUpTo = `
select room_id, seq, author, update, event is not null as is_event from entry
where room_id = $1::uuid and seq > $2::int8 and seq <= $3::int8 order by seq limit $4::int8`

type RoomRow = {
  id: string
  epoch: number
  head: bigint
  deleted: boolean
  snapshot_seq: bigint
  state: Uint8Array | null
  clients?: Readonly<Record<string, string>> | null
}
type TailRow = {
  room_id: string
  seq: bigint
  author: string | null
  update: Uint8Array | null
  is_event: boolean
}

/** @param roomsMax how many rooms one query reads; more wait for the next one */
export const createLoader = (database: Database, roomsMax: number): Loader => {
  const read = askedTogether(roomsMax, (names: readonly RoomName[]) => readRooms(database, names))
  return {
    load: async (name) => {
      try {
        return orThrow(await read(name))
      } catch (error) {
        throw asUnavailable(error)
      }
    },
    loadAt: async (name, seq) => {
      try {
        return await readRoomAt(database, name, seq)
      } catch (error) {
        throw asUnavailable(error)
      }
    }
  }
}

const readRoomAt = async (database: Database, name: RoomName, seq: Seq): Promise<StoredRoom | null> => {
  const [row] = await database.query<RoomRow>(roomAt, [roomIdOf(name), seq])
  if (row === undefined) return null
  if (!row.deleted && row.head < seq)
    throw new RoomlogError('seq-ahead', `${name} stands at ${row.head}, not ${seq}`)
  const tail = row.deleted ? [] : await readTailUpTo(database, row, BigInt(seq))
  return orThrow(assemble({ ...row, head: BigInt(seq) }, name, tail))
}

/** Of rooms that are read together, each is refused alone. */
const orThrow = <T>(room: T | RoomlogError): T => {
  if (room instanceof RoomlogError) throw room
  return room
}

const readTailUpTo = async (database: Database, row: RoomRow, seq: bigint): Promise<TailRow[]> => {
  const tail: TailRow[] = []
  let bytes = 0
  for (let after = row.snapshot_seq; after < seq; after = tail.at(-1)?.seq ?? seq) {
    const page = await database.query<TailRow>(entriesUpTo, [row.id, after, seq, pageRowsMax])
    for (const { update } of page) bytes += update?.length ?? 0
    if (bytes > pastBytesMax)
      throw new RoomlogError(
        'too-large',
        `${bytes} bytes lie behind seq ${row.snapshot_seq} > ${pastBytesMax}`
      )
    tail.push(...page)
    if (page.length < pageRowsMax) break
  }
  return tail
}

const readRooms = async (
  database: Database,
  names: readonly RoomName[]
): Promise<readonly (StoredRoom | RoomlogError | null)[]> => {
  const nameOf = new Map(names.map((name) => [roomIdOf(name), name]))
  const rows = await database.query<RoomRow>(rooms, [uuids([...nameOf.keys()])])
  const tailOf = await readTails(
    database,
    rows.filter(({ deleted, head, snapshot_seq }) => !deleted && head > snapshot_seq)
  )
  const found = new Map(
    rows.map((row) => [row.id, assemble(row, nameOf.get(row.id) ?? row.id, tailOf.get(row.id) ?? [])])
  )
  return names.map((name) => found.get(roomIdOf(name)) ?? null)
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
  // An append between the two queries brings entries above the head that was read.
  if (seq < row.head)
    return new RoomlogError('room-corrupt', `${name} ends at ${seq}, its head is ${row.head}`)
  return {
    epoch: toEpoch(row.epoch),
    head: toSeq(seq),
    snapshotSeq: toSeq(row.snapshot_seq),
    snapshot: row.state,
    updates: tail.flatMap(({ update }) => (update === null ? [] : [update])),
    authors: tail.flatMap(({ update, author }) => (update === null ? [] : [author])),
    clients: Object.entries(row.clients ?? {}).map(([userId, ids]) => ({ userId, ids }))
  }
}
