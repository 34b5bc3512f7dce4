/**
 * The role of somebody in a room. The first that there is counts:
 *
 *   admin ─▶ taken for a time ─▶ grant of the token ─▶ member ─▶ role in the room that it belongs to ─▶ guest
 */
import { adminRole } from '../../schema/access.ts'
import { type ParentRule, userPart } from '../../schema/parent.ts'
import { coversRoom, type RoomName } from '../../schema/room-name.ts'
import type { Identity } from './identity.ts'
import type { Ancestor, Lineage } from './lineage.ts'
import { removed, type Standing } from './standings.ts'

export interface RoleQuestion {
  readonly identity: Identity
  readonly lineage: Lineage
  /** One for each room of the lineage. */
  readonly standings: readonly Standing[]
  /** Milliseconds since 1970: what was taken until then has ended. */
  readonly at: number
}

/** The roles in the room `depth` steps up; null: none. */
export const rolesIn = (
  question: RoleQuestion,
  depth = 0
): { readonly role: string | null; readonly lastingRole: string | null } => ({
  role: roleIn(question, depth, true),
  lastingRole: roleIn(question, depth, false)
})

/** The role that the token itself gives. */
export const grantedRole = (identity: Identity, room: RoomName): string | null => {
  if (identity.isAdmin) return adminRole
  return identity.grants?.find((grant) => coversRoom(grant.room, room))?.role ?? null
}

/** Takes it out of a role that may take it: whoever loses that role loses what they have taken with it. */
const roleIn = (question: RoleQuestion, depth: number, withTaken: boolean): string | null => {
  const { identity, lineage, standings, at } = question
  if (identity.isAdmin) return adminRole
  const here = lineage[depth]
  const standing = standings[depth]
  if (here === undefined || standing === undefined) return null
  if (withTaken) {
    const lasting = lastingRoleIn(question, here, standing, depth, false)
    const mayTake = (lasting === null ? undefined : here.definition.access[lasting]?.mayTake) ?? []
    const taken = standing.escalations.find(
      ({ userId, role, until }) => userId === identity.user.id && until > at && mayTake.includes(role)
    )
    if (taken !== undefined) return taken.role
  }
  return lastingRoleIn(question, here, standing, depth, withTaken)
}

const lastingRoleIn = (
  question: RoleQuestion,
  { room, definition, rest }: Ancestor,
  { role: member }: Standing,
  depth: number,
  withTaken: boolean
): string | null => {
  const { identity } = question
  const granted = grantedRole(identity, room)
  if (granted !== null) return granted
  if (member === removed) return null
  if (member !== null) return member
  const { parent } = definition
  if (parent === null) return identity.isGuest ? definition.guests : null
  const above = roleIn(question, depth + 1, withTaken && !parent.lastingOnly)
  if (above === null) return null
  const isOwn = hasOwn(parent, above) && rest === userPart(identity.user.id)
  return (isOwn ? parent.own : undefined) ?? parent.roles[above] ?? null
}

/** Whether somebody of this role in the parent has a room of their own there. */
export const hasOwn = ({ id, own, owners }: ParentRule, role: string): boolean =>
  id === 'user' && own !== undefined && (owners?.includes(role) ?? true)
