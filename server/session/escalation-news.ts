import type { ServerMessage } from '../../schema/messages.ts'
import type { Escalation } from '../auth/identity.ts'

/** What somebody is told who knew of `before` and now of `after`: what was taken or prolonged, and what has ended. */
export const escalationNews = (
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
