/**
 * The statement that appends a batch: exactly once, gaplessly, for any number of rooms.
 *
 * The batch's number moves its writer from k to k+1 in the same statement. A retry after a lost answer finds it
 * moved, or waits for the first attempt, which still holds the row, and then finds it moved: it writes nothing.
 * Rooms are locked in the order of their ids, so that two nodes cannot wait for each other.
 */
import { type Seq, toSeq } from '../../schema/room-name.ts'
import { byteas, type Lane, texts, uuids } from '../database/database.ts'
import type { AppendedEntry, RoomLog } from './room-log.ts'

export interface RoomEntries {
  readonly room: RoomLog
  readonly entries: readonly AppendedEntry[]
}

export interface Placed {
  /** The seq of the last entry; the others stand directly before it. */
  readonly seq: Seq
  readonly at: number
}

/** One entry, which is what quiet times are made of: no arrays, half the time of the general statement. */
const oneEntry = `
with turn as (
  update writer set batch = $2::int8 where id = $1::uuid and batch = $2::int8 - 1 returning id),
moved as (
  update room set head = head + 1, changed_at = greatest(clock_timestamp(), changed_at), dirty = true
  where id = $3::uuid and deleted_at is null and exists (select from turn)
  returning head, changed_at)
insert into entry (room_id, seq, author, at, update)
select $3::uuid, head, $4::text, changed_at, $5::bytea from moved
returning room_id, seq, at`

/** The update of `room` is what locks: a `select for update` before it would write as much WAL again. */
const manyEntries = `
with turn as (
  update writer set batch = $2::int8 where id = $1::uuid and batch = $2::int8 - 1 returning id),
incoming as materialized (
  select room_id, count(*) as entries, array_agg(author order by ord) as authors, array_agg(update order by ord) as updates
  from unnest($3::text::uuid[], $4::text::text[], $5::text::bytea[]) with ordinality as i(room_id, author, update, ord)
  where exists (select from turn)
  group by room_id order by room_id),
moved as (
  update room set head = head + i.entries, changed_at = greatest(clock_timestamp(), changed_at), dirty = true
  from incoming i where room.id = i.room_id and deleted_at is null
  returning room.id, head - i.entries as base, head, changed_at as at, i.authors, i.updates),
written as (
  insert into entry (room_id, seq, author, at, update)
  select m.id, m.base + e.ord, e.author, m.at, e.update
  from moved m, unnest(m.authors, m.updates) with ordinality as e(author, update, ord))
select id as room_id, head as seq, at from moved`

/** The same for entries of which more is to be known than their author: few are, and the others do not pay for it. */
const causedEntries = `
with turn as (
  update writer set batch = $2::int8 where id = $1::uuid and batch = $2::int8 - 1 returning id),
incoming as materialized (
  select room_id, count(*) as entries, array_agg(author order by ord) as authors, array_agg(update order by ord) as updates,
    array_agg(cause order by ord) as causes
  from unnest($3::text::uuid[], $4::text::text[], $5::text::bytea[], $6::text::text[])
    with ordinality as i(room_id, author, update, cause, ord)
  where exists (select from turn)
  group by room_id order by room_id),
moved as (
  update room set head = head + i.entries, changed_at = greatest(clock_timestamp(), changed_at), dirty = true
  from incoming i where room.id = i.room_id and deleted_at is null
  returning room.id, head - i.entries as base, head, changed_at as at, i.authors, i.updates, i.causes),
written as (
  insert into entry (room_id, seq, author, at, cause, update)
  select m.id, m.base + e.ord, e.author, m.at, e.cause::jsonb, e.update
  from moved m, unnest(m.authors, m.updates, m.causes) with ordinality as e(author, update, cause, ord))
select id as room_id, head as seq, at from moved`

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

const newest = `
select room_id, seq, at, author, update from entry
where room_id = $1::uuid and seq > $2::int8 and update is not null order by seq desc limit $3::int8`

type Row = { room_id: string; seq: bigint; at: Date }

/** Gives a writer its row, with the number of the batch before its first. */
export const registerWriter = async (lane: Lane, writer: string, batch: number): Promise<void> => {
  await lane.query('insert into writer (id, batch) values ($1::uuid, $2::int8) on conflict do nothing', [
    writer,
    batch
  ])
}

/** The number of its last batch; null: the database does not know this writer. */
export const writerBatch = async (lane: Lane, writer: string): Promise<number | null> => {
  const [row] = await lane.query<{ batch: bigint }>('select batch from writer where id = $1::uuid', [writer])
  return row === undefined ? null : Number(row.batch)
}

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
 * Writes a batch under its number. The answer has no row for a room that is deleted; it is empty too if this number
 * was used before.
 *
 * @throws DatabaseError: rolled back, or, where the connection was lost, perhaps committed: ask `locate`
 */
export const appendBatch = async (
  lane: Lane,
  writer: string,
  batch: number,
  groups: readonly RoomEntries[]
): Promise<Map<string, Placed>> => {
  const [first] = groups
  const [entry] = first?.entries ?? []
  if (first === undefined || entry === undefined) return new Map()
  const causes = causesOf(groups)
  if (causes !== null) {
    const rows = await lane.query<Row>(causedEntries, [writer, batch, ...columnsOf(groups), texts(causes)])
    return placedIn(rows)
  }
  const rows =
    groups.length === 1 && first.entries.length === 1
      ? await lane.query<Row>(oneEntry, [writer, batch, first.room.id, entry.author, entry.update])
      : await lane.query<Row>(manyEntries, [writer, batch, ...columnsOf(groups)])
  return placedIn(rows)
}

const placedIn = (rows: readonly Row[]): Map<string, Placed> =>
  new Map(rows.map((row) => [row.room_id, { seq: toSeq(row.seq), at: row.at.getTime() }]))

/** The causes of all entries; null where none has one. */
const causesOf = (groups: readonly RoomEntries[]): (string | null)[] | null => {
  if (!groups.some(({ entries }) => entries.some(({ cause }) => cause !== null))) return null
  return groups.flatMap(({ entries }) =>
    entries.map(({ cause }) => (cause === null ? null : JSON.stringify(cause)))
  )
}

const columnsOf = (groups: readonly RoomEntries[]): [string, string, string] => {
  const ids: string[] = []
  const authors: string[] = []
  const updates: Uint8Array[] = []
  for (const { room, entries } of groups) {
    for (const { author, update } of entries) {
      ids.push(room.id)
      authors.push(author)
      updates.push(update)
    }
  }
  return [uuids(ids), texts(authors), byteas(updates)]
}

/**
 * Where the entries of a batch are whose answer was lost: for each room the run of rows behind its last known head
 * that holds the same bytes of the same authors. A room without such a run is not in the answer.
 */
export const locateBatch = async (
  lane: Lane,
  groups: readonly RoomEntries[]
): Promise<Map<string, Placed>> => {
  const found = new Map<string, Placed>()
  for (const { room, entries } of groups) {
    const rows = await lane.query<Row & { author: string; update: Uint8Array }>(newest, [
      room.id,
      room.head,
      entries.length + locateRowsMax
    ])
    rows.reverse()
    const at = rows.findIndex((_, start) =>
      entries.every(({ author, update }, index) => {
        const row = rows[start + index]
        return row !== undefined && row.author === author && Buffer.compare(row.update, update) === 0
      })
    )
    const last = rows[at + entries.length - 1]
    if (at !== -1 && last !== undefined) found.set(room.id, { seq: toSeq(last.seq), at: last.at.getTime() })
  }
  return found
}

/** How many entries other nodes may have appended to a room since a batch of ours whose answer was lost. */
const locateRowsMax = 10_000
