import { kindOf } from '../../schema/room-name.ts'
import type { Queryable } from '../database/database.ts'
import { roomIdOf } from '../log/room-log.ts'
import type { Authority } from '../room/authorize.ts'
import { isCreatedFirst } from './access.ts'
import type { Access } from './identity.ts'

/**
 * A room that belongs to another, and begins with the first thing that is written to it, begins as well with the first
 * person who is named in it.
 */
export const beginRoom = async (
  database: Queryable,
  { lineage }: Pick<Authority, 'lineage'>,
  { room, definition }: Access
): Promise<void> => {
  const [, parent] = lineage(room)
  if (parent === undefined || isCreatedFirst(definition)) return
  await database.query(insertRoom, [roomIdOf(room), room, kindOf(room), roomIdOf(parent)])
}

const insertRoom = `
insert into room (id, name, kind)
select $1::uuid, $2::text, $3::text from room where id = $4::uuid and deleted_at is null
on conflict do nothing`
