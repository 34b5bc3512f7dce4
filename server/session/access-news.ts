import type { ServerMessage } from '../../schema/messages.ts'
import { type Access, type Escalation, hasSameRights } from '../auth/identity.ts'
import { now } from '../clock.ts'

/** What a client is told whose access was `before` and now is `after`; null: it has come just now. */
export const accessNews = (before: Access | null, after: Access): readonly ServerMessage[] => {
  const isOld = before !== null && hasSameRights(before, after)
  return [
    ...(isOld ? [] : [roleMessage(after)]),
    ...escalationNews(before?.escalations ?? [], after.escalations)
  ]
}

const roleMessage = ({ role, mayWrite, identity: { user } }: Access): ServerMessage => ({
  type: 'role',
  role,
  mayWrite,
  userId: user.id,
  name: user.name,
  at: now()
})

/** What was taken or prolonged, and what has ended. */
const escalationNews = (
  before: readonly Escalation[],
  after: readonly Escalation[]
): readonly ServerMessage[] => {
  const isIn = (list: readonly Escalation[], one: Escalation): boolean =>
    list.some((other) => isSame(one, other))
  const ended = before.filter(
    (one) => !after.some(({ room, userId }) => one.room === room && one.userId === userId)
  )
  return [
    ...ended.map((one) => toMessage(one, null)),
    ...after.filter((one) => !isIn(before, one)).map((one) => toMessage(one, one.until))
  ]
}

const isSame = (one: Escalation, other: Escalation): boolean =>
  one.room === other.room &&
  one.userId === other.userId &&
  one.role === other.role &&
  one.reason === other.reason &&
  one.until === other.until

const toMessage = ({ userId, name, role, reason }: Escalation, until: number | null): ServerMessage => ({
  type: 'escalated',
  userId,
  name,
  role,
  reason,
  until
})
