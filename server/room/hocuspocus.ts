/**
 * Hocuspocus as the engine of the rooms: it checks tokens in order, loads each document once however many ask for it,
 * opens connections and unloads what nobody uses. What it would do with content is taken from it: that goes past it,
 * from session to room to log.
 *
 * Its hooks run where a rejection is not always awaited, and it prints what they throw. So every hook body here ends
 * in a `HookRefusal`, which has a reason and no text, or in nothing.
 */
import {
  type Document,
  type Extension,
  Hocuspocus,
  type Connection as HocuspocusConnection,
  type onAuthenticatePayload,
  type onLoadDocumentPayload,
  type onTokenSyncPayload
} from '@hocuspocus/server'
import { creatorRole, type RoomDefinition } from '../../schema/define-room.ts'
import { type ErrorCode, errorCodes, RoomlogError, writeReason } from '../../schema/error-codes.ts'
import { kindOf, parseRoomName, type RoomName } from '../../schema/room-name.ts'
import type { Attempts } from '../auth/attempts.ts'
import { type Audit, recordingRefusal } from '../auth/audit.ts'
import { identify } from '../auth/identify.ts'
import type { Access } from '../auth/identity.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Envelope } from '../cluster/envelope.ts'
import type { ClientIds } from '../log/client-ids.ts'
import type { GroupCommit } from '../log/group-commit.ts'
import type { Loader, StoredRoom, UserClients } from '../log/load.ts'
import type { Snapshot, Snapshots } from '../log/snapshot.ts'
import type { Tails } from '../log/tail.ts'
import type { Logger } from '../logger.ts'
import type { Presences } from '../presence/presences.ts'
import type { Session } from '../session/session.ts'
import type { Authority } from './authorize.ts'
import { ClientOwners } from './client-owners.ts'
import { Room, type RoomParts } from './room.ts'
import { MalformedUpdate } from './update-cursor.ts'
import { clientsIn, readUpdate } from './update-reader.ts'

/** What Hocuspocus carries along with each connection. */
export interface SessionContext {
  /** null for a direct connection, which is the server's own. */
  readonly session: Session | null
  access?: Access
}

export interface HocuspocusParts {
  readonly authority: Authority
  readonly attempts: Attempts
  readonly audit: Pick<Audit, 'record'>
  /** Somebody is in the room now. */
  readonly entered: (session: Session, address: string) => void
  readonly kinds: ReadonlyMap<string, RoomDefinition>
  readonly loader: Loader
  readonly tails: Tails
  readonly cluster: Cluster
  /** Others may write to the same database. */
  readonly isShared: boolean
  readonly onRepair: () => void
  readonly commits: GroupCommit
  readonly presences: Presences
  readonly snapshots: Snapshots
  readonly clientIds: ClientIds
  readonly logger: Logger
  readonly documentBytesMax: number
  readonly watch: RoomWatch
  readonly schedule: () => void
  readonly isDraining: () => boolean
}

/** What is to be told of the rooms of this node by those who draw conclusions from them. */
export interface RoomWatch {
  /** What to call after each commit of a room; null: nothing follows from it. */
  watcher(room: RoomName): (() => void) | null
  /** A room is opened. @param byPeople not by the server itself, which had a reason of its own */
  opened(room: RoomName, byPeople: boolean): Promise<void>
}

/** The rooms that are open on this node. */
export type OpenRooms = Map<RoomName, Room>

/** What Hocuspocus sends to the client as the reason. It prints errors that have a message, so this one has none. */
export class HookRefusal extends Error {
  readonly code: ErrorCode
  readonly reason: string

  constructor(code: ErrorCode, options?: ErrorOptions & { readonly detail?: string }) {
    super('', options)
    this.code = code
    this.reason = writeReason(code, options?.detail ?? '')
  }
}

export const createHocuspocus = (
  parts: HocuspocusParts
): { hocuspocus: Hocuspocus<SessionContext>; rooms: OpenRooms } => {
  const rooms: OpenRooms = new Map()
  const extension: Extension<SessionContext> = {
    extensionName: 'roomlog',
    onAuthenticate: (payload) => named(parts.logger, 'token check', () => authenticate(parts, payload)),
    onTokenSync: (payload) => named(parts.logger, 'token renewal', () => renewToken(parts, payload)),
    onLoadDocument: (payload) => named(parts.logger, 'load', () => load(parts, rooms, payload)),
    connected: ({ connection, context, documentName }) =>
      named(parts.logger, 'entry', async () => {
        assertStillGood(parts, connection, context)
        enter(rooms, hocuspocus, connection, context, documentName)
        if (context.session !== null) parts.entered(context.session, connection.messageAddress)
      }),
    beforeUnloadDocument: async ({ documentName }) => settle(parts, rooms, documentName)
  }
  const hocuspocus = new Hocuspocus<SessionContext>({
    name: 'roomlog',
    quiet: true,
    // The session has a limit of its own, and names it.
    maxPendingDocuments: Number.MAX_SAFE_INTEGER,
    extensions: [extension],
    // A random guid for each document takes longer than all else that makes one.
    yDocOptions: { gc: true, gcFilter: () => true, guid: 'room' } as { gc: boolean; gcFilter: () => boolean }
  })
  return { hocuspocus, rooms }
}

/** Runs a hook's body so that whatever it throws has a name on the wire and is in our log once. */
const named = async <T>(logger: Logger, step: string, body: () => Promise<T>): Promise<T> => {
  try {
    return await body()
  } catch (error) {
    if (error instanceof RoomlogError) {
      logger.debug({ step, code: error.reason, detail: error.message }, 'refused')
      throw new HookRefusal(error.reason, { cause: error, detail: error.message })
    }
    logger.error({ step, err: error }, 'hook failed')
    throw new HookRefusal('internal', { cause: error })
  }
}

const authenticate = async (
  parts: HocuspocusParts,
  { token, documentName, context, connectionConfig }: onAuthenticatePayload<SessionContext>
): Promise<{ access: Access }> => {
  const { session } = context
  if (parts.isDraining()) throw new RoomlogError('draining', 'this node is about to stop')
  const address = session?.remoteAddress ?? ''
  const room = toRoomName(documentName)
  const identity = await recordingRefusal(parts.audit, { room, userId: '', address }, () =>
    identify(parts, { token, address })
  )
  const access = await recordingRefusal(parts.audit, { room, userId: identity.user.id, address }, () =>
    parts.authority.authorize(identity, room)
  )
  session?.authenticated(identity)
  connectionConfig.readOnly = !access.mayWrite
  return { access }
}

/** A fresh token for a room that is open: the same person goes on with the role that it gives. */
const renewToken = async (
  { authority, logger }: HocuspocusParts,
  { token, connection, documentName, context }: onTokenSyncPayload<SessionContext>
): Promise<void> => {
  const { session } = context
  const address = connection.messageAddress
  const open = session?.connections.get(address)
  // Without a token everybody is a new guest each time; this one is known already.
  if (token === '' && open?.access.identity.isGuest) return
  try {
    const access = await authority.authorize(await authority.identify(token), toRoomName(documentName))
    if (open !== undefined && access.identity.user.id !== open.user.id) {
      throw new RoomlogError(
        'token-invalid',
        `the token is of ${access.identity.user.id}, the connection of ${open.user.id}`
      )
    }
    // Hocuspocus keeps the context object that it gave to the connection: a new one would not reach it.
    connection.context.access = access
    connection.readOnly = !access.mayWrite
    open?.changeAccess(access)
  } catch (error) {
    if (!(error instanceof RoomlogError)) throw error
    logger.debug({ code: error.reason, detail: error.message }, 'token not renewed')
    if (errorCodes[error.reason].retry) session?.end(error.reason, error.message)
    else session?.expelFrom(address, error.reason)
  }
}

const load = async (
  parts: HocuspocusParts,
  rooms: OpenRooms,
  { document, documentName, context }: onLoadDocumentPayload<SessionContext>
): Promise<void> => {
  takeOver(document)
  let close = (): void => {}
  try {
    const name = toRoomName(documentName)
    const kind = parts.kinds.get(kindOf(name))
    if (kind === undefined) throw new RoomlogError('kind-unknown', `no kind is named ${kindOf(name)}`)
    // Before the log is read: what others commit from now on is either heard or read.
    const { channel, listen } = openChannel(parts.cluster, name)
    close = channel.close
    await channel.ready
    const stored = await parts.loader.load(name)
    const used = stored === null ? new Map<number, string>() : checkStored(name, stored)
    await parts.watch.opened(name, context.session !== null)
    const room: Room = new Room({
      name,
      document,
      stored,
      commits: parts.commits,
      presence: parts.presences.open(name),
      ownerRole: creatorRole(kind),
      documentBytesMax: parts.documentBytesMax,
      schedule: parts.schedule,
      onCommitted: parts.watch.watcher(name),
      makeSnapshot: (of) => makeSnapshot(parts, of),
      owners: createOwners(document, stored?.clients ?? [], used),
      remember: parts.clientIds.remember,
      isShared: parts.isShared,
      tails: parts.tails,
      channel: parts.cluster.bus.hasOthers ? channel : null,
      onRepair: parts.onRepair,
      onRefused: recordRefusals(parts),
      onBroken: (broken, error) => {
        const about = { err: error, room: broken.name, seq: broken.log.head }
        if (error.reason === 'room-deleted') parts.logger.info(about, 'room given up')
        else parts.logger.error(about, 'room given up')
      }
    })
    rooms.set(name, room)
    document.on('destroy', () => {
      channel.close()
      parts.presences.release(name)
      if (rooms.get(name) === room) rooms.delete(name)
    })
    listen(room)
  } catch (error) {
    close()
    // Hocuspocus leaves a document behind that failed to load.
    document.destroy()
    if (error instanceof RoomlogError && error.reason === 'room-corrupt')
      parts.logger.error({ err: error, room: documentName }, 'room quarantined')
    throw error
  }
}

const recordRefusals =
  ({ audit }: HocuspocusParts): RoomParts['onRefused'] =>
  (room, { identity }, { code, detail, path }, address) => {
    const about = { room, userId: identity.user.id, address }
    audit.record({ ...about, action: 'write-refused', code, detail: { detail, path } })
  }

/** What is said before the room is read waits for it; what is too much then is found missing, and read. */
const earlyMax = 1_000

const openChannel = (cluster: Cluster, name: RoomName) => {
  const early: Envelope[] = []
  let room: Room | null = null
  const channel = cluster.openChannel(name, (envelope) => {
    if (room !== null) room.hear(envelope)
    else if (early.length < earlyMax) early.push(envelope)
  })
  return {
    channel,
    listen: (opened: Room): void => {
      room = opened
      for (const envelope of early.splice(0)) opened.hear(envelope)
    }
  }
}

/** A snapshot is a saving, not a duty: the log has everything, and the next thousand entries are the next occasion. */
const makeSnapshot = async (
  { snapshots, logger }: HocuspocusParts,
  room: RoomName
): Promise<Snapshot | null> => {
  try {
    return await snapshots.make(room)
  } catch (error) {
    logger.warn({ err: error, room }, 'no snapshot made')
    return null
  }
}

/**
 * Takes broadcasting, the change hook, the store debounce and the awareness timer from a new document: the room does
 * this from what is committed. Hocuspocus has no option for it; a test fails when an upgrade brings them back.
 */
const takeOver = (document: Document): void => {
  document._observers.delete('update')
  clearInterval(document.awareness._checkInterval)
}

/**
 * Newcomers are greeted with these bytes as they are: damaged ones must not get that far.
 *
 * @returns the client ids in the updates behind the snapshot, with those who wrote the updates
 */
const checkStored = (
  name: RoomName,
  { snapshot, snapshotSeq, updates, authors }: StoredRoom
): ReadonlyMap<number, string> => {
  let entry: number = snapshotSeq
  const used = new Map<number, string>()
  try {
    if (snapshot !== null) readUpdate(snapshot, ignore)
    for (const [index, update] of updates.entries()) {
      entry++
      const author = authors[index] ?? null
      for (const client of clientsIn(update))
        if (author !== null && !used.has(client)) used.set(client, author)
    }
  } catch (error) {
    if (!(error instanceof MalformedUpdate)) throw error
    throw new RoomlogError('room-corrupt', `${name}: entry ${entry} is damaged: ${error.message}`, {
      cause: error
    })
  }
  return used
}

const ignore = { struct: () => {}, deleted: () => {} }

/** Keeps nothing of the stored bytes, which are long until somebody asks. */
const createOwners = (...from: Parameters<typeof ownersOf>): ClientOwners =>
  new ClientOwners(() => ownersOf(...from))

/** The document's own id is the server's; then what was written down counts, then what the newest entries say. */
function* ownersOf(
  { clientID }: Document,
  clients: readonly UserClients[],
  used: ReadonlyMap<number, string>
): Iterable<readonly [number, string]> {
  yield [clientID, 'server']
  for (const { userId, ids } of clients) for (const id of ids.split(',')) yield [Number(id), userId]
  yield* used
}

/** The token may have expired or been revoked while the room was read. */
const assertStillGood = (
  { authority }: HocuspocusParts,
  connection: HocuspocusConnection<SessionContext>,
  { access }: SessionContext
): void => {
  try {
    if (access !== undefined) authority.assertGood(access.identity)
  } catch (error) {
    // Hocuspocus tells the client, but leaves the connection in the room.
    connection.close()
    throw error
  }
}

/**
 * Hands an open connection to its session. Between loading and here the document may have been unloaded: a client
 * attached to a destroyed document would be told that everything is saved.
 */
const enter = (
  rooms: OpenRooms,
  hocuspocus: Hocuspocus<SessionContext>,
  connection: HocuspocusConnection<SessionContext>,
  { session, access }: SessionContext,
  documentName: string
): void => {
  const name = parseRoomName(documentName)
  const room = name === null ? undefined : rooms.get(name)
  const isCurrent =
    hocuspocus.documents.get(documentName) === connection.document && !connection.document.isDestroyed
  if (room === undefined || access === undefined || !isCurrent || room.brokenBy !== null) {
    session?.end('resync', `${documentName} was closed meanwhile`)
    return
  }
  session?.enter(connection, room, access)
}

/** A room with entries that are not committed is never unloaded. */
const settle = async (
  { commits }: HocuspocusParts,
  rooms: OpenRooms,
  documentName: string
): Promise<void> => {
  const name = parseRoomName(documentName)
  const room = name === null ? undefined : rooms.get(name)
  // Also one that is given up: whoever loads it before they are written would not have them. What cannot be written is
  // dropped, which ends this loop too.
  await room?.released()
  while (room !== undefined && room.log.waiting > 0) {
    await new Promise<void>((resolve) => commits.whenCommitted(room.log, () => resolve()))
    await room.released()
  }
  room?.closing()
}

const toRoomName = (text: string): RoomName => {
  const name = parseRoomName(text)
  if (name === null)
    throw new RoomlogError('room-name-invalid', `${JSON.stringify(text.slice(0, 64))} is not kind/id`)
  return name
}
