/**
 * The rooms that are open on this node. Each is read once however many ask for it, and is there for as long as somebody
 * holds it or something of it is on its way to the log.
 *
 *   hold ──first──▶ loading ──▶ open ──last release──▶ settling ──all committed──▶ closed
 *                                 ▲                        │
 *                                 └───────── hold ─────────┘
 *
 * Whether somebody holds a room is counted, not asked: nobody is given one that is about to be closed.
 */
import { RoomlogError } from '../../schema/error-codes.ts'
import type { RoomName } from '../../schema/room-name.ts'
import type { GroupCommit } from '../log/group-commit.ts'
import type { Room } from './room.ts'

export interface OpenRoomsParts {
  readonly commits: Pick<GroupCommit, 'whenCommitted'>
  /** Reads a room. @param byPeople not by the server itself */
  load(name: RoomName, byPeople: boolean): Promise<Room>
}

interface Held {
  /** null while it is read. */
  room: Room | null
  loading: Promise<Room>
  holders: number
}

export class OpenRooms {
  readonly #parts: OpenRoomsParts
  readonly #rooms = new Map<RoomName, Held>()

  constructor(parts: OpenRoomsParts) {
    this.#parts = parts
  }

  /** How many there are, those that are being read included. */
  get size(): number {
    return this.#rooms.size
  }

  get(name: RoomName): Room | undefined {
    return this.#rooms.get(name)?.room ?? undefined
  }

  *values(): Iterable<Room> {
    for (const { room } of this.#rooms.values()) if (room !== null) yield room
  }

  /**
   * The room, which stays open until it is released as often as it was held.
   *
   * @throws RoomlogError 'resync': it was given up, and is read anew once all have left; and what `load` throws
   */
  async hold(name: RoomName, { byPeople }: { readonly byPeople: boolean }): Promise<Room> {
    const held = this.#rooms.get(name) ?? this.#load(name, byPeople)
    held.holders++
    const room = held.room ?? (await held.loading)
    if (room.brokenBy === null) return room
    this.release(room)
    throw new RoomlogError('resync', `${name} is read anew`)
  }

  release(room: Room): void {
    const held = this.#rooms.get(room.name)
    if (held?.room !== room) throw new RangeError(`${room.name} is not held`)
    if (--held.holders === 0) void this.#close(held, room)
  }

  #load(name: RoomName, byPeople: boolean): Held {
    const held: Held = { room: null, loading: this.#parts.load(name, byPeople), holders: 0 }
    this.#rooms.set(name, held)
    held.loading.then(
      (room) => {
        held.room = room
      },
      // Whoever holds it is told; the next one has it read again.
      () => this.#rooms.delete(name)
    )
    return held
  }

  async #close(held: Held, room: Room): Promise<void> {
    await this.#settled(room)
    // Somebody may have come meanwhile, or come and gone, which brought them here, too.
    if (held.holders > 0 || this.#rooms.get(room.name) !== held) return
    this.#rooms.delete(room.name)
    room.close()
  }

  /**
   * Resolves when nothing of the room is under way. Also of one that is given up: whoever reads it before all is written
   * would not have that. What cannot be written is dropped, which ends this, too.
   */
  async #settled(room: Room): Promise<void> {
    await room.released()
    while (room.log.waiting > 0) {
      await new Promise<void>((resolve) => this.#parts.commits.whenCommitted(room.log, () => resolve()))
      await room.released()
    }
  }
}
