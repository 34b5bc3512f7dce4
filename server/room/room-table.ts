/** What the tables know of rooms: their rows, and the entries as they are read by people and programs. */
import { RoomlogError } from '../../schema/error-codes.ts'
import type { EntryMark } from '../../schema/messages.ts'
import {
  type Epoch,
  kindOf,
  parseRoomName,
  type RoomName,
  type Seq,
  toEpoch,
  toSeq
} from '../../schema/room-name.ts'
import type { Identity, User } from '../auth/identity.ts'
import { type Database, type Param, type Row, texts } from '../database/database.ts'
import { roomIdOf } from '../log/room-log.ts'
import { asUnavailable } from '../unavailable.ts'

/** A room's row. */
export interface RoomRecord {
  readonly name: RoomName
  readonly kind: string
  readonly head: Seq
  readonly epoch: Epoch
  readonly createdAt: Date
  readonly changedAt: Date
  readonly isDeleted: boolean
}

export interface Entry {
  readonly seq: Seq
  readonly author: string
  readonly at: Date
  readonly bytes: number
  readonly cause: unknown
  readonly update: Uint8Array | null
  readonly event: unknown
}

export interface RoomQuery {
  readonly kind: string | null
  readonly after: RoomName | null
  readonly limit: number
  readonly visibleTo: Identity
  /** Kinds whose rooms stand for themselves: guests see them all. */
  readonly openKinds: readonly string[]
}

/** Rooms whose names begin with `prefix`, or are it. */
export interface NameRange {
  readonly prefix: string
  readonly isExact: boolean
}

/** Every method throws RoomlogError 'unavailable' while the database cannot be asked. */
export interface RoomTable {
  /** null: there is one already, perhaps a deleted one. @param ownerRole null: its maker is no member */
  insert(name: RoomName, owner: User, ownerRole: string | null): Promise<RoomRecord | null>
  find(name: RoomName): Promise<RoomRecord | null>
  /** In the order of their names; some of them may not be read by everybody who belongs to them. */
  list(query: RoomQuery): Promise<readonly RoomRecord[]>
  /** In the order of their bytes. */
  listNamed(
    ranges: readonly NameRange[],
    page: { readonly after: RoomName | null; readonly limit: number }
  ): Promise<readonly RoomRecord[]>
  /** Those that are there and whose names begin so, in the order of their names. */
  namesWith(prefix: string, limit: number): Promise<readonly RoomName[]>
  /** False: there was none. */
  markDeleted(name: RoomName): Promise<boolean>
  entries(name: RoomName, after: Seq, limit: number): Promise<readonly Entry[]>
  /** The newest entries, oldest first, as a log line draws them. */
  recentMarks(name: RoomName): Promise<readonly EntryMark[]>
}

const recentMarksMax = 384

export const createRoomTable = (database: Database): RoomTable => {
  const ask = async <T extends Row>(text: string, params: readonly Param[]): Promise<T[]> => {
    try {
      return await database.query<T>(text, params)
    } catch (error) {
      throw asUnavailable(error)
    }
  }
  return {
    insert: async (name, owner, ownerRole) => {
      const [row] = await ask<RoomRow>(insertRoom, [
        roomIdOf(name),
        name,
        kindOf(name),
        owner.id,
        ownerRole,
        owner.name
      ])
      return row === undefined ? null : toRecord(row)
    },
    find: async (name) => {
      const [row] = await ask<RoomRow>(selectRoom, [roomIdOf(name)])
      return row === undefined ? null : toRecord(row)
    },
    list: async ({ kind, after, limit, visibleTo, openKinds }) => {
      const prefixes = (visibleTo.grants ?? []).map(({ room }) => ({
        prefix: room.replace(/\*$/, ''),
        exact: !room.endsWith('*')
      }))
      const params = [
        kind,
        after ?? '',
        limit,
        visibleTo.isAdmin,
        JSON.stringify(prefixes),
        visibleTo.user.id,
        texts(visibleTo.isGuest ? openKinds : [])
      ]
      return (await ask<RoomRow>(listRooms, params)).map(toRecord)
    },
    listNamed: async (ranges, { after, limit }) => {
      const lows = texts(ranges.map(({ prefix }) => prefix))
      const highs = texts(ranges.map(({ prefix, isExact }) => `${prefix}${isExact ? '!' : '\x7f'}`))
      return (await ask<RoomRow>(listByName, [after ?? '', lows, highs, limit])).map(toRecord)
    },
    namesWith: async (prefix, limit) => {
      const rows = await ask<RoomRow>(selectByPrefix, [prefix, limit])
      return rows.map((row) => toRecord(row).name)
    },
    markDeleted: async (name) => (await ask(deleteRoom, [roomIdOf(name)])).length > 0,
    entries: async (name, after, limit) => {
      const rows = await ask<EntryRow>(selectEntries, [roomIdOf(name), after, limit])
      return rows.map((row) => ({
        ...row,
        seq: toSeq(row.seq),
        bytes: row.update?.length ?? JSON.stringify(row.event).length
      }))
    },
    recentMarks: async (name) => {
      const rows = await ask<MarkRow>(selectMarks, [roomIdOf(name), recentMarksMax])
      return rows.map(({ seq, author, bytes, at }) => ({ seq: toSeq(seq), author, bytes, at: at.getTime() }))
    }
  }
}

interface RoomRow extends Row {
  name: string
  kind: string
  head: bigint
  epoch: number
  created_at: Date
  changed_at: Date
  deleted_at: Date | null
}

interface EntryRow extends Row {
  seq: bigint
  author: string
  at: Date
  cause: unknown
  update: Uint8Array | null
  event: unknown
}

interface MarkRow extends Row {
  seq: bigint
  author: string
  bytes: number
  at: Date
}

const toRecord = (row: RoomRow): RoomRecord => {
  const name = parseRoomName(row.name)
  if (name === null) throw new RangeError(`a stored room is named ${JSON.stringify(row.name)}`)
  return {
    name,
    kind: row.kind,
    head: toSeq(row.head),
    epoch: toEpoch(row.epoch),
    createdAt: row.created_at,
    changedAt: row.changed_at,
    isDeleted: row.deleted_at !== null
  }
}

/** The answer for a room that is not there, or not any more. */
export const noSuchRoom = (name: RoomName): RoomlogError =>
  new RoomlogError('room-not-found', `there is no room ${name}`)

/** The newest entry of a room says how far it is, and since when. */
const columns =
  'name, kind, coalesce(seq, 0) as head, epoch, created_at, coalesce(at, created_at) as changed_at, deleted_at'
const newest =
  'left join lateral (select seq, at from entry where room_id = room.id order by seq desc limit 1) newest on true'

const insertRoom = `
with made as (
  insert into room (id, name, kind) values ($1::uuid, $2::text, $3::text) on conflict do nothing
  returning *),
owner as (
  insert into member (room_id, user_id, role, name) select id, $4::text, $5::text, $6::text from made
  where $5::text is not null on conflict do nothing)
select ${columns} from made as room ${newest}`

const selectRoom = `select ${columns} from room ${newest} where room.id = $1::uuid`

// Names hold no letter behind the tilde. A pattern that is a parameter would find no index.
const selectByPrefix = `
select ${columns} from room ${newest}
where name ~>=~ $1::text and name ~<~ ($1::text || chr(127)) and deleted_at is null
order by name using ~<~ limit $2::int8`

/** Administrators see all rooms, guests those that stand for themselves, everybody what a grant names and where they are members. */
const listRooms = `
select ${columns} from room ${newest}
where deleted_at is null and name > $2::text and ($1::text is null or kind = $1::text)
  and ($4::boolean or kind = any($7::text::text[])
    or exists (
      select from jsonb_to_recordset($5::text::jsonb) as g(prefix text, exact boolean)
      where case when g.exact then name = g.prefix else starts_with(name, g.prefix) end)
    or exists (select from member where room_id = room.id and user_id = $6::text and role <> ''))
order by name limit $3::int8`

// No letter of a name comes before an exclamation mark or behind a tilde. A pattern that is a parameter would find no index.
const listByName = `
select found.*
from unnest($2::text::text[], $3::text::text[]) as range(low, high) cross join lateral (
  select ${columns} from room ${newest}
  where name ~>=~ range.low and name ~<~ range.high and name ~>~ $1::text and deleted_at is null
  order by name using ~<~ limit $4::int8) found
order by name using ~<~ limit $4::int8`

const deleteRoom =
  'update room set deleted_at = now() where id = $1::uuid and deleted_at is null returning id'

const selectEntries = `
select seq, author, at, cause, update, event from entry
where room_id = $1::uuid and seq > $2::int8 order by seq limit $3::int8`

const selectMarks = `
select seq, author, coalesce(octet_length(update), 0) as bytes, at from (
  select seq, author, update, at from entry where room_id = $1::uuid order by seq desc limit $2::int8) newest
order by seq`
