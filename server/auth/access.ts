/** From a role to what it may do, and every refusal on the way. */
import { can, rankOf, writeScope } from '../../schema/access.ts'
import type { RoomDefinition } from '../../schema/define-room.ts'
import { RoomlogError } from '../../schema/error-codes.ts'
import { type ParentRule, userPart } from '../../schema/parent.ts'
import type { Access } from './identity.ts'
import { hasOwn, type RoleQuestion, rolesIn } from './role.ts'

/** @throws RoomlogError 'forbidden', then 'room-deleted' and 'room-not-found': strangers do not learn what is there */
export const toAccess = (question: RoleQuestion): Access => {
  const { lineage, standings } = question
  const [{ room, definition }] = lineage
  const { role, lastingRole } = rolesIn(question)
  const known = assertRole(question, role)
  if (definition.access[known]?.read === false)
    throw new RoomlogError('forbidden', `${room}: role ${known} may not read it`)
  assertNotDeleted(question)
  if (standings[0]?.isThere !== true && isCreatedFirst(definition))
    throw new RoomlogError('room-not-found', `there is no room ${room}`)
  return accessOf(question, known, lastingRole)
}

/** What a room's creator may do in it. */
export const toCreation = (question: RoleQuestion): Access => {
  const { identity, lineage, standings } = question
  const [{ definition }] = lineage
  if (standings[0]?.isThere) return toAccess(question)
  if (definition.parent !== null) assertMayCreateIn(question, definition.parent)
  else if (!identity.isGuest) assertMayWrite(question)
  return accessOf(question, definition.creator, definition.creator)
}

/** Rooms of other kinds begin with the first thing that is written to them. */
export const isCreatedFirst = ({ create, parent }: RoomDefinition): boolean =>
  create !== null || parent?.creators !== undefined

/** @throws RoomlogError 'forbidden' */
export const assertMayManage = ({ definition, role, identity, room }: Access): void => {
  if (can(definition, { role, userId: identity.user.id }, 'manage')) return
  throw new RoomlogError('forbidden', `${room}: role ${role} does not manage who belongs to it`)
}

/**
 * Nobody gives or takes a role above the one that they have for good: what was taken for a time must not be made to last.
 *
 * @throws RoomlogError 'forbidden'
 */
export const assertReaches = ({ definition, lastingRole, room }: Access, role: string): void => {
  const { roles } = definition
  if (rankOf(roles, role) >= rankOf(roles, lastingRole ?? '')) return
  throw new RoomlogError('forbidden', `${room}: role ${lastingRole} may neither give nor take role ${role}`)
}

/** @throws RoomlogError 'request-invalid' */
export const assertRoleOf = ({ definition, room }: Access, role: string): void => {
  if (definition.roles.includes(role)) return
  throw new RoomlogError('request-invalid', `${room}: role ${role} is none of ${definition.roles.join(', ')}`)
}

const none: Access['escalations'] = []

const accessOf = (question: RoleQuestion, role: string, lastingRole: string | null): Access => {
  const { identity, lineage, standings, at } = question
  const [{ room, definition }] = lineage
  const scope = writeScope(definition, role, identity.user.id)
  const found = standings.flatMap((standing) => standing.escalations.filter(({ until }) => until > at))
  const escalations = found.length === 0 ? none : found
  return { identity, room, role, lastingRole, mayWrite: !scope.isNone, scope, definition, escalations }
}

const assertRole = ({ identity, lineage }: RoleQuestion, role: string | null): string => {
  const [{ room, definition }] = lineage
  if (role === null) {
    throw new RoomlogError('forbidden', `${room}: no grant of the token covers it, and the user is no member`)
  }
  if (identity.isAdmin || definition.roles.includes(role)) return role
  throw new RoomlogError('forbidden', `${room}: role ${role} is none of ${definition.roles.join(', ')}`)
}

const assertNotDeleted = ({ lineage, standings }: RoleQuestion): void => {
  const at = standings.findIndex(({ isDeleted }) => isDeleted)
  const deleted = lineage[at]
  if (deleted !== undefined) throw new RoomlogError('room-deleted', `${deleted.room} was deleted`)
}

/** Of a room that stands for itself: whoever may write it may create it. */
const assertMayWrite = (question: RoleQuestion): void => {
  const [{ room, definition }] = question.lineage
  const role = assertRole(question, rolesIn(question).role)
  if (!writeScope(definition, role, question.identity.user.id).isNone) return
  throw new RoomlogError('read-only', `${room}: role ${role} may only read`)
}

/** A room of one person is created by them alone: whoever makes it has a role in it. */
const assertMayCreateIn = (question: RoleQuestion, rule: ParentRule): void => {
  const { identity, lineage, standings } = question
  const [{ room, rest }, parent] = lineage
  const { role: above } = rolesIn(question, 1)
  const isTheirs = rule.id !== 'user' || rest === userPart(identity.user.id)
  const isCreator = (rule.creators ?? Object.keys(rule.roles)).includes(above ?? '')
  const isOwner = rule.creators === undefined && above !== null && hasOwn(rule, above)
  if (!identity.isAdmin && !(isTheirs && (isCreator || isOwner)))
    throw new RoomlogError('forbidden', `${room}: role ${above} of ${parent?.room} may not create it`)
  assertNotDeleted(question)
  if (standings[1]?.isThere !== true)
    throw new RoomlogError('room-not-found', `${room} belongs to ${parent?.room}, which is not there`)
}
