/** Who belongs to a room, and as what: read and changed in Postgres alone. */
import { RoomlogError } from '../../schema/error-codes.ts'
import type { RoomName } from '../../schema/room-name.ts'
import type { Database, Queryable, Row, Transaction } from '../database/database.ts'
import { roomIdOf } from '../log/room-log.ts'
import type { Authority } from '../room/authorize.ts'
import { noSuchRoom } from '../room/room-table.ts'
import { asUnavailable } from '../unavailable.ts'
import { assertMayManage, assertReaches, assertRoleOf } from './access.ts'
import { beginRoom } from './begin-room.ts'
import type { Access } from './identity.ts'
import { removed } from './standings.ts'

export interface Member {
  readonly userId: string
  /** As they were called when they came, or as whoever added them calls them; empty: nobody said. */
  readonly name: string
  readonly role: string
  /** The user who gave it; null: nobody, they made the room. */
  readonly grantedBy: string | null
  readonly since: Date
  /** When they were last in the room, to the minute; null: never, as far as is known. */
  readonly lastSeen: Date | null
  /** What they have taken for a time. */
  readonly takes: { readonly role: string; readonly until: Date; readonly reason: string } | null
}

/** Every method throws RoomlogError 'unavailable' while the database cannot be asked. */
export interface Members {
  /** In the order in which they came. */
  list(room: RoomName): Promise<readonly Member[]>
  /** null: they are none. */
  find(room: RoomName, userId: string): Promise<Member | null>
  /**
   * Gives a user the role, and returns the one that they had. Whoever gets another one loses the invites that they made
   * and what they had taken for a time.
   *
   * @throws RoomlogError 'forbidden', 'request-invalid' for a role that the kind does not have, 'last-owner',
   *   'room-not-found', 'too-many'
   */
  set(access: Access, who: { userId: string; role: string; name: string | null }): Promise<string | null>
  /**
   * Sends somebody away, or lets oneself go, and returns the role that they had. Whoever would get in without being a
   * member is kept out until they are made one again.
   *
   * @throws RoomlogError 'forbidden', 'last-owner', 'room-not-found'; 'not-found' for somebody who does not belong there
   */
  remove(access: Access, userId: string): Promise<string | null>
}

export const membersMax = 10_000

export interface MembersParts {
  readonly database: Database
  readonly authority: Authority
}

export const createMembers = (parts: MembersParts): Members => {
  const { database, authority } = parts
  const list = async (room: RoomName, userId: string | null): Promise<readonly Member[]> => {
    try {
      const rows = await database.query<MemberRow>(selectMembers, [roomIdOf(room), userId, membersMax])
      return rows.map(toMember)
    } catch (error) {
      throw asUnavailable(error)
    }
  }
  return {
    list: (room) => list(room, null),
    find: async (room, userId) => (await list(room, userId))[0] ?? null,
    async set(access, { userId, role, name }) {
      assertMayManage(access)
      assertRoleOf(access, role)
      assertReaches(access, role)
      const inherited = await authority.lastingRole(access.room, userId)
      return change(parts, access, async (t, id) => {
        const before = await memberRole(t, id, userId)
        const held = before ?? inherited
        if (held !== null) assertReaches(access, held)
        await assertOwnerLeft(t, access, { id, userId, before, after: role })
        if (before === null) await assertRoom(t, id)
        await t.query(upsertMember, [id, userId, role, name, access.identity.user.id])
        if (before !== role) await withdraw(t, id, userId)
        return before === removed ? null : before
      })
    },
    async remove(access, userId) {
      const isSelf = access.identity.user.id === userId
      if (!isSelf) assertMayManage(access)
      const inherited = await authority.lastingRole(access.room, userId)
      return change(parts, access, async (t, id) => {
        const before = await memberRole(t, id, userId)
        const held = before ?? inherited
        const isOpen = access.definition.parent !== null || authority.takesGuests
        if (before === removed || (held === null && (isSelf || !isOpen)))
          throw new RoomlogError('not-found', `${userId} does not belong to ${access.room}`)
        if (held !== null && !isSelf) assertReaches(access, held)
        await assertOwnerLeft(t, access, { id, userId, before, after: null })
        if (isSelf || !isOpen) await t.query(deleteMember, [id, userId])
        else await t.query(upsertMember, [id, userId, removed, null, access.identity.user.id])
        await withdraw(t, id, userId)
        return held
      })
    }
  }
}

/** One after another for each room: who is the last owner is decided by one at a time. */
const change = async <T>(
  { database, authority }: MembersParts,
  access: Access,
  work: (t: Transaction, id: string) => Promise<T>
): Promise<T> => {
  const { room } = access
  const id = roomIdOf(room)
  try {
    return await database.transaction(async (t) => {
      await beginRoom(t, authority, access)
      const [locked] = await t.query(lockRoom, [id])
      if (locked === undefined) throw noSuchRoom(room)
      return work(t, id)
    })
  } catch (error) {
    throw asUnavailable(error)
  }
}

const memberRole = async (t: Queryable, id: string, userId: string): Promise<string | null> => {
  const [row] = await t.query<{ role: string }>(selectRole, [id, userId])
  return row?.role ?? null
}

const assertRoom = async (t: Queryable, id: string): Promise<void> => {
  const [row] = await t.query<{ members: bigint }>(countMembers, [id])
  if (row !== undefined && row.members >= membersMax)
    throw new RoomlogError('too-many', `${row.members} members >= ${membersMax}`)
}

interface RoleChange {
  readonly id: string
  readonly userId: string
  readonly before: string | null
  readonly after: string | null
}

const assertOwnerLeft = async (t: Queryable, access: Access, change: RoleChange): Promise<void> => {
  const { definition, room } = access
  const [first = ''] = definition.roles
  if (change.before !== first || change.after === first) return
  const [other] = await t.query(selectOther, [change.id, first, change.userId])
  if (other !== undefined) return
  throw new RoomlogError('last-owner', `${change.userId} is the last ${first} of ${room}`)
}

/** What somebody could come back by, or go on with. */
const withdraw = async (t: Queryable, id: string, userId: string): Promise<void> => {
  await t.query('delete from escalation where room_id = $1::uuid and user_id = $2::text', [id, userId])
  await t.query('delete from invite where room_id = $1::uuid and created_by = $2::text', [id, userId])
}

interface MemberRow extends Row {
  user_id: string
  name: string
  role: string
  granted_by: string | null
  created_at: Date
  seen_at: Date | null
  taken: string | null
  until: Date | null
  reason: string | null
}

const toMember = (row: MemberRow): Member => ({
  userId: row.user_id,
  name: row.name,
  role: row.role,
  grantedBy: row.granted_by,
  since: row.created_at,
  lastSeen: row.seen_at,
  takes:
    row.taken === null || row.until === null
      ? null
      : { role: row.taken, until: row.until, reason: row.reason ?? '' }
})

const lockRoom = 'select id from room where id = $1::uuid and deleted_at is null for update'

const selectRole = 'select role from member where room_id = $1::uuid and user_id = $2::text'

const selectOther = `
select user_id from member where room_id = $1::uuid and role = $2::text and user_id <> $3::text limit 1`

const countMembers = 'select count(*) as members from member where room_id = $1::uuid'

export const upsertMember = `
insert into member (room_id, user_id, role, name, granted_by)
values ($1::uuid, $2::text, $3::text, coalesce($4::text, ''), $5::text)
on conflict (room_id, user_id) do update
set role = excluded.role, name = coalesce($4::text, member.name), granted_by = excluded.granted_by`

const deleteMember = 'delete from member where room_id = $1::uuid and user_id = $2::text'

const selectMembers = `
select member.user_id, member.name, member.role, member.granted_by, member.created_at, member.seen_at,
  taken.role as taken, taken.until, taken.reason
from member left join escalation taken
  on taken.room_id = member.room_id and taken.user_id = member.user_id and taken.until > now()
where member.room_id = $1::uuid and member.role <> '' and ($2::text is null or member.user_id = $2::text)
order by member.created_at, member.user_id limit $3::int8`
