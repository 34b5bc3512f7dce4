/** The rooms as HTTP sees them: created, listed, read, edited and removed, always from what is committed. */
import * as Y from 'yjs'
import type { RoomDefinition } from '../../schema/define-room.ts'
import { errorCodes, RoomlogError } from '../../schema/error-codes.ts'
import type { Json } from '../../schema/json.ts'
import { type Epoch, idOf, kindOf, type RoomName, type Seq } from '../../schema/room-name.ts'
import type { Access, Identity } from '../auth/identity.ts'
import { monotonic, sleep } from '../clock.ts'
import type { GroupCommit } from '../log/group-commit.ts'
import type { Loader } from '../log/load.ts'
import type { Authority } from './authorize.ts'
import type { Change } from './behaviour/change.ts'
import { type CommittedParts, type CommittedState, withCommitted } from './committed.ts'
import { documentToJson } from './document-json.ts'
import { edit } from './edit.ts'
import type { Latency } from './latency.ts'
import type { OpenRooms } from './open-rooms.ts'
import { type Patched, type PatchRequest, patchRoom } from './patch/patch-room.ts'
import type { Room } from './room.ts'
import {
  type Entry,
  type NameRange,
  noSuchRoom,
  type RoomQuery,
  type RoomRecord,
  type RoomTable
} from './room-table.ts'

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
  /** Of these, how many have a document: somebody wrote, or asked for a difference. */
  readonly roomsAwake: number
  readonly sessions: number
  readonly connections: number
  readonly waitingEntries: number
  readonly waitingBytes: number
  /** What was written for sessions and their readers have not taken. */
  readonly unsentBytes: number
}

export interface Rooms {
  /** null: there is no such room. */
  find(name: RoomName): Promise<RoomInfo | null>
  /** Some may not be read by everybody who belongs to them: `readable` says which. */
  list(query: Omit<RoomQuery, 'openKinds'>): Promise<readonly RoomInfo[]>
  /** The rooms that belong to one, and some whose names only begin like theirs: `readable` says which; of a kind, or of all. */
  children(
    parent: RoomName,
    page: { readonly kind: string | null; readonly after: RoomName | null; readonly limit: number }
  ): Promise<readonly RoomInfo[]>
  /** Those of the rooms that somebody may read, and that belong to `parent`. @throws RoomlogError 'unavailable', 'token-invalid' */
  readable(
    identity: Identity,
    rooms: readonly RoomInfo[],
    parent: RoomName | null
  ): Promise<readonly RoomInfo[]>
  /** @throws RoomlogError 'room-not-found' */
  remove(name: RoomName): Promise<void>
  /**
   * The document as JSON at a committed seq: the head, after a wait of a few seconds for `after`, or exactly `at`.
   *
   * @throws RoomlogError 'seq-ahead', 'room-not-found'; 'too-large' where too much has to be read for a seq of the past
   */
  view(
    name: RoomName,
    options: { readonly after: Seq | null; readonly at?: Seq | null }
  ): Promise<{ seq: Seq; epoch: Epoch; data: Json }>
  /** Calls `read` with the document as it stood at `seq`; it lasts as long as that call. @throws RoomlogError as `view` */
  stateAt<T>(name: RoomName, seq: Seq, read: (state: CommittedState) => T): Promise<T>
  /** What a document at the state vector lacks, now or at a seq. @throws RoomlogError as `view` */
  diff(
    name: RoomName,
    stateVector: Uint8Array | null,
    at?: Seq | null
  ): Promise<{ seq: Seq; epoch: Epoch; update: Uint8Array }>
  /** Resolves once committed; `changed` is false if the room had all of it. @throws RoomlogError whatever the guard says */
  edit(
    name: RoomName,
    access: Access,
    update: Uint8Array
  ): Promise<{ seq: Seq; epoch: Epoch; changed: boolean }>
  /** A JSON Patch on the view, as one edit. @throws as `patchRoom` */
  patch(name: RoomName, request: PatchRequest): Promise<Patched>
  entries(name: RoomName, after: Seq, limit: number): Promise<readonly Entry[]>
  /** null: the room is not open on this node. */
  stats(name: RoomName): RoomStats | null
  nodeStats(): NodeStats
}

export interface RoomsParts {
  readonly table: RoomTable
  readonly rooms: OpenRooms
  readonly commits: GroupCommit
  readonly loader: Loader
  readonly fold: CommittedParts['fold']
  readonly change: Change
  readonly authority: Authority
  readonly kinds: ReadonlyMap<string, RoomDefinition>
  readonly readView: (kind: string, document: Y.Doc) => Json | null
  /** A room was deleted: also on the other nodes. */
  readonly onRemoved: (name: RoomName) => void
  readonly sessionCount: () => number
  readonly unsentBytes: () => number
}

const viewWaitMs = 5_000
const viewPollMs = 20

export const createRooms = (parts: RoomsParts): Rooms => {
  const { table, rooms, commits, authority } = parts
  const openKinds = [...parts.kinds.values()].flatMap(({ kind, parent }) => (parent === null ? kind : []))
  const infoOf = ({ isDeleted: _, ...record }: RoomRecord): RoomInfo => ({
    ...record,
    connections: rooms.get(record.name)?.members.size ?? 0
  })

  return {
    find: async (name) => {
      const record = await table.find(name)
      return record === null || record.isDeleted ? null : infoOf(record)
    },
    list: async (query) => (await table.list({ ...query, openKinds })).map(infoOf),
    children: async (parent, { kind, ...page }) => {
      const rules = [...parts.kinds.values()].filter((one) => kind === null || one.kind === kind)
      const found = await table.listNamed(childRanges(parent, rules), page)
      return found.map(infoOf)
    },
    readable: async (identity, found, parent) => {
      const own = parent === null ? found : found.filter(({ name }) => authority.lineage(name)[1] === parent)
      return identity.isAdmin ? own : (await Promise.all(own.map(ifReadable(authority, identity)))).flat()
    },
    remove: async (name) => {
      if (!(await table.markDeleted(name))) throw noSuchRoom(name)
      parts.onRemoved(name)
      endRoom(parts, name)
    },
    view: async (name, { after, at = null }) => {
      if (after !== null) await waitFor(parts, name, after)
      return withCommitted(parts, name, at, ({ seq, epoch, document }) => ({
        seq,
        epoch,
        data: parts.readView(kindOf(name), document) ?? documentToJson(document)
      }))
    },
    stateAt: (name, seq, read) => withCommitted(parts, name, seq, read),
    diff: (name, stateVector, at = null) =>
      withCommitted(parts, name, at, ({ seq, epoch, document }) => ({
        seq,
        epoch,
        update: encodeDifference(document, stateVector)
      })),
    edit: (name, access, update) => edit(parts, name, access, update),
    patch: (name, request) => patchRoom({ ...parts, entries: table.entries }, name, request),
    entries: (name, after, limit) => table.entries(name, after, limit),
    stats: (name) => {
      const room = rooms.get(name)
      return room === undefined ? null : statsOf(room)
    },
    nodeStats: () => ({
      rooms: rooms.size,
      roomsAwake: [...rooms.values()].filter(({ isAsleep }) => !isAsleep).length,
      sessions: parts.sessionCount(),
      connections: [...rooms.values()].reduce((sum, { members }) => sum + members.size, 0),
      waitingEntries: commits.waitingEntries,
      waitingBytes: commits.waitingBytes,
      unsentBytes: parts.unsentBytes()
    })
  }
}

/** It was deleted, here or elsewhere: nobody stays in it. */
export const endRoom = (
  { authority, rooms }: Pick<RoomsParts, 'authority' | 'rooms'>,
  name: RoomName
): void => {
  authority.forget(name)
  rooms.get(name)?.break(new RoomlogError('room-deleted', `${name} was deleted`))
}

/** Where the names of the rooms stand that belong to one. */
const childRanges = (parent: RoomName, definitions: readonly RoomDefinition[]): readonly NameRange[] =>
  definitions.flatMap(({ kind, parent: rule }) => {
    if (rule === null || !rule.kinds.includes(kindOf(parent))) return []
    const hasRest = rule.id === 'rest' || rule.id === 'user'
    const own = rule.id === 'kind' ? parent.replace('/', ':') : idOf(parent)
    return [{ prefix: `${kind}/${own}${hasRest ? '~' : ''}`, isExact: !hasRest }]
  })

const ifReadable =
  (authority: Authority, identity: Identity) =>
  async (room: RoomInfo): Promise<readonly RoomInfo[]> => {
    try {
      await authority.authorize(identity, room.name)
      return [room]
    } catch (error) {
      if (!(error instanceof RoomlogError)) throw error
      if (errorCodes[error.reason].retry || error.reason === 'token-invalid') throw error
      return []
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

/** Read your write: the seq may be one that another node, or the next commit, is about to reach. */
const waitFor = async ({ table, rooms }: RoomsParts, name: RoomName, after: Seq): Promise<void> => {
  for (const deadline = monotonic() + viewWaitMs; ; await sleep(viewPollMs)) {
    if ((rooms.get(name)?.applied ?? 0) >= after) return
    const record = await table.find(name)
    if (record === null || record.isDeleted) throw noSuchRoom(name)
    if (record.head >= after) {
      // Where it is open, another node may have written it.
      await rooms.get(name)?.catchUp()
      return
    }
    if (monotonic() > deadline) {
      throw new RoomlogError('seq-ahead', `${name} stands at ${record.head}, not ${after}`)
    }
  }
}
