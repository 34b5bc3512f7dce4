import type { RoomDefinition } from '../schema/define-room.ts'
import { RoomlogError } from '../schema/error-codes.ts'
import { parseRoomName, type RoomName } from '../schema/room-name.ts'
import type { StorageShape } from '../schema/storage-words.ts'
import { after } from './clock.ts'
import { OpenRoom } from './open-room.ts'
import { createPresenceStatuses, type PresenceStatus, type PresenceStatusOptions } from './presence-status.ts'
import type { EnterOptions, Room, Status } from './room.ts'
import type { Store } from './store.ts'
import { createConnection, type Link } from './transport/connection.ts'
import { page } from './transport/page.ts'
import type { Transport } from './transport/ways.ts'

export interface ClientOptions {
  /** Address of the server's socket, as in `wss://rooms.example.org/ws`. */
  readonly url: string
  /**
   * Gets a token for a room; asked at each connect. `refused`: the last one was, so get a fresh one.
   * Left out, the client is a guest.
   */
  readonly auth?: (room: RoomName, why: { readonly refused: boolean }) => Promise<{ readonly token: string }>
  /** Ask before the page is closed while changes are neither confirmed nor stored on the device; true by default. */
  readonly preventUnsavedChanges?: boolean
  /**
   * How to reach the server. `auto`, the default: by a WebSocket, and where something blocks those by an event stream and
   * posts, until WebSockets get through again. `websocket` or `stream`: by nothing else.
   */
  readonly transport?: Transport
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
  /** Tries now: instead of at `retryAt`, or again after a refusal. */
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
  /**
   * Who is in these rooms, on whichever device, without entering them: asked over plain HTTP while somebody subscribes.
   *
   * @param rooms their names, `form/42`
   * @throws RoomlogError `room-name-invalid`
   */
  presenceOf(rooms: readonly string[], options?: PresenceStatusOptions): Store<PresenceStatus>
  /** Leaves all rooms at once and ends the connection. */
  close(): void
}

/** Nobody is in the room any more; a page that changes its view may be back at once. */
const keepForMs = 1000

interface Held {
  readonly open: Pick<OpenRoom<StorageShape, unknown, string>, 'isUnsafe' | 'retry' | 'destroy'>
  readonly room: unknown
  users: number
  cancelEnd: () => void
}

/** Connects when the first room is entered. */
export const createClient = ({
  url,
  auth,
  preventUnsavedChanges = true,
  transport = 'auto'
}: ClientOptions): Client => {
  const connection = createConnection(url, transport)
  const rooms = new Map<RoomName, Held>()
  const presence = createPresenceStatuses({ url, auth })
  const allowClosing = page.onClosing(
    () => preventUnsavedChanges && [...rooms.values()].some(({ open }) => open.isUnsafe)
  )

  const hold = <St extends StorageShape, P, R extends string>(
    name: RoomName,
    definition: RoomDefinition<St, P, R>,
    enter: EnterOptions<P>
  ): Held => {
    const known = rooms.get(name)
    if (known !== undefined) return known
    const open = new OpenRoom({ definition, name, url, auth, connection, enter })
    const held: Held = { open, room: open.room, users: 0, cancelEnd: () => {} }
    rooms.set(name, held)
    return held
  }
  const end = (name: RoomName, held: Held): void => {
    rooms.delete(name)
    held.open.destroy()
  }

  return {
    status: statusOf(connection.link),
    retryAt: connection.retryAt,
    retryNow: () => {
      connection.retryNow()
      for (const { open } of rooms.values()) open.retry()
      presence.retryNow()
    },
    enter: <St extends StorageShape, P, R extends string>(
      definition: RoomDefinition<St, P, R>,
      id: string,
      options: EnterOptions<P>
    ): Entered<St, P, R> => {
      const name = parseRoomName(`${definition.kind}/${id}`)
      if (name === null)
        throw new RoomlogError('room-name-invalid', `${definition.kind}/${id} is no room name`)
      const held = hold(name, definition, options)
      held.users++
      held.cancelEnd()
      let isIn = true
      return {
        // The name begins with the kind, so whoever entered the room before had the same definition.
        room: held.room as Room<St, P, R>,
        leave: () => {
          if (!isIn) return
          isIn = false
          if (--held.users === 0) held.cancelEnd = after(keepForMs, () => end(name, held))
        }
      }
    },
    presenceOf: presence.of,
    close: () => {
      for (const [name, held] of rooms) {
        held.cancelEnd()
        end(name, held)
      }
      allowClosing()
      presence.close()
      connection.close()
    }
  }
}

const statuses: Record<Link, Status> = {
  idle: 'initial',
  connecting: 'connecting',
  open: 'connected',
  waiting: 'reconnecting',
  failed: 'disconnected'
}

const statusOf = (link: Store<Link>): Store<Status> => ({
  get: () => statuses[link.get()],
  subscribe: link.subscribe
})
