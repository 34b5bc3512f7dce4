/**
 * Remembers client ids that were announced and not written with yet, so that they are still their user's when the room
 * is opened anew. Those that were written with are remembered by the entries, and with each snapshot.
 */
import type { RoomName } from '../../schema/room-name.ts'
import { type Database, int8s, texts, uuids } from '../database/database.ts'
import type { Logger } from '../logger.ts'
import { roomIdOf } from './room-log.ts'

export interface ClientIds {
  /** Returns at once. What cannot be written is left: then the first who writes with the id is its owner. */
  remember(room: RoomName, client: number, userId: string): void
}

interface Announced {
  readonly room: RoomName
  readonly client: number
  readonly userId: string
}

/** What may wait for one statement; more is left out. */
const waitingMax = 10_000

const insert = `
insert into client (room_id, client_id, user_id)
select * from unnest($1::text::uuid[], $2::text::int8[], $3::text::text[]) on conflict do nothing`

export const createClientIds = (database: Pick<Database, 'query'>, logger: Logger): ClientIds => {
  const waiting: Announced[] = []
  let isRunning = false

  const write = async (some: readonly Announced[]): Promise<void> => {
    try {
      await database.query(insert, [
        uuids(some.map(({ room }) => roomIdOf(room))),
        int8s(some.map(({ client }) => client)),
        texts(some.map(({ userId }) => userId))
      ])
    } catch (error) {
      logger.warn({ err: error, ids: some.length }, 'announced client ids not written')
    }
  }
  const run = async (): Promise<void> => {
    while (waiting.length > 0) await write(waiting.splice(0))
    isRunning = false
  }

  return {
    remember: (room, client, userId) => {
      if (waiting.length >= waitingMax) return
      waiting.push({ room, client, userId })
      if (isRunning) return
      isRunning = true
      // Whoever announces one in this turn of the event loop shares the statement.
      setImmediate(() => void run())
    }
  }
}
