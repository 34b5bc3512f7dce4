/**
 * The statement that appends a batch: exactly once, gaplessly, for any number of rooms.
 *
 * It names the seqs itself, directly behind the base that this node knows, and the primary key does the rest: whoever
 * comes second, another node or the same batch again after a lost answer, collides, and nothing of the whole statement
 * is written. What then stands at those seqs says who came first. Where there is no entry at the base, nothing is
 * written: a log has no holes. Rooms are written in the order of their ids, so that two nodes cannot wait for each other.
 */
import { type Seq, toSeq } from '../../schema/room-name.ts'
import { byteas, DatabaseError, int8s, type Lane, texts, uuids } from '../database/database.ts'
import type { AppendedEntry, RoomLog } from './room-log.ts'

export interface RoomEntries {
  readonly room: RoomLog
  /** The seq that they follow. */
  readonly base: Seq
  readonly entries: readonly AppendedEntry[]
}

export interface Placed {
  /** The seq of the last entry; the others stand directly before it. */
  readonly seq: Seq
  readonly at: number
}

/** What the database has of a room. */
export interface Standing {
  /** It is there, and not deleted. */
  readonly isOpen: boolean
  readonly head: Seq
}

/**
 * One entry behind another, in a room that is dirty already, which is what quiet times are made of: no arrays, no second
 * table to write, half the time of the general statement. Anything else is left to that one.
 */
const oneEntry = `
insert into entry (room_id, seq, author, at, update)
select room.id, last.seq + 1, $3::text, greatest(now(), last.at), $4::bytea
from room, entry last
where room.id = $1::uuid and deleted_at is null and dirty and last.room_id = $1::uuid and last.seq = $2::int8
returning room_id, at`

const manyEntries = `
with sent as materialized (
  select room_id, base, array_agg(author order by ord) as authors, array_agg(update order by ord) as updates
  from unnest($1::text::uuid[], $2::text::int8[], $3::text::text[], $4::text::bytea[]) with ordinality
    as s(room_id, base, author, update, ord)
  group by room_id, base order by room_id),
open as materialized (
  select sent.*, greatest(now(), last.at) as at
  from sent join room on room.id = room_id and deleted_at is null
  left join entry last on last.room_id = sent.room_id and last.seq = base
  where base = 0 or last.seq is not null),
marked as (
  update room set dirty = true from open where id = room_id and not dirty),
written as (
  insert into entry (room_id, seq, author, at, update)
  select room_id, base + e.ord, e.author, at, e.update
  from open, unnest(authors, updates) with ordinality as e(author, update, ord))
select room_id, at from open`

/** The same for entries of which more is to be known than their author: few are, and the others do not pay for it. */
const causedEntries = `
with sent as materialized (
  select room_id, base, array_agg(author order by ord) as authors, array_agg(update order by ord) as updates,
    array_agg(cause order by ord) as causes
  from unnest($1::text::uuid[], $2::text::int8[], $3::text::text[], $4::text::bytea[], $5::text::text[]) with ordinality
    as s(room_id, base, author, update, cause, ord)
  group by room_id, base order by room_id),
open as materialized (
  select sent.*, greatest(now(), last.at) as at
  from sent join room on room.id = room_id and deleted_at is null
  left join entry last on last.room_id = sent.room_id and last.seq = base
  where base = 0 or last.seq is not null),
marked as (
  update room set dirty = true from open where id = room_id and not dirty),
written as (
  insert into entry (room_id, seq, author, at, cause, update)
  select room_id, base + e.ord, e.author, at, e.cause::jsonb, e.update
  from open, unnest(authors, updates, causes) with ordinality as e(author, update, cause, ord))
select room_id, at from open`

/** Whoever writes the first entry of a room that nobody created is its owner. */
const register = `
with fresh as (
  select * from unnest($1::text::uuid[], $2::text::text[], $3::text::text[], $4::text::text[], $5::text::text[])
    as f(id, name, kind, author, role)
  order by id),
made as (
  insert into room (id, name, kind) select id, name, kind from fresh on conflict do nothing returning id)
insert into member (room_id, user_id, role)
select m.id, f.author, f.role from made m join fresh f using (id) where f.role <> ''
on conflict do nothing`

const standings = `
select asked.id, room.id is not null and deleted_at is null as is_open,
  coalesce((select max(seq) from entry where room_id = asked.id), 0) as head
from unnest($1::text::uuid[]) as asked(id) left join room on room.id = asked.id`

const runs = `
select room_id, seq, at, author, update
from unnest($1::text::uuid[], $2::text::int8[], $3::text::int8[]) as run(id, base, entries)
join entry on room_id = id and seq > base and seq <= base + entries
order by room_id, seq`

type PlacedRow = { room_id: string; at: Date }
type RunRow = { room_id: string; seq: bigint; at: Date; author: string; update: Uint8Array | null }

/** Gives rooms their rows; those that have one stay as they are. */
export const registerRooms = async (lane: Lane, groups: readonly RoomEntries[]): Promise<void> => {
  const rooms = groups.map(({ room }) => room)
  await lane.query(register, [
    uuids(rooms.map(({ id }) => id)),
    texts(rooms.map(({ name }) => name)),
    texts(rooms.map(({ kind }) => kind)),
    texts(groups.map(({ entries }) => entries[0]?.author ?? 'server')),
    texts(rooms.map(({ ownerRole }) => ownerRole ?? ''))
  ])
  for (const room of rooms) room.isStored = true
}

/**
 * Writes a batch, each room's entries behind its base. The answer has no row for a room that is deleted, or that has no
 * entry at its base.
 *
 * @throws DatabaseError: rolled back, or, where the connection was lost, perhaps committed; see `isCollision`
 */
export const appendBatch = async (
  lane: Lane,
  groups: readonly RoomEntries[]
): Promise<Map<string, Placed>> => {
  const [first] = groups
  const [entry] = first?.entries ?? []
  if (first === undefined || entry === undefined) return new Map()
  const causes = causesOf(groups)
  let rows: PlacedRow[] = []
  if (causes !== null)
    rows = await lane.query<PlacedRow>(causedEntries, [...columnsOf(groups), texts(causes)])
  else {
    if (groups.length === 1 && first.entries.length === 1 && first.base > 0)
      rows = await lane.query<PlacedRow>(oneEntry, [first.room.id, first.base, entry.author, entry.update])
    if (rows.length === 0) rows = await lane.query<PlacedRow>(manyEntries, columnsOf(groups))
  }
  const timeOf = new Map(rows.map(({ room_id, at }) => [room_id, at.getTime()]))
  const placed = new Map<string, Placed>()
  for (const { room, base, entries } of groups) {
    const at = timeOf.get(room.id)
    if (at !== undefined) placed.set(room.id, { seq: toSeq(base + entries.length), at })
  }
  return placed
}

/** The causes of all entries; null where none has one. */
const causesOf = (groups: readonly RoomEntries[]): (string | null)[] | null => {
  if (!groups.some(({ entries }) => entries.some(({ cause }) => cause !== null))) return null
  return groups.flatMap(({ entries }) =>
    entries.map(({ cause }) => (cause === null ? null : JSON.stringify(cause)))
  )
}

/**
 * Was nothing written because something stands at one of the seqs already? A collision on a foreign server comes without
 * the field that names the constraint; its message names it in any language.
 */
export const isCollision = (error: unknown): boolean =>
  error instanceof DatabaseError &&
  error.code === '23505' &&
  (error.constraint ?? error.message).includes('entry_pkey')

const columnsOf = (groups: readonly RoomEntries[]): [string, string, string, string] => {
  const ids: string[] = []
  const bases: Seq[] = []
  const authors: string[] = []
  const updates: Uint8Array[] = []
  for (const { room, base, entries } of groups) {
    for (const { author, update } of entries) {
      ids.push(room.id)
      bases.push(base)
      authors.push(author)
      updates.push(update)
    }
  }
  return [uuids(ids), int8s(bases), texts(authors), byteas(updates)]
}

export const readStandings = async (
  lane: Lane,
  rooms: readonly RoomLog[]
): Promise<Map<string, Standing>> => {
  const rows = await lane.query<{ id: string; is_open: boolean; head: bigint }>(standings, [
    uuids(rooms.map(({ id }) => id))
  ])
  return new Map(rows.map(({ id, is_open, head }) => [id, { isOpen: is_open, head: toSeq(head) }]))
}

/**
 * Which entries of a batch are in the log although nobody answered: those that stand behind their base with the same
 * bytes and authors. Asked after the standings, never before: a first attempt that arrives between the two is found.
 */
export const locateBatch = async (
  lane: Lane,
  groups: readonly RoomEntries[]
): Promise<Map<string, Placed>> => {
  const found = new Map<string, Placed>()
  if (groups.length === 0) return found
  const rows = await lane.query<RunRow>(runs, [
    uuids(groups.map(({ room }) => room.id)),
    int8s(groups.map(({ base }) => base)),
    int8s(groups.map(({ entries }) => entries.length))
  ])
  const runOf = Map.groupBy(rows, ({ room_id }) => room_id)
  for (const { room, entries } of groups) {
    const run = runOf.get(room.id) ?? []
    const last = run.at(entries.length - 1)
    const isOurs = entries.every(({ author, update }, index) => {
      const row = run[index]
      return row?.author === author && row.update !== null && Buffer.compare(row.update, update) === 0
    })
    if (isOurs && last !== undefined) found.set(room.id, { seq: toSeq(last.seq), at: last.at.getTime() })
  }
  return found
}
