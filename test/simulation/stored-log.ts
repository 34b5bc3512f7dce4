/** The log as Postgres has it, read past every node. */

import { parseRoomName } from '../../schema/room-name.ts'
import type { Database } from '../../server/database/database.ts'
import { roomIdOf } from '../../server/log/room-log.ts'

export interface StoredUpdate {
  readonly seq: number
  readonly update: Buffer
}

export const readStoredLog = async (database: Database, room: string): Promise<StoredUpdate[]> => {
  const name = parseRoomName(room)
  if (name === null) throw new RangeError(`not a room name: ${room}`)
  const rows = await database.query<{ seq: bigint; update: Buffer }>(
    'select seq, update from entry where room_id = $1 order by seq',
    [roomIdOf(name)]
  )
  return rows.map(({ seq, update }) => ({ seq: Number(seq), update }))
}
