import type { RoomName } from '../../schema/room-name.ts'
import { monotonic } from '../clock.ts'
import type { Queryable } from '../database/database.ts'
import { roomIdOf } from '../log/room-log.ts'

/** What Postgres says of a room and, where asked, of one user in it. */
export interface Standing {
  readonly isDeleted: boolean
  /** Of the member; null for a user who is none, or where none was asked for. */
  readonly role: string | null
}

export interface Standings {
  /** At most `standingAgeMaxMs` old. @param userId null where the token itself gives the role */
  find(room: RoomName, userId: string | null): Promise<Standing>
  /** The next `find` of this room asks Postgres. */
  forget(room: RoomName): void
}

const standingAgeMaxMs = 3_000
const standingsMax = 10_000

interface Kept {
  readonly room: RoomName
  readonly readAt: number
  readonly standing: Promise<Standing>
}

export const createStandings = (database: Queryable): Standings => {
  const kept = new Map<string, Kept>()
  const forgetOldest = (): void => {
    for (const oldest of kept.keys()) {
      kept.delete(oldest)
      return
    }
  }
  return {
    find(room, userId) {
      const key = `${room} ${userId ?? ''}`
      const found = kept.get(key)
      if (found && monotonic() - found.readAt < standingAgeMaxMs) return found.standing
      const standing = readStanding(database, room, userId).then(
        (read) => {
          // A room that is not there yet may be made by the next request.
          if (read === null) forgetThis()
          return read ?? { isDeleted: false, role: null }
        },
        (error: unknown) => {
          forgetThis()
          throw error
        }
      )
      const entry = { room, readAt: monotonic(), standing }
      const forgetThis = (): void => {
        if (kept.get(key) === entry) kept.delete(key)
      }
      kept.delete(key)
      kept.set(key, entry)
      if (kept.size > standingsMax) forgetOldest()
      return standing
    },
    forget(room) {
      for (const [key, entry] of kept) {
        if (entry.room === room) kept.delete(key)
      }
    }
  }
}

const readStanding = async (
  database: Queryable,
  room: RoomName,
  userId: string | null
): Promise<Standing | null> => {
  const [row] = await database.query<{ deleted: boolean; role: string | null }>(
    `select room.deleted_at is not null as deleted, member.role
       from room left join member on member.room_id = room.id and member.user_id = $2
      where room.id = $1::uuid`,
    [roomIdOf(room), userId]
  )
  return row ? { isDeleted: row.deleted, role: row.role } : null
}
