/**
 * A copy of a room's document to work on, kept in step with it between one change and the next: copying a large document
 * takes longer than most changes to it.
 */
import * as Y from 'yjs'
import type { RoomDefinition } from '../../../schema/define-room.ts'
import { createStorageMirror, type StorageMirror } from '../../../schema/storage.ts'
import type { StorageShape } from '../../../schema/storage-words.ts'
import { after } from '../../clock.ts'
import { foldInto } from '../../log/fold.ts'
import { ServerDocument } from '../../log/server-document.ts'
import type { Room } from '../room.ts'

export interface WorkingCopy {
  readonly document: Y.Doc
  readonly mirror: StorageMirror<StorageShape>
  /** What was written here since it was taken, as one update. */
  written(): Uint8Array | null
  /** Keeps it for the next change. */
  keep(): void
  /** What was written here is not in the room: the copy is of no use any more. */
  drop(): void
}

/** How long a copy is kept for the next change. */
const keptMs = 30_000

export type TakeCopy = (room: Room, definition: RoomDefinition, clientId: number) => WorkingCopy

/** Takes the copy that the room has kept, or makes one; two that work on a room at once have one each. */
export const createWorkingCopies = (): TakeCopy => {
  const kept = new WeakMap<Room, Copy>()
  return (room, definition, clientId) => {
    const found = kept.get(room)
    kept.delete(room)
    const copy = found ?? new Copy(room, definition)
    copy.take(clientId)
    return {
      document: copy.document,
      mirror: copy.mirror,
      written: () => copy.written(),
      drop: () => copy.destroy(),
      keep: () => {
        if (kept.has(room) || room.isClosed || room.brokenBy !== null) return copy.destroy()
        kept.set(room, copy)
        copy.release(keptMs, () => {
          if (kept.get(room) === copy) kept.delete(room)
          copy.destroy()
        })
      }
    }
  }
}

/** The origin of what the room's own document was changed by. */
const fromRoom = Symbol('from the room')

class Copy {
  readonly document = new ServerDocument('copy')
  readonly mirror: StorageMirror<StorageShape>
  readonly #original: Y.Doc
  readonly #follow: (update: Uint8Array) => void
  #updates: Uint8Array[] = []
  #stopWaiting = (): void => {}

  constructor(room: Room, definition: RoomDefinition) {
    this.#original = room.document
    foldInto(this.document, Y.encodeStateAsUpdate(this.#original), [], fromRoom)
    this.#follow = (update) => Y.applyUpdate(this.document, update, fromRoom)
    this.#original.on('update', this.#follow)
    this.document.on('update', (update: Uint8Array, origin: unknown) => {
      if (origin !== fromRoom) this.#updates.push(update)
    })
    this.mirror = createStorageMirror(definition, this.document)
  }

  take(clientId: number): void {
    this.#stopWaiting()
    this.document.clientID = clientId
    this.#updates = []
  }

  written(): Uint8Array | null {
    const [first] = this.#updates
    if (first === undefined) return null
    return this.#updates.length === 1 ? first : Y.mergeUpdates(this.#updates)
  }

  release(ms: number, expired: () => void): void {
    this.#stopWaiting = after(ms, expired)
  }

  destroy(): void {
    this.#stopWaiting()
    this.#original.off('update', this.#follow)
    this.mirror.destroy()
    this.document.destroy()
  }
}
