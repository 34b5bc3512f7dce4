import { coversRoom, type RoomName } from '../../schema/room-name.ts'
import type { Config } from '../config.ts'

/** When somebody of whom nothing is heard is asked whether they are there, and when they count as gone. */
export interface Heartbeat {
  readonly pingMs: number
  readonly goneMs: number
}

/** A provider gives its socket up after 30 s of silence, a proxy often after 60. */
const pingMsMax = 20_000
/** Where it matters on the day itself who is there: gone is who leaves two pings without an answer. */
const day: Heartbeat = { pingMs: 3_000, goneMs: 8_000 }

/** The heartbeat of a session that is in these rooms: the quickest of them. */
export const heartbeatOf = (
  { idleTimeoutMs, dayRooms }: Pick<Config, 'idleTimeoutMs' | 'dayRooms'>,
  rooms: readonly RoomName[]
): Heartbeat => {
  const isDay = rooms.some((room) => dayRooms.some((pattern) => coversRoom(pattern, room)))
  const { pingMs, goneMs } = isDay ? day : { pingMs: pingMsMax, goneMs: idleTimeoutMs }
  return { pingMs: Math.min(pingMs, idleTimeoutMs / 3), goneMs: Math.min(goneMs, idleTimeoutMs) }
}
