/**
 * Looks through the bytes that a log has of a room before anybody gets them: newcomers are greeted with them as they
 * are, and a document is made of them only when somebody writes.
 */
import * as encoding from 'lib0/encoding'
import { RoomlogError } from '../../schema/error-codes.ts'
import type { RoomName } from '../../schema/room-name.ts'
import type { StoredRoom } from '../log/load.ts'
import { MalformedUpdate } from './update-cursor.ts'
import { readUpdate, StructHead } from './update-reader.ts'

/** What is known of stored bytes without making a document of them. */
export interface StoredFacts {
  /** The client ids in the updates behind the snapshot, with those who wrote the updates. */
  readonly used: ReadonlyMap<number, string>
  readonly vector: Uint8Array
  /** What is deleted, as updates without structs. */
  readonly deletes: readonly Uint8Array[]
}

/**
 * Every update is one that a client could have written, and builds on nothing that the log does not have before it.
 *
 * @throws RoomlogError 'room-corrupt', with the number of the first entry that is not so
 */
export const checkStored = (
  name: RoomName,
  { snapshot, snapshotSeq, updates, authors }: StoredRoom
): StoredFacts => {
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
  return { used, vector: history.vector(), deletes: history.deletes }
}

const noStructs = Uint8Array.of(0)

/** How far each client has come in the updates so far, and what they delete. */
class History {
  readonly #ends = new Map<number, number>()
  readonly deletes: Uint8Array[] = []

  /** @returns the clients whose structs are in the update; @throws MalformedUpdate where it builds on what is missing */
  add(update: Uint8Array): ReadonlySet<number> {
    const clients = new Set<number>()
    // Sections of one update build on one another in any order: what they need is asked for at the end.
    const needed = new Map<number, number>()
    const need = (client: number, clock: number): void => {
      if (client >= 0 && clock >= (needed.get(client) ?? 0)) needed.set(client, clock + 1)
    }
    readUpdate(update, {
      head: new StructHead(),
      struct: (head) => {
        if (head.isSkip) return
        this.#extend(head)
        clients.add(head.client)
        need(head.originClient, head.originClock)
        need(head.rightClient, head.rightClock)
        need(head.parentClient, head.parentClock)
      },
      skipDeletes: (from) => {
        if (update[from] !== 0) this.deletes.push(Buffer.concat([noStructs, update.subarray(from)]))
        return false
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

  /** As Yjs encodes it. */
  vector(): Uint8Array {
    return encoding.encode((encoder) => {
      encoding.writeVarUint(encoder, this.#ends.size)
      for (const [client, end] of [...this.#ends].sort(([a], [b]) => b - a)) {
        encoding.writeVarUint(encoder, client)
        encoding.writeVarUint(encoder, end)
      }
    })
  }

  #extend({ client, clock, length }: StructHead): void {
    const end = this.#ends.get(client) ?? 0
    if (clock > end)
      throw new MalformedUpdate(`clocks ${end} to ${clock} of client ${client} are missing before it`)
    if (clock + length > end) this.#ends.set(client, clock + length)
  }
}
