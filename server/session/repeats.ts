/**
 * What a provider says twice when it comes back.
 *
 * A Hocuspocus provider keeps the updates that are made while it has no connection and sends each of them again, beside
 * the sync step 2 that holds them too. It counts that step, and what is made after its sync step 1, but not these: an
 * acknowledgement for one of them would make something look saved that is under way.
 */
import * as Y from 'yjs'
import { MalformedUpdate } from '../room/update-cursor.ts'
import { readUpdate, StructHead } from '../room/update-reader.ts'

export class Repeats {
  readonly #stateVector: Uint8Array
  #had: ReadonlyMap<number, number> | null = null
  #wasLast = false

  /** @param stateVector what the client had at its sync step 1 */
  constructor(stateVector: Uint8Array) {
    this.#stateVector = stateVector
  }

  /**
   * Was this update made before? One that only deletes does not say when: it is taken for one with the update before it.
   *
   * @throws RangeError the state vector is none
   */
  has(update: Uint8Array): boolean {
    this.#had ??= readStateVector(this.#stateVector)
    const had = this.#had
    let isNew = false
    let isOld = false
    try {
      readUpdate(update, {
        head: new StructHead(),
        struct: ({ client, clock, length }) => {
          if (clock + length > (had.get(client) ?? 0)) isNew = true
          else isOld = true
        },
        deleted: () => {}
      })
    } catch (error) {
      if (!(error instanceof MalformedUpdate)) throw error
      return false
    }
    if (isNew || isOld) this.#wasLast = !isNew
    return this.#wasLast
  }
}

const readStateVector = (bytes: Uint8Array): ReadonlyMap<number, number> => {
  try {
    return Y.decodeStateVector(bytes)
  } catch (error) {
    throw new RangeError(`${bytes.length} bytes that are no state vector`, { cause: error })
  }
}
