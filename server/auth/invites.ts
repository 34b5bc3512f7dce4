/** Links and short codes that give a role: made, listed, removed, and joined by. */
import { rankOf } from '../../schema/access.ts'
import type { RoomDefinition } from '../../schema/define-room.ts'
import { RoomlogError } from '../../schema/error-codes.ts'
import { kindOf, parseRoomName, type RoomName } from '../../schema/room-name.ts'
import { randomId } from '../clock.ts'
import type { Database, Row, Transaction } from '../database/database.ts'
import { roomIdOf } from '../log/room-log.ts'
import type { Authority } from '../room/authorize.ts'
import { noSuchRoom } from '../room/room-table.ts'
import { asUnavailable } from '../unavailable.ts'
import { assertMayManage, assertReaches, assertRoleOf } from './access.ts'
import { beginRoom } from './begin-room.ts'
import { type Access, type Identity, isAnonymous } from './identity.ts'
import { hashOf, type InviteKind, newCode, readCode } from './invite-code.ts'
import { membersMax, upsertMember } from './members.ts'
import { removed } from './standings.ts'

export interface Invite {
  readonly id: string
  readonly kind: InviteKind
  readonly role: string
  readonly createdBy: string
  readonly createdAt: Date
  readonly expiresAt: Date
  readonly usesLeft: number
}

export interface InviteWish {
  readonly kind: InviteKind
  readonly role: string
  readonly expiresInSeconds: number | null
  readonly uses: number | null
}

export interface Joined {
  readonly room: RoomName
  /** False: they belonged to the room already, with this role or a higher one. */
  readonly isNew: boolean
}

/** Every method throws RoomlogError 'unavailable' while the database cannot be asked. */
export interface Invites {
  /**
   * The code is told this once: only its hash is kept.
   *
   * @throws RoomlogError 'forbidden', 'request-invalid', 'room-not-found'; 'too-many' at `invitesMax` of one room
   */
  make(access: Access, wish: InviteWish): Promise<{ invite: Invite; code: string }>
  /** Those that somebody can still join by. @throws RoomlogError 'forbidden' */
  list(access: Access): Promise<readonly Invite[]>
  /** @throws RoomlogError 'forbidden', 'not-found' */
  remove(access: Access, id: string): Promise<void>
  /**
   * Makes them a member; one who is keeps the higher of both roles. A use is spent on those alone who get a role by it.
   *
   * @throws RoomlogError 'invite-invalid', the same for a code that never was, expired or is used up
   */
  join(identity: Identity, code: string): Promise<Joined>
}

export const invitesMax = 100
/** For link and code alike. */
export const usesMax = 10_000

/** Left out of a wish. */
const standard = {
  link: { seconds: 7 * 86_400, secondsMax: 366 * 86_400, uses: 100 },
  code: { seconds: 600, secondsMax: 86_400, uses: 1 }
} as const

/** Short codes that are good at a time are few among millions: a second attempt is rare, a fifth never comes. */
const attemptsMax = 5

export interface InvitesParts {
  readonly database: Database
  readonly authority: Authority
  readonly kinds: ReadonlyMap<string, RoomDefinition>
}

export const createInvites = (parts: InvitesParts): Invites => {
  const { database } = parts
  const ask = async <T>(work: () => Promise<T>): Promise<T> => {
    try {
      return await work()
    } catch (error) {
      throw asUnavailable(error)
    }
  }
  return {
    async make(access, wish) {
      assertMayManage(access)
      assertRoleOf(access, wish.role)
      assertReaches(access, wish.role)
      const limits = standard[wish.kind]
      const seconds = wish.expiresInSeconds ?? limits.seconds
      if (seconds > limits.secondsMax)
        throw new RoomlogError(
          'request-invalid',
          `expiresInSeconds: ${seconds} > ${limits.secondsMax} of a ${wish.kind}`
        )
      await ask(() => beginRoom(database, parts.authority, access))
      return ask(() => insert(database, access, { ...wish, seconds, uses: wish.uses ?? limits.uses }))
    },
    async list(access) {
      assertMayManage(access)
      const rows = await ask(() =>
        database.query<InviteRow>(selectInvites, [roomIdOf(access.room), invitesMax])
      )
      return rows.map(toInvite)
    },
    async remove(access, id) {
      assertMayManage(access)
      const gone = await ask(() => database.query(deleteInvite, [roomIdOf(access.room), id]))
      if (gone.length === 0) throw new RoomlogError('not-found', `${access.room} has no invite ${id}`)
    },
    async join(identity, text) {
      if (isAnonymous(identity))
        throw new RoomlogError('token-invalid', 'whoever joins needs a token: POST /api/guests gives one')
      const read = readCode(text)
      const hash = hashOf(read?.code ?? '')
      const offer = await ask(() => database.query<OfferRow>(selectOffer, [hash, identity.user.id]))
      const room = parseRoomName(offer[0]?.name ?? '')
      // A code that is no code takes as long as one that is wrong.
      if (read === null || room === null) throw invalid()
      const { authority } = parts
      const inherited = isAbove(parts, room) ? await authority.lastingRole(room, identity.user.id) : null
      const roles = parts.kinds.get(kindOf(room))?.roles ?? []
      return ask(() => database.transaction((t) => spend(t, { identity, room, hash, roles, inherited })))
    }
  }
}

/** The one answer for every code that does not let in. */
const invalid = (): RoomlogError => new RoomlogError('invite-invalid', 'no invite has this code')

/** Whether a room above it may give a role in it already. */
const isAbove = ({ kinds }: InvitesParts, room: RoomName): boolean =>
  (kinds.get(kindOf(room))?.parent ?? null) !== null

interface Making extends InviteWish {
  readonly seconds: number
  readonly uses: number
}

const insert = async (
  database: Database,
  { room, identity }: Access,
  { kind, role, seconds, uses }: Making
): Promise<{ invite: Invite; code: string }> => {
  const [counted] = await database.query<{ there: boolean; invites: bigint }>(countInvites, [roomIdOf(room)])
  if (counted === undefined || !counted.there) throw noSuchRoom(room)
  if (counted.invites >= invitesMax)
    throw new RoomlogError('too-many', `${counted.invites} invites >= ${invitesMax}`)
  for (let attempt = 0; attempt < attemptsMax; attempt++) {
    const code = newCode(kind)
    const params = [hashOf(code), randomId(), roomIdOf(room), kind, role, identity.user.id, seconds, uses]
    const [row] = await database.query<InviteRow>(insertInvite, params)
    if (row !== undefined) return { invite: toInvite(row), code }
  }
  throw new Error(`${attemptsMax} codes in a row were taken`)
}

interface Spending {
  readonly identity: Identity
  readonly room: RoomName
  readonly hash: Buffer
  readonly roles: readonly string[]
  readonly inherited: string | null
}

/** Whoever comes at the same moment waits for the row of the invite, and then sees what is left of it. */
const spend = async (
  t: Transaction,
  { identity, room, hash, roles, inherited }: Spending
): Promise<Joined> => {
  const { id: userId, name } = identity.user
  const [offer] = await t.query<OfferRow>(lockOffer, [hash])
  if (offer === undefined) throw invalid()
  const id = roomIdOf(room)
  const [member] = await t.query<{ role: string }>(selectMember, [id, userId])
  const held = member?.role === removed ? null : (member?.role ?? inherited)
  if (held !== null && rankOf(roles, held) <= rankOf(roles, offer.role)) return { room, isNew: false }
  if (offer.uses_left === 0) throw invalid()
  if (member === undefined && offer.members >= membersMax)
    throw new RoomlogError('too-many', `${offer.members} members >= ${membersMax}`)
  await t.query('update invite set uses_left = uses_left - 1 where code_hash = $1', [hash])
  await t.query(upsertMember, [id, userId, offer.role, name, offer.created_by])
  return { room, isNew: true }
}

interface InviteRow extends Row {
  id: string
  kind: InviteKind
  role: string
  created_by: string
  created_at: Date
  expires_at: Date
  uses_left: number
}

interface OfferRow extends Row {
  name: string
  role: string
  created_by: string
  uses_left: number
  members: bigint
}

const toInvite = (row: InviteRow): Invite => ({
  id: row.id,
  kind: row.kind,
  role: row.role,
  createdBy: row.created_by,
  createdAt: row.created_at,
  expiresAt: row.expires_at,
  usesLeft: row.uses_left
})

const columns = 'id, kind, role, created_by, created_at, expires_at, uses_left'

const countInvites = `
select exists (select from room where id = $1::uuid and deleted_at is null) as there,
  (select count(*) from invite where room_id = $1::uuid and expires_at > now() and uses_left > 0) as invites`

/** A code that expired may be made again. */
const insertInvite = `
insert into invite as old (code_hash, id, room_id, kind, role, created_by, expires_at, uses_left)
values ($1::bytea, $2::uuid, $3::uuid, $4::text, $5::text, $6::text,
  now() + make_interval(secs => $7::int8::float8), $8::int8::int)
on conflict (code_hash) do update
set id = excluded.id, room_id = excluded.room_id, kind = excluded.kind, role = excluded.role,
  created_by = excluded.created_by, created_at = now(), expires_at = excluded.expires_at, uses_left = excluded.uses_left
where old.expires_at <= now()
returning ${columns}`

const selectInvites = `
select ${columns} from invite
where room_id = $1::uuid and expires_at > now() and uses_left > 0 order by created_at, id limit $2::int8`

const deleteInvite = 'delete from invite where room_id = $1::uuid and id = $2::uuid returning id'

const offered = `
select room.name, i.role, i.created_by, i.uses_left,
  (select count(*) from member where room_id = i.room_id) as members
from invite i join room on room.id = i.room_id
where i.code_hash = $1 and i.expires_at > now() and room.deleted_at is null`

/** Of what is used up, only members learn anything: those who come again by what they came by. */
const selectOffer = `${offered} and (i.uses_left > 0 or exists (
  select from member where room_id = i.room_id and user_id = $2::text and role <> ''))`
const lockOffer = `${offered} for update of i`

const selectMember = 'select role from member where room_id = $1::uuid and user_id = $2::text'
