import { RoomlogError } from '../../schema/error-codes.ts'
import { kindOf } from '../../schema/room-name.ts'
import { type RefusedEntry, recordingRefusal } from '../auth/audit.ts'
import { identify } from '../auth/identify.ts'
import type { Access, Identity } from '../auth/identity.ts'
import type { Authority } from '../room/authorize.ts'
import { type ApiContext, type AppParts, toRoomName } from './api.ts'

/** Who asks, and what they may do: each method refuses by throwing a RoomlogError. */
export interface Admission {
  identity(c: ApiContext): Promise<Identity>
  reader(c: ApiContext, room: string): Promise<Access>
  writer(c: ApiContext, room: string): Promise<Access>
  /** A reader by what Postgres says now: whoever gives roles must not do so by one that another node took from them. */
  reread(c: ApiContext, room: string): Promise<Access>
  /** For what belongs to the whole room and does not end with what is taken for a time: its first role, or an administrator. */
  owner(c: ApiContext, room: string): Promise<Access>
  /** Of a room that is about to be created. */
  creator(c: ApiContext, room: string): Promise<Access>
  administrator(c: ApiContext): Promise<Identity>
}

export const createAdmission = (
  parts: Pick<AppParts, 'authority' | 'attempts' | 'kinds' | 'addressOf' | 'writes' | 'audit'>
): Admission => {
  const { authority, kinds, addressOf, writes } = parts

  const recorded = async <T>(c: ApiContext, about: RefusedEntry, enter: () => Promise<T>): Promise<T> => {
    c.set('isRecorded', true)
    const entered = await recordingRefusal(parts.audit, about, enter)
    c.set('isRecorded', false)
    return entered
  }

  const identity = async (c: ApiContext): Promise<Identity> => {
    const token = bearerOf(c.req.header('authorization'))
    const address = addressOf(c.env.incoming)
    const who = await recorded(c, { room: null, userId: '', address }, () =>
      identify(parts, { token, address })
    )
    c.set('userId', who.user.id)
    if (isWriting(c.req.method)) await writes.take(`user ${who.user.id}`)
    return who
  }

  const enter = async (c: ApiContext, text: string, ask: Authority['authorize']): Promise<Access> => {
    const who = await identity(c)
    const room = toRoomName(text)
    c.set('room', room)
    return recorded(c, { room, userId: who.user.id, address: addressOf(c.env.incoming) }, () =>
      ask(who, room)
    )
  }

  const reader = (c: ApiContext, room: string): Promise<Access> => enter(c, room, authority.authorize)

  return {
    identity,
    reader,
    async writer(c, room) {
      const access = await reader(c, room)
      if (access.mayWrite) return access
      throw new RoomlogError('read-only', `${access.room}: role ${access.role} may only read`)
    },
    reread: (c, room) =>
      enter(c, room, (who, name) => {
        for (const each of authority.lineage(name)) authority.forget(each)
        return authority.authorize(who, name)
      }),
    creator: (c, room) => enter(c, room, authority.authorizeCreation),
    async owner(c, room) {
      const access = await reader(c, room)
      const ownerRole = kinds.get(kindOf(access.room))?.roles[0]
      if (access.identity.isAdmin || access.lastingRole === ownerRole) return access
      throw new RoomlogError('forbidden', `${access.room}: role ${access.lastingRole} is not ${ownerRole}`)
    },
    async administrator(c) {
      const who = await identity(c)
      assertAdministrator(who)
      return who
    }
  }
}

/** @throws RoomlogError 'forbidden' */
export const assertAdministrator = ({ isAdmin, user }: Identity): void => {
  if (!isAdmin) throw new RoomlogError('forbidden', `${user.id} has no grant of admin for *`)
}

/** Methods that change something; what they are limited by, a page that only reads never meets. */
export const isWriting = (method: string): boolean => !['GET', 'HEAD', 'OPTIONS'].includes(method)

/** The token of `Authorization: Bearer <token>`; empty where there is none. */
const bearerOf = (header: string | undefined): string => {
  if (header === undefined) return ''
  const [, token] = /^Bearer +(\S+) *$/i.exec(header) ?? []
  if (token !== undefined) return token
  throw new RoomlogError('token-invalid', 'the header Authorization is not "Bearer <token>"')
}
