/**
 * When the members of a room were last there: noted when they come and when they leave, and written for many at a time.
 *
 *   saw ──▶ waiting (bounded, the latest counts) ──▶ once a second those that are due ──▶ Postgres
 *
 * Of one user in one room it is written once a minute at most.
 */
import type { RoomName } from '../../schema/room-name.ts'
import { monotonic, now, sleep } from '../clock.ts'
import { int8s, type Queryable, texts, uuids } from '../database/database.ts'
import { roomIdOf } from '../log/room-log.ts'
import type { Logger } from '../logger.ts'
import { startRounds } from '../rounds.ts'

export interface LastSeen {
  /** Returns at once. */
  saw(room: RoomName, userId: string): void
  /** Writes what waits, for at most this long. */
  close(deadlineMs: number): Promise<void>
}

export interface LastSeenParts {
  readonly database: Queryable
  readonly logger: Logger
}

interface Seen {
  readonly room: RoomName
  readonly userId: string
  /** null: it is written. */
  at: number | null
  /** By the monotonic clock: not to be written before, and if nothing is to be written, forgotten then. */
  dueAt: number
}

const roundMs = 1_000
const writeEveryMs = 60_000
/** More are not noted; whoever is still there when there is room again is, when they leave. */
const seenMax = 50_000
const rowsPerStatement = 500

export const createLastSeen = ({ database, logger }: LastSeenParts): LastSeen => {
  const seen = new Map<string, Seen>()
  let dropped = 0

  const write = async (isLast: boolean): Promise<void> => {
    if (dropped > 0) logger.warn({ people: dropped }, 'when people were last seen is not noted for all')
    dropped = 0
    const at = monotonic()
    const due = [...seen].filter(([, { dueAt }]) => isLast || dueAt <= at)
    for (const [key, one] of due) if (one.at === null) seen.delete(key)
    const rows = due.map(([, one]) => one).filter((one) => one.at !== null)
    for (let from = 0; from < rows.length; from += rowsPerStatement)
      await writeSome(rows.slice(from, from + rowsPerStatement), at + writeEveryMs)
  }
  const writeSome = async (some: readonly Seen[], nextAt: number): Promise<void> => {
    const params = [
      uuids(some.map(({ room }) => roomIdOf(room))),
      texts(some.map(({ userId }) => userId)),
      int8s(some.map(({ at }) => at))
    ]
    const written = some.map(({ at }) => at)
    await database.query(updateSeen, params)
    for (const [index, one] of some.entries()) {
      if (one.at === written[index]) one.at = null
      one.dueAt = nextAt
    }
  }
  const rounds = startRounds({
    everyMs: roundMs,
    about: 'noting when people were last seen',
    logger,
    work: () => write(false)
  })

  return {
    saw(room, userId) {
      const key = `${room} ${userId}`
      const known = seen.get(key)
      if (known !== undefined) known.at = now()
      else if (seen.size >= seenMax) dropped++
      else seen.set(key, { room, userId, at: now(), dueAt: 0 })
    },
    async close(deadlineMs) {
      const done = rounds.stop().then(() => write(true))
      const written = done.catch((error: unknown) =>
        logger.warn({ err: error, people: seen.size }, 'when people were last seen is not noted')
      )
      await Promise.race([written, sleep(deadlineMs)])
    }
  }
}

const updateSeen = `
update member set seen_at = greatest(seen_at, to_timestamp(seen.at / 1000.0))
from unnest($1::text::uuid[], $2::text::text[], $3::text::int8[]) as seen(room_id, user_id, at)
where member.room_id = seen.room_id and member.user_id = seen.user_id`
