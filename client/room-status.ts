import type { Status } from './room.ts'
import { createStore, type Store } from './store.ts'
import type { Link } from './transport/connection.ts'

export interface RoomStatus extends Store<Status> {
  refresh(room: { readonly isFailed: boolean; readonly isLinked: boolean }): void
}

/** What the connection of a room comes to. @param link of the connection that all rooms share */
export const createRoomStatus = (link: Store<Link>): RoomStatus => {
  const status = createStore<Status>('initial')
  let wasLinked = false
  return {
    get: status.get,
    subscribe: status.subscribe,
    refresh: ({ isFailed, isLinked }) => {
      wasLinked ||= isLinked
      if (isFailed) status.set('disconnected')
      else if (isLinked) status.set('connected')
      else if (wasLinked) status.set('reconnecting')
      else status.set(link.get() === 'idle' ? 'initial' : 'connecting')
    }
  }
}
