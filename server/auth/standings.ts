/** What Postgres says of rooms and of people in them, asked rarely: kept for a moment, and many questions at a time. */
import type { RoomName } from '../../schema/room-name.ts'
import { monotonic } from '../clock.ts'
import { askedTogether } from '../database/asked-together.ts'
import { type Queryable, type Row, texts, uuids } from '../database/database.ts'
import { roomIdOf } from '../log/room-log.ts'
import type { Escalation } from './identity.ts'

/** What Postgres says of a room and, where asked, of one user in it. */
export interface Standing {
  readonly isThere: boolean
  readonly isDeleted: boolean
  /** Of the member, or `removed`; null for a user who is none, or where none was asked for. */
  readonly role: string | null
  /** Of everybody in the room; they may have ended meanwhile. */
  readonly escalations: readonly Escalation[]
}

/** The role of whoever was sent away from a room that they would get into without being a member. */
export const removed = ''

export interface Standings {
  /**
   * At most `standingAgeMaxMs` old.
   *
   * @param userId null where the token itself gives the role
   * @param isRecheck asks again soon after the last answer: at most `recheckAgeMaxMs` old
   */
  find(room: RoomName, userId: string | null, isRecheck?: boolean): Promise<Standing>
  /** The next `find` of this room asks Postgres; one that is under way asks again. */
  forget(room: RoomName): void
}

const standingAgeMaxMs = 3_000
/** Many connections of one room and user are one question. */
const recheckAgeMaxMs = 500
const standingsMax = 10_000
/** Questions in one statement. */
const questionsMax = 500
/** How often one question is asked again because the answer was changed while it was read. */
const repeatsMax = 3

interface Question {
  readonly room: RoomName
  readonly userId: string | null
}

interface Kept extends Question {
  readonly readAt: number
  readonly standing: Promise<Standing>
  isForgotten: boolean
}

export const createStandings = (database: Queryable): Standings => {
  const kept = new Map<string, Kept>()
  const ask = askedTogether(questionsMax, (questions: readonly Question[]) =>
    readStandings(database, questions)
  )
  const keep = (key: string, question: Question): Kept => {
    const standing = ask(question).then(
      (read) => {
        // A room that is not there yet may be made by the next request.
        if (!read.isThere) drop()
        return read
      },
      (error: unknown) => {
        drop()
        throw error
      }
    )
    const entry: Kept = { ...question, readAt: monotonic(), standing, isForgotten: false }
    const drop = (): void => {
      if (kept.get(key) === entry) kept.delete(key)
    }
    kept.delete(key)
    kept.set(key, entry)
    const [oldest] = kept.keys()
    if (kept.size > standingsMax && oldest !== undefined) kept.delete(oldest)
    return entry
  }
  return {
    async find(room, userId, isRecheck = false) {
      const ageMaxMs = isRecheck ? recheckAgeMaxMs : standingAgeMaxMs
      const key = `${room} ${userId ?? ''}`
      for (let repeat = 0; ; repeat++) {
        const found = kept.get(key)
        const isFresh = found !== undefined && monotonic() - found.readAt < ageMaxMs
        const entry = isFresh ? found : keep(key, { room, userId })
        const standing = await entry.standing
        if (!entry.isForgotten || repeat === repeatsMax) return standing
      }
    },
    forget(room) {
      for (const [key, entry] of kept) {
        if (entry.room !== room) continue
        entry.isForgotten = true
        kept.delete(key)
      }
    }
  }
}

interface StandingRow extends Row {
  there: boolean
  deleted: boolean
  role: string | null
  escalations: readonly EscalationJson[] | null
}

interface EscalationJson {
  readonly user_id: string
  readonly name: string
  readonly role: string
  readonly reason: string
  readonly at: number
  readonly until: number
}

/** In the order of the questions. */
const readStandings = async (
  database: Queryable,
  questions: readonly Question[]
): Promise<readonly Standing[]> => {
  const rows = await database.query<StandingRow>(selectStandings, [
    uuids(questions.map(({ room }) => roomIdOf(room))),
    texts(questions.map(({ userId }) => userId))
  ])
  return rows.map(({ there, deleted, role, escalations }, index) => ({
    isThere: there,
    isDeleted: deleted,
    role,
    escalations: (escalations ?? []).flatMap(({ user_id: userId, ...rest }) => {
      const room = questions[index]?.room
      return room === undefined ? [] : [{ ...rest, room, userId }]
    })
  }))
}

const selectStandings = `
select room.id is not null as there, room.deleted_at is not null as deleted, member.role, taken.escalations
from unnest($1::text::uuid[], $2::text::text[]) with ordinality as asked(room_id, user_id, ord)
left join room on room.id = asked.room_id
left join member on member.room_id = asked.room_id and member.user_id = asked.user_id
left join lateral (
  select jsonb_agg(jsonb_build_object(
    'user_id', user_id, 'name', name, 'role', role, 'reason', reason,
    'at', (extract(epoch from at) * 1000)::int8, 'until', (extract(epoch from until) * 1000)::int8)) as escalations
  from escalation where escalation.room_id = asked.room_id and until > now()) taken on true
order by asked.ord`
