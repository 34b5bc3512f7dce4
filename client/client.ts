import type { RoomDefinition, StorageShape } from '../schema/define-room.ts'
import type { RoomName } from '../schema/room-name.ts'
import type { EnterOptions, Room, Status } from './room.ts'
import type { Store } from './store.ts'

export interface ClientOptions {
  /** Address of the server's socket, as in `wss://rooms.example.org/ws`. */
  readonly url: string
  /**
   * Gets a token for a room; asked at each connect. `refused`: the last one was, so get a fresh one.
   * Left out, the client is a guest.
   */
  readonly auth?: (room: RoomName, why: { readonly refused: boolean }) => Promise<{ readonly token: string }>
  /** Ask before the page is closed while changes are neither confirmed nor stored on the device; true unless said otherwise. */
  readonly preventUnsavedChanges?: boolean
}

/** A room that was entered; it lives until everybody who entered it has left. */
export interface Entered<St extends StorageShape, P, R extends string> {
  readonly room: Room<St, P, R>
  leave(): void
}

/** One socket for any number of rooms. */
export interface Client {
  readonly status: Store<Status>
  /** When the next attempt to connect begins; null while there is a connection or an attempt. */
  readonly retryAt: Store<Date | null>
  /** Tries to connect now instead of at `retryAt`. */
  retryNow(): void
  /**
   * Enters a room, or shares it if it was entered before.
   *
   * @throws RoomlogError `room-name-invalid`
   */
  enter<St extends StorageShape, P, R extends string>(
    definition: RoomDefinition<St, P, R>,
    id: string,
    options: EnterOptions<NoInfer<P>>
  ): Entered<St, P, R>
  /** Leaves all rooms at once and ends the connection. */
  close(): void
}

export const createClient = (options: ClientOptions): Client => {
  throw new Error(`not connected: ${options.url}`)
}
