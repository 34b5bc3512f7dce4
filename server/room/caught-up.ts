import { RoomlogError } from '../../schema/error-codes.ts'
import { sleep } from '../clock.ts'
import type { Room } from './room.ts'

/** While Postgres is away nothing could be acknowledged anyway. */
const retryMs = 250

/** Resolves when the room has all that was committed before, however long Postgres is away, or when it is given up. */
export const caughtUp = async (room: Room): Promise<void> => {
  while (room.brokenBy === null && !room.isClosed) {
    try {
      return await room.catchUp()
    } catch (error) {
      if (!(error instanceof RoomlogError) || error.reason !== 'unavailable')
        return room.break(new RoomlogError('resync', `${room.name} is read anew`, { cause: error }))
      await sleep(retryMs)
    }
  }
}
