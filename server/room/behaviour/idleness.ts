/**
 * What happens to rooms that are left alone: a kind may say what becomes of a room in which nothing was written for so
 * long. A room that is opened is noted in Postgres as awake, so that it is looked after also when this node is restarted.
 */
import { errorCodes, RoomlogError } from '../../../schema/error-codes.ts'
import { kindOf, parseRoomName, type RoomName } from '../../../schema/room-name.ts'
import { type Database, int8s, type Row, texts } from '../../database/database.ts'
import { roomIdOf } from '../../log/room-log.ts'
import type { Logger } from '../../logger.ts'
import { startRounds } from '../../rounds.ts'
import { asUnavailable } from '../../unavailable.ts'
import { type BehaviourParts, runBehaviour } from './behaviours.ts'
import { serverAccess } from './change.ts'

export interface IdlenessParts extends BehaviourParts {
  readonly database: Database
  readonly logger: Logger
}

export interface Idleness {
  /** The room is opened: from now on it is watched. @throws RoomlogError 'unavailable' */
  opened(room: RoomName): Promise<void>
  close(): Promise<void>
}

/** Rooms of one round; the rest wait for the next. */
const roomsMax = 100
const roundMsMin = 100
const roundMsMax = 30_000
/** A round comes so many times in the shortest time that a kind says. */
const roundsPerIdleness = 10

const note = 'insert into awake (room_id) values ($1::uuid) on conflict do nothing'

/** The rooms that are awake, how far they are, and since when. */
const awake = `
select r.name, r.kind, r.deleted_at, a.room_id, a.at, a.idle_seq, coalesce(e.seq, 0) as head,
  coalesce(e.at, r.created_at) as changed_at
from awake a join room r on r.id = a.room_id
left join lateral (select seq, at from entry where room_id = r.id order by seq desc limit 1) e on true`

const leftAlone = `
select r.name, r.head from (${awake}) r
join unnest($1::text::text[], $2::text::int8[]) as k(kind, ms) on k.kind = r.kind
where r.deleted_at is null and r.changed_at < now() - k.ms * interval '1 millisecond'
  and (r.idle_seq is null or r.idle_seq < r.head)
order by r.changed_at limit $3::int8`

const done = 'update awake set idle_seq = $2::int8 where room_id = $1::uuid'

/** What was done stays noted for a day: a room that is open all the time and written to again is left alone again. */
const forget = `
delete from awake a where a.at < now() - interval '1 day'
and not exists (
  select from (${awake}) r where r.room_id = a.room_id and r.deleted_at is null
  and (r.idle_seq is null or r.idle_seq < r.head or r.changed_at > now() - interval '1 day'))`

export const createIdleness = (parts: IdlenessParts): Idleness => {
  const { kinds, database, logger } = parts
  const idle = [...kinds.values()].flatMap(({ kind, idle: rule }) =>
    rule === null ? [] : [{ kind, ms: Math.round(rule.minutes * 60_000) }]
  )
  const shortest = Math.min(...idle.map(({ ms }) => ms))
  const rounds = startRounds({
    everyMs: Math.min(roundMsMax, Math.max(roundMsMin, shortest / roundsPerIdleness)),
    about: 'rooms that are left alone',
    logger,
    work: async () => {
      const rows = await database.query<Row & { name: string; head: bigint }>(leftAlone, [
        texts(idle.map(({ kind }) => kind)),
        int8s(idle.map(({ ms }) => ms)),
        roomsMax
      ])
      for (const { name, head } of rows) await settle(parts, name, Number(head))
      await database.query(forget)
    }
  })
  return {
    opened: async (room) => {
      if (!kinds.get(kindOf(room))?.idle) return
      try {
        await database.query(note, [roomIdOf(room)])
      } catch (error) {
        throw asUnavailable(error)
      }
    },
    close: () => rounds.stop()
  }
}

/** Once for each time that a room is left alone, also when it fails: unless what failed may pass. */
const settle = async (parts: IdlenessParts, text: string, head: number): Promise<void> => {
  const room = parseRoomName(text)
  const definition = room === null ? undefined : parts.kinds.get(kindOf(room))
  const idle = definition?.idle
  if (room === null || definition === undefined || !idle) return
  let seq = head
  try {
    const changed = await runBehaviour(parts, serverAccess(room, definition), (context) => idle.run(context))
    seq = changed.seq
  } catch (error) {
    parts.logger.error({ err: error, room }, 'a room that was left alone could not be settled')
    if (error instanceof RoomlogError && errorCodes[error.reason].retry) return
  }
  await parts.database.query(done, [roomIdOf(room), seq])
}
