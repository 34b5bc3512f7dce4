/** The rooms as HTTP sees them: created, listed, read, edited and removed, always from what is committed. */
import type { Hocuspocus } from '@hocuspocus/server'
import * as Y from 'yjs'
import type { RoomDefinition } from '../../schema/define-room.ts'
import { RoomlogError } from '../../schema/error-codes.ts'
import { type Epoch, kindOf, type RoomName, type Seq } from '../../schema/room-name.ts'
import { monotonic, sleep } from '../clock.ts'
import { foldInto, isPending } from '../log/fold.ts'
import type { GroupCommit } from '../log/group-commit.ts'
import type { Loader, StoredRoom } from '../log/load.ts'
import type { Access, Authority, User } from './authorize.ts'
import { documentToJson, type Json } from './document-json.ts'
import { HookRefusal, type OpenRooms, type SessionContext } from './hocuspocus.ts'
import type { Latency } from './latency.ts'
import { type Room, Writing } from './room.ts'
import { type Entry, noSuchRoom, type RoomQuery, type RoomRecord, type RoomTable } from './room-table.ts'

export interface RoomInfo extends Omit<RoomRecord, 'isDeleted'> {
  /** Sessions in the room, on this node. */
  readonly connections: number
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

export interface Rooms {
  /** @throws RoomlogError 'room-exists', 'room-deleted', 'kind-unknown' */
  create(name: RoomName, owner: User): Promise<RoomInfo>
  /** null: there is no such room. */
  find(name: RoomName): Promise<RoomInfo | null>
  list(query: RoomQuery): Promise<readonly RoomInfo[]>
  /** @throws RoomlogError 'room-not-found' */
  remove(name: RoomName): Promise<void>
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
  readonly table: RoomTable
  readonly hocuspocus: Hocuspocus<SessionContext>
  readonly rooms: OpenRooms
  readonly commits: GroupCommit
  readonly loader: Loader
  readonly authority: Authority
  readonly kinds: ReadonlyMap<string, RoomDefinition>
  readonly readView: (kind: string, document: Y.Doc) => Json | null
  readonly isReady: () => boolean
  readonly sessionCount: () => number
}

const viewWaitMs = 5_000
const viewPollMs = 20

export const createRooms = (parts: RoomsParts): Rooms => {
  const { table, rooms, commits, authority } = parts
  const infoOf = ({ isDeleted: _, ...record }: RoomRecord): RoomInfo => ({
    ...record,
    connections: rooms.get(record.name)?.members.size ?? 0
  })

  return {
    create: async (name, owner) => {
      const kind = parts.kinds.get(kindOf(name))
      if (kind === undefined) throw new RoomlogError('kind-unknown', `no kind is named ${kindOf(name)}`)
      const made = await table.insert(name, owner, kind.roles[0] ?? 'owner')
      authority.forget(name)
      if (made !== null) return infoOf(made)
      const isDeleted = (await table.find(name))?.isDeleted ?? false
      throw new RoomlogError(isDeleted ? 'room-deleted' : 'room-exists', name)
    },
    find: async (name) => {
      const record = await table.find(name)
      return record === null || record.isDeleted ? null : infoOf(record)
    },
    list: async (query) => (await table.list(query)).map(infoOf),
    remove: async (name) => {
      if (!(await table.markDeleted(name))) throw noSuchRoom(name)
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
    entries: (name, after, limit) => table.entries(name, after, limit),
    stats: (name) => {
      const room = rooms.get(name)
      return room === undefined ? null : statsOf(room)
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

const statsOf = (room: Room): RoomStats => ({
  room: room.name,
  seq: room.log.head,
  connections: room.members.size,
  waiting: room.log.waiting,
  acknowledge: room.acknowledgements.read(),
  broadcast: room.broadcasts.read()
})

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
  if (stored === null) throw noSuchRoom(name)
  const document = new Y.Doc({ guid: 'room' })
  try {
    foldOrRefuse(name, document, stored)
    return read({ seq: stored.head, epoch: stored.epoch, document })
  } finally {
    document.destroy()
  }
}

const foldOrRefuse = (name: RoomName, document: Y.Doc, { snapshot, updates }: StoredRoom): void => {
  try {
    foldInto(document, snapshot, updates, null)
    if (isPending(document)) throw new Error('an update builds on content that the log does not have')
  } catch (error) {
    throw new RoomlogError('room-corrupt', `${name} cannot be folded`, { cause: error })
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
const waitFor = async ({ table, rooms }: RoomsParts, name: RoomName, after: Seq): Promise<void> => {
  for (const deadline = monotonic() + viewWaitMs; ; await sleep(viewPollMs)) {
    const live = rooms.get(name)?.log.head ?? 0
    if (live >= after) return
    const record = await table.find(name)
    if (record === null || record.isDeleted) throw noSuchRoom(name)
    if (record.head >= after && !rooms.has(name)) return
    if (monotonic() > deadline) {
      throw new RoomlogError('seq-ahead', `${name} stands at ${record.head}, not ${after}`)
    }
  }
}
