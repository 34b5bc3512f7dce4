/**
 * A room's copy on this device, in IndexedDB. It is what a page shows before there is a connection, and it keeps edits
 * that the server has not confirmed until they are.
 *
 * | store         | key          | holds |
 * |---------------|--------------|-------|
 * | `updates`     | 1, 2, 3 …    | Yjs updates; folded into one from time to time |
 * | `unconfirmed` | [tab, n]     | how many local changes up to the tab's change n nobody has confirmed |
 * | `facts`       | name         | `rights` of the last visit; `generation`, which changes when the copy is cleared |
 *
 * Several tabs write to one copy. Each looks at the generation in the transaction that it writes in, so a tab whose
 * document holds what another one cleared away learns of it before it can bring it back.
 */
import * as Y from 'yjs'
import { randomCode } from './clock.ts'
import { deleteUpTo, finished, openDatabase, result } from './indexed-db.ts'
import type { Rights } from './room.ts'

export interface StoredCopy {
  readonly updates: readonly Uint8Array[]
  /** Local changes of earlier visits that nobody has confirmed. */
  readonly unconfirmed: number
  readonly rights: Rights | null
}

export interface CopyHandlers {
  /** All local changes up to the n-th are on this device. */
  stored(upTo: number): void
  /** Another tab cleared the copy, because content of these Yjs clients was refused. */
  cleared(clients: readonly number[]): void
  /** The device did not take a write; the next one carries everything again. Told once until one succeeds. */
  failed(error: unknown): void
  /** The whole document, for a copy that has to begin anew. */
  whole(): Uint8Array
}

export interface OfflineCopy {
  readonly stored: StoredCopy
  /** The local changes of earlier visits have numbers up to the n-th. */
  restored(upTo: number): void
  /** @param change the number of the local change that made the update; none for what came from elsewhere */
  append(update: Uint8Array, change?: number): void
  /** Local changes up to the n-th are confirmed, those of earlier visits included. */
  confirmed(upTo: number): void
  keepRights(rights: Rights): void
  /** Removes everything, for all tabs; resolves when it is gone. */
  clear(client: number): Promise<void>
  close(): void
}

/** A browser can, unless its user has forbidden it to store anything. */
export const canKeepCopies = (): boolean => {
  try {
    return typeof indexedDB !== 'undefined' && typeof localStorage !== 'undefined'
  } catch (error) {
    if (error instanceof DOMException) return false
    throw error
  }
}

const foldAfterUpdates = 500
const stores = ['updates', 'unconfirmed', 'facts']

/** @throws DOMException when the device does not allow it */
export const openOfflineCopy = async (name: string, handlers: CopyHandlers): Promise<OfflineCopy> => {
  const database = await openDatabase(name, stores)
  const loaded = await load(database)
  return new Copy(name, database, loaded, handlers)
}

interface Loaded {
  readonly stored: StoredCopy
  readonly marks: readonly IDBValidKey[]
  readonly generation: Generation
}

interface Generation {
  readonly id: string
  readonly refusedClients: readonly number[]
}

const noGeneration: Generation = { id: '', refusedClients: [] }

const load = async (database: IDBDatabase): Promise<Loaded> => {
  const transaction = database.transaction(stores)
  const [updates, marks, counts, rights, generation] = await Promise.all([
    result<Uint8Array[]>(transaction.objectStore('updates').getAll()),
    result(transaction.objectStore('unconfirmed').getAllKeys()),
    result<number[]>(transaction.objectStore('unconfirmed').getAll()),
    result<Rights | undefined>(transaction.objectStore('facts').get('rights')),
    result<Generation | undefined>(transaction.objectStore('facts').get('generation'))
  ])
  const unconfirmed = counts.reduce((sum, count) => sum + count, 0)
  return {
    stored: { updates, unconfirmed, rights: rights ?? null },
    marks,
    generation: generation ?? noGeneration
  }
}

interface Batch {
  readonly updates: Uint8Array[]
  readonly change: number
  readonly count: number
}

class Copy implements OfflineCopy {
  readonly stored: StoredCopy
  readonly #tab = randomCode(8)
  readonly #database: IDBDatabase
  readonly #handlers: CopyHandlers
  readonly #channel: BroadcastChannel
  /** Marks of earlier visits: they go when everything that was read then is confirmed. */
  #oldMarks: readonly IDBValidKey[]
  #generation: Generation
  #waiting: Uint8Array[] = []
  /** Numbers of the local changes that wait or were written without having been confirmed. */
  #lastChange = 0
  #changes = 0
  #confirmed = 0
  #restored = 0
  #rights: Rights | null = null
  #needsWhole = false
  #hasFailed = false
  #isWriting = false
  #isClosed = false
  #size: number

  constructor(name: string, database: IDBDatabase, loaded: Loaded, handlers: CopyHandlers) {
    this.stored = loaded.stored
    this.#database = database
    this.#handlers = handlers
    this.#oldMarks = loaded.marks
    this.#generation = loaded.generation
    this.#size = loaded.stored.updates.length
    this.#channel = new BroadcastChannel(name)
    this.#channel.onmessage = () => this.#write()
  }

  append(update: Uint8Array, change?: number): void {
    this.#waiting.push(update)
    if (change !== undefined) {
      this.#lastChange = change
      this.#changes++
    }
    this.#write()
  }

  restored(upTo: number): void {
    this.#restored = upTo
  }

  confirmed(upTo: number): void {
    this.#confirmed = upTo
    this.#write()
  }

  keepRights(rights: Rights): void {
    this.#rights = rights
    this.#write()
  }

  async clear(client: number): Promise<void> {
    this.#isClosed = true
    const transaction = this.#database.transaction(stores, 'readwrite')
    const refusedClients = [...this.#generation.refusedClients, client].slice(-refusedClientsMax)
    transaction.objectStore('updates').clear()
    transaction.objectStore('unconfirmed').clear()
    transaction.objectStore('facts').put({ id: randomCode(8), refusedClients }, 'generation')
    await finished(transaction)
    this.#channel.postMessage('cleared')
    this.#channel.close()
    this.#database.close()
  }

  close(): void {
    if (this.#isClosed) return
    this.#isClosed = true
    this.#channel.close()
    // Closes when the writes that are under way are through.
    this.#database.close()
  }

  /** One write at a time; what comes meanwhile goes with the next. */
  #write(): void {
    if (this.#isWriting || this.#isClosed) return
    this.#isWriting = true
    this.#writeAll()
      .catch((error: unknown) => {
        this.#needsWhole = true
        if (!this.#isClosed && !this.#hasFailed) this.#handlers.failed(error)
        this.#hasFailed = true
      })
      .finally(() => {
        this.#isWriting = false
      })
  }

  async #writeAll(): Promise<void> {
    do {
      const batch: Batch = {
        updates: this.#waiting.splice(0),
        change: this.#lastChange,
        count: this.#changes
      }
      this.#changes = 0
      const isOurs = await this.#writeOnce(batch).catch((error: unknown) => {
        this.#changes += batch.count
        throw error
      })
      if (this.#isClosed) return
      if (isOurs) {
        if (batch.change > 0) this.#handlers.stored(batch.change)
        if (this.#size >= foldAfterUpdates) await this.#fold()
      } else {
        this.#changes += batch.count
        this.#handlers.cleared(this.#generation.refusedClients)
      }
    } while (!this.#isClosed && (this.#waiting.length > 0 || this.#needsWhole))
  }

  /** @returns false if another tab cleared the copy since: nothing was written, and the generation is known now */
  async #writeOnce({ updates, change, count }: Batch): Promise<boolean> {
    // Own changes may be nowhere else: they are said to be stored when the disk has them.
    const durability = count > 0 ? 'strict' : 'relaxed'
    const transaction = this.#database.transaction(stores, 'readwrite', { durability })
    const done = finished(transaction)
    const facts = transaction.objectStore('facts')
    const generation = (await result<Generation | undefined>(facts.get('generation'))) ?? noGeneration
    if (generation.id !== this.#generation.id) {
      this.#generation = generation
      this.#needsWhole = true
      await done
      return false
    }
    const content = this.#needsWhole ? [this.#handlers.whole()] : updates
    if (content.length > 0) {
      transaction.objectStore('updates').add(Y.mergeUpdates(content))
      this.#size++
    }
    const marks = transaction.objectStore('unconfirmed')
    if (count > 0 && change > this.#confirmed) marks.put(count, [this.#tab, change])
    if (this.#confirmed >= this.#restored) {
      for (const key of this.#oldMarks) marks.delete(key)
      marks.delete(IDBKeyRange.bound([this.#tab, 0], [this.#tab, this.#confirmed]))
    }
    if (this.#rights !== null) facts.put(this.#rights, 'rights')
    await done
    this.#needsWhole = false
    this.#hasFailed = false
    if (this.#confirmed >= this.#restored) this.#oldMarks = []
    this.#rights = null
    return true
  }

  /** Folds what is stored, by whichever tab, and not this tab's document: nothing of another tab may get lost. */
  async #fold(): Promise<void> {
    const transaction = this.#database.transaction(['updates'], 'readwrite')
    const done = finished(transaction)
    const updates = transaction.objectStore('updates')
    const [all, keys] = await Promise.all([
      result<Uint8Array[]>(updates.getAll()),
      result(updates.getAllKeys())
    ])
    const last = keys.at(-1)
    if (last !== undefined) {
      deleteUpTo(updates, last)
      updates.add(foldUpdates(all))
    }
    await done
    this.#size = 1
  }
}

const refusedClientsMax = 32

const foldUpdates = (updates: readonly Uint8Array[]): Uint8Array => {
  const doc = new Y.Doc()
  doc.transact(() => {
    for (const update of updates) Y.applyUpdate(doc, update)
  })
  const folded = Y.encodeStateAsUpdate(doc)
  doc.destroy()
  return folded
}
