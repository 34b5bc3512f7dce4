/** Documents as they are committed: a view of what is not would stand for no seq, and tell what a crash takes back. */
import type * as Y from 'yjs'
import { RoomlogError } from '../../schema/error-codes.ts'
import type { Epoch, RoomName, Seq } from '../../schema/room-name.ts'
import { foldInto, isPending } from '../log/fold.ts'
import type { Loader, StoredRoom } from '../log/load.ts'
import { ServerDocument } from '../log/server-document.ts'
import type { OpenRooms } from './open-rooms.ts'
import { noSuchRoom } from './room-table.ts'

export interface CommittedParts {
  readonly rooms: OpenRooms
  readonly loader: Loader
  /** Folds on another thread. */
  readonly fold: (room: StoredRoom) => Promise<Uint8Array>
}

/** A document that stands for a seq; it lasts as long as the call that it is handed to. */
export interface CommittedState {
  readonly seq: Seq
  readonly epoch: Epoch
  readonly document: Y.Doc
}

/**
 * Calls `read` with the document at the head, or at a seq of the past: the live one while nothing of it waits, else one
 * that is folded from the log.
 *
 * @throws RoomlogError 'room-not-found', 'room-corrupt', 'unavailable'; for the past as `Loader.loadAt`
 */
export const withCommitted = async <T>(
  parts: CommittedParts,
  name: RoomName,
  seq: Seq | null,
  read: (state: CommittedState) => T
): Promise<T> => {
  const room = parts.rooms.get(name)
  if (room !== undefined && room.brokenBy === null && room.seq !== null && room.log.isStored) {
    const { epoch } = room.log
    if (seq === null || seq === room.seq) return read({ seq: room.seq, epoch, document: room.document })
  }
  const stored = await (seq === null ? parts.loader.load(name) : parts.loader.loadAt(name, seq))
  if (stored === null) throw noSuchRoom(name)
  const document = new ServerDocument('room')
  try {
    await foldOrRefuse(parts, name, document, stored)
    return read({ seq: stored.head, epoch: stored.epoch, document })
  } finally {
    document.destroy()
  }
}

/** Longer tails than this would hold up the others. */
const updatesHereMax = 2_000

const foldOrRefuse = async (
  { fold }: CommittedParts,
  name: RoomName,
  document: ServerDocument,
  stored: StoredRoom
): Promise<void> => {
  const isLong = stored.updates.length > updatesHereMax
  try {
    if (isLong) foldInto(document, await fold(stored), [], null)
    else foldInto(document, stored.snapshot, stored.updates, null)
    if (isPending(document)) throw new Error('an update builds on content that the log does not have')
  } catch (error) {
    throw new RoomlogError('room-corrupt', `${name} cannot be folded`, { cause: error })
  }
}
