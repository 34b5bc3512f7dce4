import { useEffect, useState } from 'react'
import type { EnterOptions, Room, RoomDefinition, RoomError, StorageShape, Store } from '../index.ts'
import { useClient, useStore } from '../react/index.ts'

/** What can be asked of a room while there is nothing to show of it. */
export type WatchedRoom = Pick<Room, 'failure' | 'ready' | 'roster' | 'syncStatus'>

export interface Watched {
  readonly room: WatchedRoom
  readonly failure: RoomError | null
}

/**
 * The room also while there is nothing to show of it: what ends a visit may come before the first word.
 *
 * @param options the same as those of its provider, and of stable identity
 */
export const useWatchedRoom = <St extends StorageShape, P, R extends string>(
  definition: RoomDefinition<St, P, R>,
  id: string,
  options: EnterOptions<NoInfer<P>>
): Watched | null => {
  const client = useClient()
  const [room, setRoom] = useState<WatchedRoom | null>(null)
  useEffect(() => {
    const entered = client.enter(definition, id, options)
    setRoom(entered.room)
    return () => {
      setRoom(null)
      entered.leave()
    }
  }, [client, definition, id, options])
  const failure = useStore(room?.failure ?? noFailure)
  return room && { room, failure }
}

const noFailure: Store<RoomError | null> = { get: () => null, subscribe: () => () => undefined }
