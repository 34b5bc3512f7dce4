import { getConnInfo } from '@hono/node-server/conninfo'
import { RoomlogError } from '../../schema/error-codes.ts'
import { kindOf } from '../../schema/room-name.ts'
import type { Access, Identity } from '../room/authorize.ts'
import { type ApiContext, type AppParts, toRoomName } from './api.ts'

/** Who asks, and what they may do: each method refuses by throwing a RoomlogError. */
export interface Admission {
  identity(c: ApiContext): Promise<Identity>
  reader(c: ApiContext, room: string): Promise<Access>
  writer(c: ApiContext, room: string): Promise<Access>
  /** For what belongs to the whole room: its first role, or an administrator. */
  owner(c: ApiContext, room: string): Promise<Access>
  administrator(c: ApiContext): Promise<Identity>
}

export const createAdmission = (parts: Pick<AppParts, 'authority' | 'attempts' | 'kinds'>): Admission => {
  const { authority, attempts, kinds } = parts

  const identity = async (c: ApiContext): Promise<Identity> => {
    const address = getConnInfo(c).remote.address ?? ''
    const waitSeconds = await attempts.waitSeconds(address)
    if (waitSeconds > 0) {
      c.header('retry-after', String(waitSeconds))
      throw new RoomlogError('too-many', `too many refused tokens from ${address}: wait ${waitSeconds} s`)
    }
    const token = bearerOf(c.req.header('authorization'))
    try {
      return await authority.identify(token)
    } catch (error) {
      // No token is no guess: a page that asks before its user has signed in does not lock them out.
      if (token !== '' && error instanceof RoomlogError && error.reason === 'token-invalid') {
        await attempts.fail(address)
      }
      throw error
    }
  }

  const reader = async (c: ApiContext, room: string): Promise<Access> => {
    const who = await identity(c)
    return authority.authorize(who, toRoomName(room))
  }

  return {
    identity,
    reader,
    async writer(c, room) {
      const access = await reader(c, room)
      if (access.mayWrite) return access
      throw new RoomlogError('read-only', `${access.room}: role ${access.role} may only read`)
    },
    async owner(c, room) {
      const access = await reader(c, room)
      const ownerRole = kinds.get(kindOf(access.room))?.roles[0]
      if (access.identity.isAdmin || access.role === ownerRole) return access
      throw new RoomlogError('forbidden', `${access.room}: role ${access.role} is not ${ownerRole}`)
    },
    async administrator(c) {
      const who = await identity(c)
      if (who.isAdmin) return who
      throw new RoomlogError('forbidden', `${who.user.id} has no grant of admin for *`)
    }
  }
}

/** The token of `Authorization: Bearer <token>`; empty where there is none. */
const bearerOf = (header: string | undefined): string => {
  if (header === undefined) return ''
  const [, token] = /^Bearer +(\S+) *$/i.exec(header) ?? []
  if (token !== undefined) return token
  throw new RoomlogError('token-invalid', 'the header Authorization is not "Bearer <token>"')
}
