/** The open sessions of people on this node: what a user calls their devices. */
import type { RoomName } from '../../schema/room-name.ts'
import type { Connection } from './connection.ts'
import type { Session } from './session.ts'

export interface Device {
  readonly id: string
  readonly userId: string
  readonly address: string
  /** What the program says of itself; empty: nothing. */
  readonly userAgent: string
  /** Milliseconds since 1970. */
  readonly openedAt: number
  readonly rooms: readonly RoomName[]
}

export const devicesMax = 1_000

/** The first `devicesMax`. @param userId null: of everybody */
export const devicesOf = (sessions: ReadonlySet<Session>, userId: string | null): readonly Device[] => {
  const devices: Device[] = []
  for (const session of sessions) {
    const own = connectionsOf(session, userId)
    for (const user of new Set(own.map(({ user: { id } }) => id))) {
      if (devices.length === devicesMax) return devices
      const rooms = own.filter((connection) => connection.user.id === user).map(({ room }) => room.name)
      devices.push({
        id: session.id,
        userId: user,
        address: session.remoteAddress,
        userAgent: session.caller.userAgent,
        openedAt: session.openedAt,
        rooms
      })
    }
  }
  return devices
}

export interface EndedDevice {
  readonly userIds: readonly string[]
  /** The tokens that it came with. */
  readonly tokenIds: readonly string[]
}

/** Ends what a user has in a session, and the session with it if there is nothing else. @returns null: there is no such session */
export const endDevice = (
  sessions: ReadonlySet<Session>,
  id: string,
  userId: string | null
): EndedDevice | null => {
  const session = [...sessions].find((one) => one.id === id)
  const own = session === undefined ? [] : connectionsOf(session, userId)
  if (session === undefined || own.length === 0) return null
  const isAll = own.length === session.connections.size
  session.expel(({ user }) => userId === null || user.id === userId, 'token-invalid')
  if (isAll) session.end('token-invalid', 'ended on request')
  return {
    userIds: [...new Set(own.map(({ user }) => user.id))],
    tokenIds: [...new Set(own.map(({ access }) => access.identity.tokenId))]
  }
}

const connectionsOf = (session: Session, userId: string | null): readonly Connection[] =>
  [...session.connections.values()].filter(({ user }) => userId === null || user.id === userId)
