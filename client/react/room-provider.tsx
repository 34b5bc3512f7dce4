import { type Context, type ReactNode, useEffect, useState } from 'react'
import type { RoomDefinition } from '../../schema/define-room.ts'
import type { StorageShape } from '../../schema/storage-words.ts'
import type { Room } from '../room.ts'
import type { Store } from '../store.ts'
import { useClient } from './client-provider.tsx'
import { useLatest } from './use-latest.ts'
import { useStore } from './use-store.ts'

export interface RoomProviderProps<P> {
  readonly id: string
  /** Read once, when the room is entered. */
  readonly initialPresence: P
  /** Shown until there is something to read: the stored copy or the server's. */
  readonly fallback?: ReactNode
  /** Keep a copy on this device; true where the device can. */
  readonly offline?: boolean
  readonly children: ReactNode
}

interface Parts<St extends StorageShape, P, R extends string> {
  readonly definition: RoomDefinition<St, P, R>
  readonly context: Context<Room<St, P, R> | null>
}

/**
 * Enters the room while it is mounted; by an effect, so that a render which React throws away leaves nothing behind.
 */
export const createRoomProvider =
  <St extends StorageShape, P, R extends string>({ definition, context: RoomContext }: Parts<St, P, R>) =>
  ({ id, initialPresence, fallback = null, offline, children }: RoomProviderProps<P>): ReactNode => {
    const client = useClient()
    const options = useLatest({ initialPresence, offline })
    const [room, setRoom] = useState<Room<St, P, R> | null>(null)
    useEffect(() => {
      const { initialPresence, offline } = options.current
      const entered = client.enter(
        definition,
        id,
        offline === undefined ? { initialPresence } : { initialPresence, offline }
      )
      setRoom(entered.room)
      return entered.leave
    }, [client, id, options])
    if (room === null || room.id !== id) return fallback
    return (
      <Ready key={id} store={room.ready} fallback={fallback}>
        <RoomContext value={room}>{children}</RoomContext>
      </Ready>
    )
  }

interface ReadyProps {
  readonly store: Store<boolean>
  readonly fallback: ReactNode
  readonly children: ReactNode
}

const Ready = ({ store, fallback, children }: ReadyProps): ReactNode =>
  useStore(store) ? children : fallback
