/**
 * The audit: what people did to a room's members and invites, and what was refused them.
 *
 *   record ──▶ waiting (bounded, equal refusals folded) ──▶ one INSERT a second ──▶ Postgres
 *
 * It never holds anybody up and never fails a request: what it cannot keep is counted, and said in the log.
 */
import { type ErrorCode, RoomlogError } from '../../schema/error-codes.ts'
import { monotonic, now, orderedId, sleep } from '../clock.ts'
import type { Queryable, Row } from '../database/database.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import { startRounds } from '../rounds.ts'
import { asUnavailable } from '../unavailable.ts'
import { TokenRefusal } from './token-refusal.ts'

export const auditActions = [
  'room-deleted',
  'member-set',
  'member-removed',
  'kicked',
  'invited',
  'invite-removed',
  'joined',
  'join-refused',
  'escalated',
  'escalation-ended',
  'revoked',
  'session-ended',
  'enter-refused',
  'write-refused'
] as const

export type AuditAction = (typeof auditActions)[number]

export interface AuditEvent {
  /** As it was asked for: it need not be there. */
  readonly room: string | null
  /** Who did it; empty where nobody knows. */
  readonly userId: string
  readonly action: AuditAction
  /** Of a refusal. */
  readonly code: string | null
  readonly detail: Readonly<Record<string, string | number | boolean | null>>
  readonly address: string
}

export interface AuditRow extends AuditEvent {
  readonly id: string
  readonly at: Date
  /** How often within a few seconds: refusals of the same user, room, action and code are one row. */
  readonly count: number
}

export interface Audit {
  /** Returns at once, and never throws. */
  record(event: AuditEvent): void
  /** Writes what waits, for at most this long; nothing is recorded after it. */
  close(deadlineMs: number): Promise<void>
}

export interface AuditParts {
  readonly database: Queryable
  readonly logger: Logger
  readonly metrics: Pick<Metrics, 'auditDropped'>
  readonly daysMax: number
}

const waitingMax = 10_000
const rowsPerStatement = 500
const writeEveryMs = 1_000
/** Refusals wait so long for others like them. */
const foldMs = 3_000
/** Rows of refusals, at once and per second: somebody who is refused as somebody else each time fills no disk. */
const refusalsAtOnceMax = 1_000
const refusalsPerSecond = 50
const textLengthMax = 500
const sweepEveryMs = 600_000
const sweepRowsMax = 5_000
const sweepStatementsMax = 20

interface Waiting {
  readonly row: { -readonly [Key in keyof AuditRow]: AuditRow[Key] }
  /** By the monotonic clock. */
  readonly writeAt: number
}

export const createAudit = ({ database, logger, metrics, daysMax }: AuditParts): Audit => {
  /** By what they are folded by, or their id. */
  const waiting = new Map<string, Waiting>()
  let refusalsLeft = refusalsAtOnceMax
  let dropped = 0
  let isClosed = false

  const add = (event: AuditEvent): void => {
    const key = event.code === null ? null : foldKey(event)
    const like = key === null ? undefined : waiting.get(key)
    if (like !== undefined) {
      like.row.count++
      return
    }
    if (waiting.size >= waitingMax || (key !== null && refusalsLeft === 0)) {
      dropped++
      return
    }
    if (key !== null) refusalsLeft--
    const id = orderedId()
    waiting.set(key ?? id, {
      row: { ...clean(event), id, at: new Date(now()), count: 1 },
      writeAt: key === null ? 0 : monotonic() + foldMs
    })
  }
  const write = async (isLast: boolean): Promise<void> => {
    refusalsLeft = Math.min(refusalsAtOnceMax, refusalsLeft + refusalsPerSecond)
    if (dropped > 0) {
      logger.error({ rows: dropped }, 'audit rows dropped')
      metrics.auditDropped(dropped)
      dropped = 0
    }
    const at = monotonic()
    const due = [...waiting].filter(([, { writeAt }]) => isLast || writeAt <= at)
    for (let from = 0; from < due.length; from += rowsPerStatement) {
      const some = due.slice(from, from + rowsPerStatement)
      // What comes while these are written is a row of its own.
      for (const [key] of some) waiting.delete(key)
      await writeSome(some)
    }
  }
  const writeSome = async (some: readonly (readonly [string, Waiting])[]): Promise<void> => {
    try {
      await insert(
        database,
        some.map(([, { row }]) => row)
      )
    } catch (error) {
      const isForNow = asUnavailable(error) instanceof RoomlogError
      // Written twice, a row is there once: its id is the same.
      if (isForNow) for (const [, entry] of some) waiting.set(entry.row.id, { ...entry, writeAt: 0 })
      else dropped += some.length
      throw error
    }
  }
  const rounds = [
    startRounds({ everyMs: writeEveryMs, about: 'writing the audit', logger, work: () => write(false) }),
    startRounds({
      everyMs: sweepEveryMs,
      about: 'forgetting old audit rows',
      logger,
      work: () => forgetAudit(database, daysMax)
    })
  ]
  return {
    record: (event) => {
      if (!isClosed) add(event)
    },
    async close(deadlineMs) {
      isClosed = true
      const done = Promise.all(rounds.map((each) => each.stop())).then(() => write(true))
      const written = done.then(
        () => true,
        (error: unknown) => {
          logger.error({ err: error, rows: waiting.size }, 'audit not written')
          return true
        }
      )
      const isOver = await Promise.race([written, sleep(deadlineMs).then(() => false)])
      if (!isOver) logger.error({ rows: waiting.size }, 'audit not written in time')
    }
  }
}

/** Who wanted in, to which room, and from where. */
export type RefusedEntry = Pick<AuditEvent, 'room' | 'userId' | 'address'>

/** Runs `enter`, and records it if it is refused for what somebody is or showed, not for what the server can do now. */
export const recordingRefusal = async <T>(
  audit: Pick<Audit, 'record'>,
  about: RefusedEntry,
  enter: () => Promise<T>
): Promise<T> => {
  try {
    return await enter()
  } catch (error) {
    if (error instanceof RoomlogError && recordedCodes.has(error.reason)) {
      const userId = error instanceof TokenRefusal ? error.userId : about.userId
      const detail = { detail: error.message }
      audit.record({ ...about, userId, action: 'enter-refused', code: error.reason, detail })
    }
    throw error
  }
}

const recordedCodes: ReadonlySet<ErrorCode> = new Set(['forbidden', 'token-invalid'])

/** Where nobody knows who it was, whoever asks from one address is one. */
const foldKey = ({ room, userId, action, code, address, detail }: AuditEvent): string =>
  JSON.stringify([room, userId === '' ? address : userId, action, code, detail.path ?? null])

/** What Postgres does not keep in JSON (NUL, half a surrogate pair) would spoil the whole batch. */
const cleanText = (text: string): string =>
  text.slice(0, textLengthMax).toWellFormed().replaceAll('\0', '\ufffd')

const clean = (event: AuditEvent): AuditEvent => ({
  ...event,
  room: event.room === null ? null : cleanText(event.room),
  userId: cleanText(event.userId),
  address: cleanText(event.address),
  detail: Object.fromEntries(
    Object.entries(event.detail).map(([key, value]) => [
      key,
      typeof value === 'string' ? cleanText(value) : value
    ])
  )
})

const insert = async (database: Queryable, rows: readonly AuditRow[]): Promise<void> => {
  const json = rows.map(({ userId, ...row }) => ({ ...row, user_id: userId }))
  await database.query(insertRows, [JSON.stringify(json)])
}

const insertRows = `
insert into audit (id, at, room, user_id, action, code, detail, address, count)
select id, at, room, user_id, action, code, detail, address, count from jsonb_to_recordset($1::text::jsonb)
  as r(id uuid, at timestamptz, room text, user_id text, action text, code text, detail jsonb, address text, count int)
on conflict do nothing`

/** Removes what is older, a bounded number of rows at a time, so that nobody waits long for the table. */
export const forgetAudit = async (database: Queryable, days: number): Promise<void> => {
  const before = firstIdAt(now() - days * 86_400_000)
  for (let statement = 0; statement < sweepStatementsMax; statement++) {
    const gone = await database.query<Row>(deleteOld, [before, sweepRowsMax])
    if (gone.length < sweepRowsMax) return
  }
}

const deleteOld = `
delete from audit where id in (
  select id from audit where id < $1::uuid order by id limit $2::int8)
returning id`

/** No id of `orderedId` that was made at this time or later is less. */
const firstIdAt = (ms: number): string => {
  const time = Math.max(0, Math.floor(ms)).toString(16).padStart(12, '0')
  return `${time.slice(0, 8)}-${time.slice(8)}-7000-8000-000000000000`
}
