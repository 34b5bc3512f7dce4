/** Reads a room from its log, as far as it takes to open it: who owns which client ids, what others say meanwhile. */
import { creatorRole, type RoomDefinition } from '../../schema/define-room.ts'
import { RoomlogError } from '../../schema/error-codes.ts'
import { kindOf, type RoomName } from '../../schema/room-name.ts'
import type { Audit } from '../auth/audit.ts'
import type { Cluster } from '../cluster/cluster.ts'
import type { Envelope } from '../cluster/envelope.ts'
import type { ClientIds } from '../log/client-ids.ts'
import type { GroupCommit } from '../log/group-commit.ts'
import type { Loader, UserClients } from '../log/load.ts'
import type { Snapshot, Snapshots } from '../log/snapshot.ts'
import type { Tails } from '../log/tail.ts'
import type { Logger } from '../logger.ts'
import type { Presences } from '../presence/presences.ts'
import { checkStored, type StoredFacts } from './check-stored.ts'
import { ClientOwners } from './client-owners.ts'
import { Room, type RoomParts } from './room.ts'

export interface LoadRoomParts {
  readonly audit: Pick<Audit, 'record'>
  readonly kinds: ReadonlyMap<string, RoomDefinition>
  readonly loader: Loader
  readonly tails: Tails
  readonly cluster: Cluster
  /** Others may write to the same database. */
  readonly isShared: boolean
  readonly onRepair: () => void
  readonly commits: GroupCommit
  readonly presences: Presences
  readonly snapshots: Pick<Snapshots, 'make'>
  readonly clientIds: ClientIds
  readonly logger: Logger
  readonly documentBytesMax: number
  readonly watch: RoomWatch
  readonly schedule: () => void
}

/** What is to be told of the rooms of this node by those who draw conclusions from them. */
export interface RoomWatch {
  /** What to call after each commit of a room; null: nothing follows from it. */
  watcher(room: RoomName): (() => void) | null
  /** A room is opened. @param byPeople not by the server itself, which had a reason of its own */
  opened(room: RoomName, byPeople: boolean): Promise<void>
}

/**
 * The room as it is committed, which follows its log from now on.
 *
 * @throws RoomlogError 'kind-unknown', 'room-deleted', 'room-corrupt', 'unavailable'
 */
export const loadRoom = async (parts: LoadRoomParts, name: RoomName, byPeople: boolean): Promise<Room> => {
  const kind = parts.kinds.get(kindOf(name))
  if (kind === undefined) throw new RoomlogError('kind-unknown', `no kind is named ${kindOf(name)}`)
  // Before the log is read: what others commit from now on is either heard or read.
  const { channel, listen } = openChannel(parts.cluster, name)
  try {
    await channel.ready
    const stored = await parts.loader.load(name)
    const facts = stored === null ? nothingKnown : checkStored(name, stored)
    await parts.watch.opened(name, byPeople)
    const room = new Room(
      {
        ...parts,
        name,
        presence: parts.presences.open(name),
        ownerRole: creatorRole(kind),
        onCommitted: parts.watch.watcher(name),
        makeSnapshot: (of) => makeSnapshot(parts, of),
        owners: createOwners(stored?.clients ?? [], facts.used),
        remember: parts.clientIds.remember,
        channel: parts.cluster.bus.hasOthers ? channel : null,
        onRefused: recordRefused(parts),
        onBroken: logBroken(parts),
        onClosed: () => {
          channel.close()
          parts.presences.release(name)
        }
      },
      stored,
      facts
    )
    listen(room)
    return room
  } catch (error) {
    channel.close()
    if (error instanceof RoomlogError && error.reason === 'room-corrupt')
      parts.logger.error({ err: error, room: name }, 'room quarantined')
    throw error
  }
}

const nothingKnown: StoredFacts = { used: new Map(), vector: Uint8Array.of(0), deletes: [] }

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

const recordRefused =
  ({ audit }: LoadRoomParts): RoomParts['onRefused'] =>
  (room, access, { code, detail, path }, address) => {
    const userId = access.identity.user.id
    audit.record({ room, userId, action: 'write-refused', code, detail: { detail, path }, address })
  }

const logBroken =
  ({ logger }: LoadRoomParts): RoomParts['onBroken'] =>
  (room, error) => {
    const about = { err: error, room: room.name, seq: room.log.head }
    if (error.reason === 'room-deleted') logger.info(about, 'room given up')
    else logger.error(about, 'room given up')
  }

/** A snapshot is a saving, not a duty: the log has everything, and the next thousand entries are the next occasion. */
const makeSnapshot = async (
  { snapshots, logger }: LoadRoomParts,
  room: RoomName
): Promise<Snapshot | null> => {
  try {
    return await snapshots.make(room)
  } catch (error) {
    logger.warn({ err: error, room }, 'no snapshot made')
    return null
  }
}

/** Keeps nothing of the stored bytes, which are long until somebody asks. */
const createOwners = (...from: Parameters<typeof ownersOf>): ClientOwners =>
  new ClientOwners(() => ownersOf(...from))

/** What was written down counts, then what the newest entries say. */
function* ownersOf(
  clients: readonly UserClients[],
  used: ReadonlyMap<number, string>
): Iterable<readonly [number, string]> {
  for (const { userId, ids } of clients) for (const id of ids.split(',')) yield [Number(id), userId]
  yield* used
}
