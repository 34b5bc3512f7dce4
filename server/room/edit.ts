/** An open room for as long as an edit takes, and the edit itself: judged, applied, committed. */
import { RoomlogError } from '../../schema/error-codes.ts'
import type { Epoch, RoomName, Seq } from '../../schema/room-name.ts'
import type { Access } from '../auth/identity.ts'
import type { GroupCommit } from '../log/group-commit.ts'
import type { OpenRooms } from './open-rooms.ts'
import type { Room } from './room.ts'
import type { Verdict } from './write-guard.ts'
import { Writing } from './writing.ts'

export interface EditParts {
  readonly rooms: OpenRooms
  readonly commits: GroupCommit
}

/** Where a room stands. */
export interface Position {
  readonly seq: Seq
  readonly epoch: Epoch
}

/** Resolves once committed; `changed` is false if the room had all of it. @throws RoomlogError whatever the guard says */
export const edit = (
  parts: EditParts,
  name: RoomName,
  access: Access,
  update: Uint8Array
): Promise<Position & { changed: boolean }> =>
  withOpenRoom(parts, name, async (room) => {
    await room.catchUp()
    const changed = applyUpdate(parts, room, access, update)
    return { ...(await committed(parts, room)), changed }
  })

/** Keeps the room open while `run` works on it, though nobody is in it. */
export const withOpenRoom = async <T>(
  { rooms }: EditParts,
  name: RoomName,
  run: (room: Room) => Promise<T>
): Promise<T> => {
  const room = await rooms.hold(name, { byPeople: false })
  try {
    return await run(room)
  } finally {
    rooms.release(room)
  }
}

/**
 * Appends the update to the log; false if the room had all of it. The room has caught up before.
 *
 * @param options `clientId`: the Yjs client id that the server has chosen for this author; null: it came from elsewhere.
 *   `mustFollow`: as of an entry
 * @throws RoomlogError whatever the guard says
 */
export const applyUpdate = (
  { commits }: EditParts,
  room: Room,
  access: Access,
  update: Uint8Array,
  {
    clientId = null,
    mustFollow = false
  }: { readonly clientId?: number | null; readonly mustFollow?: boolean } = {}
): boolean => {
  if (commits.isFull) throw new RoomlogError('unavailable', `${commits.waitingBytes} bytes wait for the log`)
  const before = room.log.waiting
  const writing = new Writing(access.identity.user.id, null)
  writing.announced = clientId
  writing.mustFollow = mustFollow
  const verdict = applyOrBreak(room, access, update, writing)
  if (verdict.answer === 'refuse')
    throw new RoomlogError(verdict.code, verdict.detail, { path: verdict.path })
  return room.log.waiting > before
}

/** Resolves when everything that the room has appended is committed. */
export const committed = async ({ commits }: EditParts, room: Room): Promise<Position> => {
  commits.kick()
  await commits.committed(room.log)
  return { seq: room.log.head, epoch: room.log.epoch }
}

const applyOrBreak = (room: Room, access: Access, update: Uint8Array, writing: Writing): Verdict => {
  try {
    const verdict = room.apply(update, access, writing, { isCertain: true })
    if (verdict.answer !== 'behind') return verdict
    throw new RoomlogError('update-not-yet', `${room.name} has not caught up`)
  } catch (error) {
    if (error instanceof RoomlogError) throw error
    const broken = new RoomlogError('resync', `${room.name} is read anew`, { cause: error })
    room.break(broken)
    throw broken
  }
}
