/** What the log has got since: where rooms stand, and the entries behind a seq. For a node that follows what others write. */
import { type Epoch, type RoomName, type Seq, toEpoch, toSeq } from '../../schema/room-name.ts'
import { type Database, uuids } from '../database/database.ts'
import { asUnavailable } from '../unavailable.ts'
import { roomIdOf } from './room-log.ts'

export interface TailEntry {
  readonly seq: Seq
  /** Milliseconds since 1970. */
  readonly at: number
  readonly author: string
  /** It brought what others wrote, and says nothing of whose client ids are in it. */
  readonly isRelayed: boolean
  /** null: an event. */
  readonly update: Uint8Array | null
}

export interface Standing {
  readonly epoch: Epoch
  readonly head: Seq
  readonly isDeleted: boolean
}

export interface Tails {
  /** Where these rooms stand; those that have no row are left out. @throws RoomlogError 'unavailable' */
  standings(rooms: readonly RoomName[]): Promise<ReadonlyMap<RoomName, Standing>>
  /** Some of the entries behind `after`, oldest first; none, if there are none. @throws RoomlogError 'unavailable' */
  read(room: RoomName, after: Seq): Promise<readonly TailEntry[]>
}

/** What one query reads: it stops no later than with the entry that makes it this much. */
const pageEntriesMax = 1_000

const standings = `
select asked.id, room.epoch, room.deleted_at is not null as deleted,
  coalesce((select max(seq) from entry where room_id = asked.id), 0) as head
from unnest($1::text::uuid[]) as asked(id) join room on room.id = asked.id`

const tail = `
select seq, at, author, coalesce(cause @> '{"relayed": true}', false) as relayed, update
from entry where room_id = $1::uuid and seq > $2::int8 order by seq limit $3::int8`

type StandingRow = { id: string; epoch: number; deleted: boolean; head: bigint }
type TailRow = { seq: bigint; at: Date; author: string; relayed: boolean; update: Uint8Array | null }

export const createTails = (database: Pick<Database, 'query'>): Tails => ({
  standings: async (rooms) => {
    const nameOf = new Map(rooms.map((name) => [roomIdOf(name), name]))
    const rows = await query<StandingRow>(database, standings, [uuids([...nameOf.keys()])])
    return new Map(
      rows.flatMap(({ id, epoch, deleted, head }) => {
        const name = nameOf.get(id)
        return name === undefined
          ? []
          : [[name, { epoch: toEpoch(epoch), head: toSeq(head), isDeleted: deleted }] as const]
      })
    )
  },
  read: async (room, after) => {
    const rows = await query<TailRow>(database, tail, [roomIdOf(room), after, pageEntriesMax])
    return rows.map(({ seq, at, author, relayed, update }) => ({
      seq: toSeq(seq),
      at: at.getTime(),
      author,
      isRelayed: relayed,
      update
    }))
  }
})

const query = async <T extends Record<string, unknown>>(
  database: Pick<Database, 'query'>,
  text: string,
  params: Parameters<Database['query']>[1]
): Promise<T[]> => {
  try {
    return await database.query<T>(text, params)
  } catch (error) {
    throw asUnavailable(error)
  }
}
