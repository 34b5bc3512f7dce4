/**
 * Looks through the bytes that a log has of a room before anybody gets them: newcomers are greeted with them as they
 * are, and a document is made of them only when somebody writes.
 */
import { RoomlogError } from '../../schema/error-codes.ts'
import type { RoomName } from '../../schema/room-name.ts'
import type { StoredRoom } from '../log/load.ts'
import { MalformedUpdate } from './update-cursor.ts'
import { readUpdate, type StructHead } from './update-reader.ts'

/**
 * Every update is one that a client could have written, and builds on nothing that the log does not have before it.
 *
 * @returns the client ids in the updates behind the snapshot, with those who wrote the updates
 * @throws RoomlogError 'room-corrupt', with the number of the first entry that is not so
 */
export const checkStored = (
  name: RoomName,
  { snapshot, snapshotSeq, updates, authors }: StoredRoom
): ReadonlyMap<number, string> => {
  let entry: number = snapshotSeq
  const used = new Map<number, string>()
  const history = new History()
  try {
    if (snapshot !== null) history.add(snapshot)
    for (const [index, update] of updates.entries()) {
      entry++
      const author = authors[index] ?? null
      for (const client of history.add(update))
        if (author !== null && !used.has(client)) used.set(client, author)
    }
  } catch (error) {
    if (!(error instanceof MalformedUpdate)) throw error
    throw new RoomlogError('room-corrupt', `${name}: entry ${entry} is damaged: ${error.message}`, {
      cause: error
    })
  }
  return used
}

/** How far each client has come in the updates so far. */
class History {
  readonly #ends = new Map<number, number>()

  /** @returns the clients whose structs are in the update; @throws MalformedUpdate where it builds on what is missing */
  add(update: Uint8Array): ReadonlySet<number> {
    const clients = new Set<number>()
    // Sections of one update build on one another in any order: what they need is asked for at the end.
    const needed = new Map<number, number>()
    const need = (client: number, clock: number): void => {
      if (client >= 0 && clock >= (needed.get(client) ?? 0)) needed.set(client, clock + 1)
    }
    readUpdate(update, {
      struct: (head) => {
        if (head.isSkip) return
        this.#extend(head)
        clients.add(head.client)
        need(head.originClient, head.originClock)
        need(head.rightClient, head.rightClock)
        need(head.parentClient, head.parentClock)
      },
      deleted: (client, clock, length) => need(client, clock + length - 1)
    })
    for (const [client, end] of needed) {
      const known = this.#ends.get(client) ?? 0
      if (end > known)
        throw new MalformedUpdate(
          `it builds on clock ${end - 1} of client ${client}, which the log has up to ${known}`
        )
    }
    return clients
  }

  #extend({ client, clock, length }: StructHead): void {
    const end = this.#ends.get(client) ?? 0
    if (clock > end)
      throw new MalformedUpdate(`clocks ${end} to ${clock} of client ${client} are missing before it`)
    if (clock + length > end) this.#ends.set(client, clock + length)
  }
}
