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
import type { Database, Param, Row } from '../database/database.ts'
import { roomIdOf } from '../log/room-log.ts'
import { asUnavailable } from '../unavailable.ts'
import type { Identity, User } from './authorize.ts'

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
}

/** Every method throws RoomlogError 'unavailable' while the database cannot be asked. */
export interface RoomTable {
  /** null: there is one already, perhaps a deleted one. */
  insert(name: RoomName, owner: User, ownerRole: string): Promise<RoomRecord | null>
  find(name: RoomName): Promise<RoomRecord | null>
  /** In the order of their names. */
  list(query: RoomQuery): Promise<readonly RoomRecord[]>
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
      const [row] = await ask<RoomRow>(insertRoom, [roomIdOf(name), name, kindOf(name), owner.id, ownerRole])
      return row === undefined ? null : toRecord(row)
    },
    find: async (name) => {
      const [row] = await ask<RoomRow>(selectRoom, [roomIdOf(name)])
      return row === undefined ? null : toRecord(row)
    },
    list: async ({ kind, after, limit, visibleTo }) => {
      const seesAll = visibleTo.isAdmin || visibleTo.isGuest
      const prefixes = (visibleTo.grants ?? []).map(({ room }) => ({
        prefix: room.replace(/\*$/, ''),
        exact: !room.endsWith('*')
      }))
      const params = [kind, after ?? '', limit, seesAll, JSON.stringify(prefixes), visibleTo.user.id]
      return (await ask<RoomRow>(listRooms, params)).map(toRecord)
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
  insert into member (room_id, user_id, role) select id, $4::text, $5::text from made on conflict do nothing)
select ${columns} from made as room ${newest}`

const selectRoom = `select ${columns} from room ${newest} where room.id = $1::uuid`

/** Guests and administrators see all rooms, others those that a grant names and those that they are members of. */
const listRooms = `
select ${columns} from room ${newest}
where deleted_at is null and name > $2::text and ($1::text is null or kind = $1::text)
  and ($4::boolean
    or exists (
      select from jsonb_to_recordset($5::text::jsonb) as g(prefix text, exact boolean)
      where case when g.exact then name = g.prefix else starts_with(name, g.prefix) end)
    or exists (select from member where room_id = room.id and user_id = $6::text))
order by name limit $3::int8`

const deleteRoom =
  'update room set deleted_at = now() where id = $1::uuid and deleted_at is null returning id'

const selectEntries = `
select seq, author, at, cause, update, event from entry
where room_id = $1::uuid and seq > $2::int8 order by seq limit $3::int8`

const selectMarks = `
select seq, author, coalesce(octet_length(update), 0) as bytes, at from (
  select seq, author, update, at from entry where room_id = $1::uuid order by seq desc limit $2::int8) newest
order by seq`
