/** The rooms as HTTP sees them: created, listed, read, edited and removed, always from what is committed. */
import type { Hocuspocus } from '@hocuspocus/server'
import * as Y from 'yjs'
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
import { monotonic, sleep } from '../clock.ts'
import { type Database, DatabaseError, type Row } from '../database/database.ts'
import { foldInto, isPending } from '../log/fold.ts'
import type { GroupCommit } from '../log/group-commit.ts'
import type { Loader } from '../log/load.ts'
import { roomIdOf } from '../log/room-log.ts'
import type { Access, Authority, Identity, KindRules, User } from './authorize.ts'
import { documentToJson, type Json } from './document-json.ts'
import { HookRefusal, type OpenRooms, type SessionContext } from './hocuspocus.ts'
import type { Latency } from './latency.ts'
import { type Room, Writing } from './room.ts'

export interface RoomInfo {
  readonly name: RoomName
  readonly kind: string
  readonly head: Seq
  readonly epoch: Epoch
  readonly createdAt: Date
  readonly changedAt: Date
  /** Sessions in the room, on this node. */
  readonly connections: number
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

export interface RoomStats {
  readonly room: RoomName
  readonly seq: Seq
  readonly connections: number
  /** Entries that are appended and not committed. */
  readonly waiting: number
  /** From taking an update to telling its author that it is committed. */
  readonly acknowledge: Latency | null
  /** From taking an update to showing it to the others. */
  readonly broadcast: Latency | null
}

export interface NodeStats {
  readonly rooms: number
  readonly sessions: number
  readonly connections: number
  readonly waitingEntries: number
  readonly waitingBytes: number
}

export interface RoomQuery {
  readonly kind: string | null
  readonly after: RoomName | null
  readonly limit: number
  readonly visibleTo: Identity
}

export interface Rooms {
  /** @throws RoomlogError 'room-exists', 'room-deleted', 'kind-unknown' */
  create(name: RoomName, owner: User): Promise<RoomInfo>
  /** null: there is no such room. */
  find(name: RoomName): Promise<RoomInfo | null>
  list(query: RoomQuery): Promise<readonly RoomInfo[]>
  /** @throws RoomlogError 'room-not-found' */
  remove(name: RoomName, by: User): Promise<void>
  /** The document as JSON at a committed seq; waits a few seconds for `after`. @throws RoomlogError 'seq-ahead', 'room-not-found' */
  view(name: RoomName, options: { after: Seq | null }): Promise<{ seq: Seq; epoch: Epoch; data: Json }>
  /** What a document at the state vector lacks. @throws RoomlogError 'room-not-found' */
  diff(
    name: RoomName,
    stateVector: Uint8Array | null
  ): Promise<{ seq: Seq; epoch: Epoch; update: Uint8Array }>
  /** Resolves once committed; `changed` is false if the room had all of it. @throws RoomlogError whatever the guard says */
  edit(
    name: RoomName,
    access: Access,
    update: Uint8Array
  ): Promise<{ seq: Seq; epoch: Epoch; changed: boolean }>
  entries(name: RoomName, after: Seq, limit: number): Promise<readonly Entry[]>
  /** null: the room is not open on this node. */
  stats(name: RoomName): RoomStats | null
  /** Can it commit now? */
  readonly isReady: boolean
  nodeStats(): NodeStats
}

export interface RoomsParts {
  readonly database: Database
  readonly hocuspocus: Hocuspocus<SessionContext>
  readonly rooms: OpenRooms
  readonly commits: GroupCommit
  readonly loader: Loader
  readonly authority: Authority
  readonly kinds: ReadonlyMap<string, KindRules>
  readonly readView: (kind: string, document: Y.Doc) => Json | null
  readonly isReady: () => boolean
  readonly sessionCount: () => number
}

const viewWaitMs = 5_000
const viewPollMs = 20

export const createRooms = (parts: RoomsParts): Rooms => {
  const { database, rooms, commits, authority } = parts
  const infoOf = (row: RoomRow): RoomInfo => toInfo(row, rooms)

  return {
    create: async (name, owner) => {
      const kind = parts.kinds.get(kindOf(name))
      if (kind === undefined) throw new RoomlogError('kind-unknown', `no kind is named ${kindOf(name)}`)
      const [made] = await asking(
        database.query<RoomRow>(insertRoom, [
          roomIdOf(name),
          name,
          kindOf(name),
          owner.id,
          kind.roles[0] ?? 'owner'
        ])
      )
      authority.forget(name)
      if (made !== undefined) return infoOf(made)
      const [there] = await asking(database.query<RoomRow>(selectRoom, [roomIdOf(name)]))
      throw new RoomlogError(there?.deleted_at == null ? 'room-exists' : 'room-deleted', name)
    },
    find: async (name) => {
      const [row] = await asking(database.query<RoomRow>(selectRoom, [roomIdOf(name)]))
      return row === undefined || row.deleted_at !== null ? null : infoOf(row)
    },
    list: async ({ kind, after, limit, visibleTo }) => {
      const all = visibleTo.isAdmin || visibleTo.isGuest
      const patterns = (visibleTo.grants ?? []).map(({ room }) => room.replace(/\*$/, ''))
      const rows = await asking(
        database.query<RoomRow>(listRooms, [
          kind,
          after ?? '',
          limit,
          all,
          JSON.stringify(patterns),
          visibleTo.user.id
        ])
      )
      return rows.map(infoOf)
    },
    remove: async (name, _by) => {
      const removed = await asking(database.query(deleteRoom, [roomIdOf(name)]))
      if (removed.length === 0) throw new RoomlogError('room-not-found', name)
      authority.forget(name)
      rooms.get(name)?.break(new RoomlogError('room-deleted', `${name} was deleted`))
    },
    view: async (name, { after }) => {
      if (after !== null) await waitFor(parts, name, after)
      return withCommitted(parts, name, ({ seq, epoch, document }) => ({
        seq,
        epoch,
        data: parts.readView(kindOf(name), document) ?? documentToJson(document)
      }))
    },
    diff: (name, stateVector) =>
      withCommitted(parts, name, ({ seq, epoch, document }) => ({
        seq,
        epoch,
        update: encodeDifference(document, stateVector)
      })),
    edit: (name, access, update) => edit(parts, name, access, update),
    entries: async (name, after, limit) => {
      const rows = await asking(database.query<EntryRow>(selectEntries, [roomIdOf(name), after, limit]))
      return rows.map(({ seq, author, at, cause, update, event }) => ({
        seq: toSeq(seq),
        author,
        at,
        cause,
        update,
        event,
        bytes: update?.length ?? JSON.stringify(event).length
      }))
    },
    stats: (name) => {
      const room = rooms.get(name)
      if (room === undefined) return null
      return {
        room: name,
        seq: room.log.head,
        connections: room.members.size,
        waiting: room.log.waiting,
        acknowledge: room.acknowledgements.read(),
        broadcast: room.broadcasts.read()
      }
    },
    get isReady() {
      return parts.isReady()
    },
    nodeStats: () => ({
      rooms: rooms.size,
      sessions: parts.sessionCount(),
      connections: [...rooms.values()].reduce((sum, { members }) => sum + members.size, 0),
      waitingEntries: commits.waitingEntries,
      waitingBytes: commits.waitingBytes
    })
  }
}

const recentMax = 384

/** The newest entries of a room, oldest first, as a log line draws them. */
export const readRecentEntries = async (
  database: Database,
  name: RoomName
): Promise<readonly EntryMark[]> => {
  const rows = await asking(
    database.query<{ seq: bigint; author: string; bytes: number; at: Date }>(selectMarks, [
      roomIdOf(name),
      recentMax
    ])
  )
  return rows.map(({ seq, author, bytes, at }) => ({ seq: toSeq(seq), author, bytes, at: at.getTime() }))
}

/**
 * Calls `read` with the document as it is committed: the live one while nothing of it waits, else one that is folded
 * from the log. A view of what is not committed would stand for no seq, and tell what a crash takes back.
 */
const withCommitted = async <T>(
  { rooms, loader }: RoomsParts,
  name: RoomName,
  read: (at: { seq: Seq; epoch: Epoch; document: Y.Doc }) => T
): Promise<T> => {
  const room = rooms.get(name)
  if (room !== undefined && room.brokenBy === null && room.log.waiting === 0 && room.log.isStored) {
    return read({ seq: room.log.head, epoch: room.log.epoch, document: room.document })
  }
  const stored = await loader.load(name)
  if (stored === null) throw new RoomlogError('room-not-found', name)
  const document = new Y.Doc({ guid: 'room' })
  try {
    foldInto(document, stored.snapshot, stored.updates, null)
    if (isPending(document)) throw new Error('an update builds on content that the log does not have')
    return read({ seq: stored.head, epoch: stored.epoch, document })
  } catch (error) {
    throw new RoomlogError('room-corrupt', `${name} cannot be folded`, { cause: error })
  } finally {
    document.destroy()
  }
}

const encodeDifference = (document: Y.Doc, stateVector: Uint8Array | null): Uint8Array => {
  if (stateVector === null) return Y.encodeStateAsUpdate(document)
  try {
    return Y.encodeStateAsUpdate(document, stateVector)
  } catch (error) {
    throw new RoomlogError('request-invalid', `${stateVector.length} bytes that are no state vector`, {
      cause: error
    })
  }
}

const edit = async (
  parts: RoomsParts,
  name: RoomName,
  access: Access,
  update: Uint8Array
): Promise<{ seq: Seq; epoch: Epoch; changed: boolean }> => {
  const { commits } = parts
  const direct = await openDirect(parts, name)
  try {
    const room = currentRoom(parts, name)
    if (commits.isFull)
      throw new RoomlogError('unavailable', `${commits.waitingBytes} bytes wait for the log`)
    const before = room.log.waiting
    const verdict = applyOrBreak(room, access, update)
    if (verdict.answer === 'refuse') throw new RoomlogError(verdict.code, verdict.detail)
    const changed = room.log.waiting > before
    commits.kick()
    await commits.committed(room.log)
    return { seq: room.log.head, epoch: room.log.epoch, changed }
  } finally {
    await direct.disconnect()
  }
}

const openDirect = async ({ hocuspocus }: RoomsParts, name: RoomName) => {
  try {
    return await hocuspocus.openDirectConnection(name, { session: null })
  } catch (error) {
    if (error instanceof HookRefusal) throw new RoomlogError(error.reason, name, { cause: error.cause })
    throw error
  }
}

const currentRoom = ({ rooms }: RoomsParts, name: RoomName): Room => {
  const room = rooms.get(name)
  if (room === undefined || room.isDestroyed) throw new RoomlogError('resync', `${name} was closed meanwhile`)
  return room
}

const applyOrBreak = (room: Room, { identity, mayWrite }: Access, update: Uint8Array) => {
  try {
    return room.apply(update, mayWrite, new Writing(identity.user.id, null))
  } catch (error) {
    if (error instanceof RoomlogError) throw error
    const broken = new RoomlogError('resync', `${room.name} is read anew`, { cause: error })
    room.break(broken)
    throw broken
  }
}

/** Read your write: the seq may be one that another node, or the next commit, is about to reach. */
const waitFor = async ({ database, rooms }: RoomsParts, name: RoomName, after: Seq): Promise<void> => {
  for (const deadline = monotonic() + viewWaitMs; ; await sleep(viewPollMs)) {
    const live = rooms.get(name)?.log.head ?? 0
    if (live >= after) return
    const [row] = await asking(database.query<RoomRow>(selectRoom, [roomIdOf(name)]))
    if (row === undefined || row.deleted_at !== null) throw new RoomlogError('room-not-found', name)
    if (row.head >= after && !rooms.has(name)) return
    if (monotonic() > deadline)
      throw new RoomlogError('seq-ahead', `${name} stands at ${row.head}, not ${after}`)
  }
}

/** A statement for somebody who waits at the other end: what the database cannot do now has a name there. */
const asking = async <T>(rows: Promise<T>): Promise<T> => {
  try {
    return await rows
  } catch (error) {
    if (error instanceof DatabaseError && error.kind !== 'bug')
      throw new RoomlogError('unavailable', error.message, { cause: error })
    throw error
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

const toInfo = ({ name, kind, head, epoch, created_at, changed_at }: RoomRow, rooms: OpenRooms): RoomInfo => {
  const parsed = parseRoomName(name)
  if (parsed === null) throw new RangeError(`a stored room is named ${JSON.stringify(name)}`)
  return {
    name: parsed,
    kind,
    head: toSeq(head),
    epoch: toEpoch(epoch),
    createdAt: created_at,
    changedAt: changed_at,
    connections: rooms.get(parsed)?.members.size ?? 0
  }
}

const columns = 'name, kind, head, epoch, created_at, changed_at, deleted_at'

const insertRoom = `
with made as (
  insert into room (id, name, kind) values ($1::uuid, $2::text, $3::text) on conflict (id) do nothing returning id, ${columns}),
owner as (
  insert into member (room_id, user_id, role) select id, $4::text, $5::text from made on conflict do nothing)
select ${columns} from made`

const selectRoom = `select ${columns} from room where id = $1::uuid`

/** Guests and administrators see all rooms, others those that a grant names and those that they are members of. */
const listRooms = `
select ${columns} from room
where deleted_at is null and name > $2::text and ($1::text is null or kind = $1::text)
  and ($4::boolean
    or exists (select from jsonb_array_elements_text($5::text::jsonb) as g(prefix) where starts_with(name, g.prefix))
    or exists (select from member where room_id = room.id and user_id = $6::text))
order by name limit $3::int8`

const deleteRoom = `update room set deleted_at = now() where id = $1::uuid and deleted_at is null returning id`

const selectEntries = `
select seq, author, at, cause, update, event from entry
where room_id = $1::uuid and seq > $2::int8 order by seq limit $3::int8`

const selectMarks = `
select seq, author, octet_length(coalesce(update, ''::bytea))::int4 as bytes, at from (
  select seq, author, update, at from entry where room_id = $1::uuid order by seq desc limit $2::int8) newest
order by seq`
