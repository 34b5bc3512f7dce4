import type { Status } from './room.ts'
import { createStore, type Store } from './store.ts'
import type { Connection } from './transport/connection.ts'

export interface RoomStatus extends Store<Status> {
  refresh(room: { readonly isFailed: boolean; readonly isLinked: boolean }): void
}

/** What the connection of a room comes to. @param connection that all rooms share */
export const createRoomStatus = (connection: Pick<Connection, 'link' | 'isMoving'>): RoomStatus => {
  const status = createStore<Status>('initial')
  let wasLinked = false
  return {
    get: status.get,
    subscribe: status.subscribe,
    refresh: ({ isFailed, isLinked }) => {
      wasLinked ||= isLinked
      if (isFailed) status.set('disconnected')
      else if (isLinked) status.set('connected')
      else if (wasLinked) status.set(connection.isMoving ? 'connected' : 'reconnecting')
      else status.set(connection.link.get() === 'idle' ? 'initial' : 'connecting')
    }
  }
}
