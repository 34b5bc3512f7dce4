import type { Queryable, Row } from '../database/database.ts'
import { asUnavailable } from '../unavailable.ts'
import type { AuditAction, AuditRow } from './audit.ts'

/** What is null is not asked for. */
export interface AuditQuery {
  readonly room: string | null
  readonly user: string | null
  readonly action: string | null
  readonly code: string | null
  /** Rows that are newer than the one of this id. */
  readonly after: string | null
  /** Rows that are older. */
  readonly before: string | null
  readonly limit: number
}

/** The newest first. @throws RoomlogError 'unavailable' */
export const readAudit = async (database: Queryable, query: AuditQuery): Promise<readonly AuditRow[]> => {
  const { room, user, action, code, after, before, limit } = query
  try {
    const rows = await database.query<StoredRow>(selectRows, [room, user, action, code, after, before, limit])
    return rows.map(({ user_id: userId, ...row }) => ({ ...row, userId }))
  } catch (error) {
    throw asUnavailable(error)
  }
}

interface StoredRow extends Row {
  id: string
  at: Date
  room: string | null
  user_id: string
  action: AuditAction
  code: string | null
  detail: AuditRow['detail']
  address: string
  count: number
}

const selectRows = `
select id, at, room, user_id, action, code, detail, address, count from audit
where ($1::text is null or room = $1::text) and ($2::text is null or user_id = $2::text)
  and ($3::text is null or action = $3::text) and ($4::text is null or code = $4::text)
  and ($5::uuid is null or id > $5::uuid) and ($6::uuid is null or id < $6::uuid)
order by id desc limit $7::int8`
