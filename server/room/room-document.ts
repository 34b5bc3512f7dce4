/**
 * The document of one room: stored bytes until somebody writes, which answer everybody who comes for the first time, or
 * comes back and has it all; a Y.Doc from then on.
 *
 *   asleep ──somebody here writes, or others have written much──▶ awake
 *
 * When a node was replaced, hundreds come back to each of many rooms with what they have: no document is made for them.
 */
import * as Y from 'yjs'
import { syncFrame, syncStep, unpooled } from '../session/frames.ts'
import type { StoredFacts } from './check-stored.ts'
import type { ClientOwners } from './client-owners.ts'
import { rememberDeletes } from './guard/remembered.ts'
import { mergeAll, nothingStored, type StoredBytes, storedFrames, wake, withUpdates } from './stored-bytes.ts'

export interface RoomDocumentParts {
  readonly stored: StoredBytes
  readonly facts: Pick<StoredFacts, 'vector' | 'deletes'>
  readonly owners: ClientOwners
  /** Is called once, with the document that was made. */
  readonly woken: (document: Y.Doc) => void
}

/** With more entries each newcomer would wait for them to be merged. */
const sleepingUpdatesMax = 500
/** What is longer is found anew for each who asks. */
const rememberedBytesMax = 1024 * 1024
const smallBytesMax = 16 * 1024
const emptyVector = Uint8Array.of(0)

export class RoomDocument {
  readonly #owners: ClientOwners
  readonly #woken: (document: Y.Doc) => void
  #stored: StoredBytes
  #live: Y.Doc | null = null
  /** Of the bytes as they were read; null once there are more. */
  #facts: RoomDocumentParts['facts'] | null
  #vector: Uint8Array | null
  /** All that is deleted, as an update without structs. */
  #deletes: Uint8Array | null = null
  #greeting: { readonly prefix: Uint8Array; readonly frames: Buffer } | null = null
  /** The last one that was asked for: those who lost their connection at the same moment mostly have the same. */
  #difference: { readonly theirs: Uint8Array; readonly update: Uint8Array } | null = null

  constructor({ stored, facts, owners, woken }: RoomDocumentParts) {
    this.#stored = stored
    this.#facts = facts
    this.#vector = facts.vector
    this.#owners = owners
    this.#woken = woken
  }

  get isAsleep(): boolean {
    return this.#live === null
  }

  /** @throws what Yjs throws on bytes that are no update; Error where something is missing */
  get live(): Y.Doc {
    return this.#live ?? this.#wake()
  }

  /** It has changed: what was prepared for others is old. */
  changed(): void {
    this.#greeting = this.#difference = this.#facts = this.#vector = this.#deletes = null
  }

  /** Adds what others have committed, unless it is awake or should be. @returns whether that is done */
  addAsleep(entries: readonly { readonly update: Uint8Array }[]): boolean {
    if (this.#live !== null) return false
    const stored = withUpdates(this.#stored, entries)
    if (stored.updates.length > sleepingUpdatesMax) return false
    this.#stored = stored
    this.changed()
    return true
  }

  /** What a newcomer gets who has nothing: the same for all who come while nothing changes. */
  greeting(prefix: Uint8Array): Buffer {
    if (this.#greeting?.prefix === prefix) return this.#greeting.frames
    const frames = this.isAsleep
      ? storedFrames(prefix, this.#stored)
      : syncFrame(prefix, syncStep.two, Y.encodeStateAsUpdate(this.live))
    // Those of a small room that sleeps are as quick to make as to find.
    if (!this.isAsleep || frames.length > smallBytesMax) this.#greeting = { prefix, frames: unpooled(frames) }
    return frames
  }

  /** What a document at this state vector lacks, as one update. @throws what Yjs throws on bytes that are no state vector */
  difference(theirs: Uint8Array): Uint8Array {
    const last = this.#difference
    if (last !== null && Buffer.compare(last.theirs, theirs) === 0) return last.update
    const update = this.isAsleep ? this.#storedDifference(theirs) : Y.encodeStateAsUpdate(this.live, theirs)
    if (theirs.length + update.length <= rememberedBytesMax) this.#difference = { theirs, update }
    // Nothing is lacking but, perhaps, deletes: whoever has them says so next, in the same bytes.
    if (update[0] === 0 && this.#live !== null) rememberDeletes(this.#live, update.subarray(1))
    return update
  }

  /** What is here, so that a newcomer knows what to send; nothing, if the newcomer has nothing. */
  vectorFor(theirs: Uint8Array): Uint8Array {
    return theirs.length <= 1 ? emptyVector : this.#ownVector()
  }

  /** Are these the deletes that are here, as everybody says them who has all of it? Asks no document. */
  isKnownAsleep(update: Uint8Array): boolean {
    return this.isAsleep && update[0] === 0 && Buffer.compare(this.#storedDeletes(), update) === 0
  }

  destroy(): void {
    this.#live?.destroy()
  }

  #ownVector(): Uint8Array {
    this.#vector ??= this.isAsleep
      ? Y.encodeStateVectorFromUpdate(this.#asOne())
      : Y.encodeStateVector(this.live)
    return this.#vector
  }

  #storedDifference(theirs: Uint8Array): Uint8Array {
    const ends = Y.decodeStateVector(theirs)
    const hasAll = [...Y.decodeStateVector(this.#ownVector())].every(
      ([client, end]) => (ends.get(client) ?? 0) >= end
    )
    return hasAll ? this.#storedDeletes() : Y.diffUpdate(this.#asOne(), theirs)
  }

  #storedDeletes(): Uint8Array {
    this.#deletes ??=
      this.#facts === null ? Y.diffUpdate(this.#asOne(), this.#ownVector()) : mergeAll(this.#facts.deletes)
    return this.#deletes
  }

  /** The stored bytes as one update, which they are from then on. */
  #asOne(): Uint8Array {
    const { snapshot, updates } = this.#stored
    if (snapshot !== null && updates.length === 0) return snapshot
    const merged = mergeAll(snapshot === null ? updates : [snapshot, ...updates])
    this.#stored = { snapshot: merged, updates: [] }
    return merged
  }

  #wake(): Y.Doc {
    const document = wake(this.#stored, this.#owners)
    this.#live = document
    this.#stored = nothingStored
    this.#facts = null
    this.#woken(document)
    return document
  }
}
