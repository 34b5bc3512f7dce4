/** Who comes into a room: whose token it is, what that allows, and then the room itself. */
import { RoomlogError } from '../../schema/error-codes.ts'
import type { RoomName } from '../../schema/room-name.ts'
import type { Attempts } from '../auth/attempts.ts'
import { type Audit, recordingRefusal } from '../auth/audit.ts'
import { identify } from '../auth/identify.ts'
import type { Access, Identity } from '../auth/identity.ts'
import type { Logger } from '../logger.ts'
import type { Authority } from '../room/authorize.ts'
import type { OpenRooms } from '../room/open-rooms.ts'
import type { Room } from '../room/room.ts'

/** Whoever shows a token. */
export interface Visitor {
  readonly remoteAddress: string
  /** The token is good. @throws RoomlogError one that is too many of its user */
  authenticated(identity: Identity): void
}

export interface Entrance {
  readonly room: Room
  readonly access: Access
}

/** Whoever is refused is told why: no refusal and no fault is thrown here. */
export interface Door {
  /** Lets somebody in: the room is held for them until they `leave` it. */
  enter(visitor: Visitor, name: RoomName, token: string): Promise<Entrance | RoomlogError>
  /** What a fresh token gives to somebody who is in the room: the same person goes on with the role of it. */
  renew(name: RoomName, access: Access, token: string): Promise<Access | RoomlogError>
  leave(room: Room): void
}

export interface DoorParts {
  readonly authority: Authority
  readonly attempts: Attempts
  readonly audit: Pick<Audit, 'record'>
  readonly rooms: Pick<OpenRooms, 'hold' | 'release'>
  readonly logger: Logger
  readonly isDraining: () => boolean
}

export const createDoor = (parts: DoorParts): Door => ({
  enter: (...who) => named(parts.logger, () => enter(parts, ...who)),
  renew: (...who) => named(parts.logger, () => renew(parts, ...who)),
  leave: (room) => parts.rooms.release(room)
})

/** What it gives, or the refusal: a fault, which has no name, is logged and gets one. */
const named = async <T>(logger: Logger, ask: () => Promise<T>): Promise<T | RoomlogError> => {
  try {
    return await ask()
  } catch (error) {
    if (error instanceof RoomlogError) {
      logger.debug({ code: error.reason, detail: error.message }, 'refused')
      return error
    }
    logger.error({ err: error }, 'nobody can be let in')
    return new RoomlogError('internal', '', { cause: error })
  }
}

const enter = async (
  parts: DoorParts,
  visitor: Visitor,
  name: RoomName,
  token: string
): Promise<Entrance> => {
  const { authority, audit, rooms } = parts
  if (parts.isDraining()) throw new RoomlogError('draining', 'this node is about to stop')
  const address = visitor.remoteAddress
  const identity = await recordingRefusal(audit, { room: name, userId: '', address }, () =>
    identify(parts, { token, address })
  )
  const access = await recordingRefusal(audit, { room: name, userId: identity.user.id, address }, () =>
    authority.authorize(identity, name)
  )
  visitor.authenticated(identity)
  const room = await rooms.hold(name, { byPeople: true })
  try {
    // The token may have expired or been revoked while the room was read.
    authority.assertGood(identity)
  } catch (error) {
    rooms.release(room)
    throw error
  }
  return { room, access }
}

const renew = async (
  { authority }: DoorParts,
  name: RoomName,
  access: Access,
  token: string
): Promise<Access> => {
  const { user, isGuest } = access.identity
  // Without a token everybody is a new guest each time; this one is known already.
  if (token === '' && isGuest) return access
  const renewed = await authority.authorize(await authority.identify(token), name)
  const { id } = renewed.identity.user
  if (id === user.id) return renewed
  throw new RoomlogError('token-invalid', `the token is of ${id}, the connection of ${user.id}`)
}
