/**
 * A role taken for a limited time: by a role that may take it, with a reason, seen by everybody in the room.
 *
 * That it has ended nobody needs to do: `authorize` goes by the time. The sweep tells those who are there, removes the
 * row, and has it in the audit, on whichever node it comes first; also for what was taken before a restart.
 */
import { RoomlogError } from '../../schema/error-codes.ts'
import { parseRoomName, type RoomName } from '../../schema/room-name.ts'
import { now } from '../clock.ts'
import type { Database, Row } from '../database/database.ts'
import { roomIdOf } from '../log/room-log.ts'
import type { Logger } from '../logger.ts'
import { noSuchRoom } from '../room/room-table.ts'
import { startRounds } from '../rounds.ts'
import { asUnavailable } from '../unavailable.ts'
import { assertMayManage, assertRoleOf } from './access.ts'
import type { Access, Escalation } from './identity.ts'

export interface Escalations {
  /** @throws RoomlogError 'forbidden', 'request-invalid', 'room-not-found', 'unavailable' */
  take(access: Access, wish: { role: string; reason: string; minutes: number }): Promise<Escalation>
  /** Oneself, or whoever manages the room. @throws RoomlogError 'forbidden', 'not-found', 'unavailable' */
  end(access: Access, userId: string): Promise<Escalation>
  close(): Promise<void>
}

export interface EscalationsParts {
  readonly database: Database
  readonly logger: Logger
  readonly minutesMax: number
  /** Its time is over. */
  readonly onEnded: (ended: Escalation) => Promise<void>
}

const roundMs = 1_000
/** What other nodes, or this one before a restart, have written is looked at so often. */
const lookMs = 5_000

export const createEscalations = ({
  database,
  logger,
  minutesMax,
  onEnded
}: EscalationsParts): Escalations => {
  /** When the next one ends that this node knows of, and when to look again. */
  let nextAt = 0
  const ask = async (
    text: string,
    params: Parameters<Database['query']>[1] = []
  ): Promise<EscalationRow[]> => {
    try {
      return await database.query<EscalationRow>(text, params)
    } catch (error) {
      throw asUnavailable(error)
    }
  }
  const sweep = async (): Promise<void> => {
    if (now() < nextAt) return
    nextAt = now() + lookMs
    for (const row of await ask(deleteEnded)) await onEnded(toEscalation(row))
    const [soonest] = await database.query<{ until: Date | null }>(
      'select min(until) as until from escalation'
    )
    nextAt = Math.min(nextAt, soonest?.until?.getTime() ?? nextAt)
  }
  const rounds = startRounds({
    everyMs: roundMs,
    about: 'ending what was taken for a time',
    logger,
    work: sweep
  })
  return {
    async take(access, { role, reason, minutes }) {
      assertRoleOf(access, role)
      assertMayTake(access, role)
      if (minutes > minutesMax)
        throw new RoomlogError('request-invalid', `minutes: ${minutes} > ${minutesMax}`)
      const { room, identity } = access
      const { id, name } = identity.user
      const [row] = await ask(upsertEscalation, [roomIdOf(room), id, name, role, reason, minutes])
      if (row === undefined) throw noSuchRoom(room)
      const taken = toEscalation(row)
      nextAt = Math.min(nextAt, taken.until)
      return taken
    },
    async end(access, userId) {
      if (userId !== access.identity.user.id) assertMayManage(access)
      const [row] = await ask(deleteEscalation, [roomIdOf(access.room), userId])
      if (row === undefined)
        throw new RoomlogError('not-found', `${userId} has taken no role in ${access.room}`)
      return toEscalation(row)
    },
    close: () => rounds.stop()
  }
}

/** By the role that they have for good: what was taken opens no way to more. */
const assertMayTake = ({ definition, lastingRole, room }: Access, role: string): void => {
  const mayTake = (lastingRole === null ? undefined : definition.access[lastingRole]?.mayTake) ?? []
  if (mayTake.includes(role)) return
  throw new RoomlogError('forbidden', `${room}: role ${lastingRole} may not take role ${role}`)
}

interface EscalationRow extends Row {
  room: string
  user_id: string
  name: string
  role: string
  reason: string
  at: Date
  until: Date
}

const toEscalation = (row: EscalationRow): Escalation => ({
  room: toRoom(row.room),
  userId: row.user_id,
  name: row.name,
  role: row.role,
  reason: row.reason,
  at: row.at.getTime(),
  until: row.until.getTime()
})

const toRoom = (text: string): RoomName => {
  const room = parseRoomName(text)
  if (room === null) throw new RangeError(`a stored room is named ${JSON.stringify(text)}`)
  return room
}

const columns = 'room.name as room, e.user_id, e.name, e.role, e.reason, e.at, e.until'

const upsertEscalation = `
with taken as (
  insert into escalation (room_id, user_id, name, role, reason, at, until)
  select id, $2::text, $3::text, $4::text, $5::text, now(), now() + make_interval(mins => $6::int8::int)
  from room where id = $1::uuid and deleted_at is null
  on conflict (room_id, user_id) do update
  set name = excluded.name, role = excluded.role, reason = excluded.reason, at = excluded.at, until = excluded.until
  returning *)
select ${columns} from taken e join room on room.id = e.room_id`

const deleteEscalation = `
delete from escalation e using room
where room.id = e.room_id and e.room_id = $1::uuid and e.user_id = $2::text and e.until > now()
returning ${columns}`

const deleteEnded = `
delete from escalation e using room where room.id = e.room_id and e.until <= now() returning ${columns}`
