/**
 * One copy of a room's document with what belongs to it. A refusal ends a replica for good: what was refused is part of
 * its document and cannot be taken out, so the room goes on with a new one, under a new client id.
 */
import * as Y from 'yjs'
import type { RoomDefinition } from '../schema/define-room.ts'
import { createLiveStorage, type LiveStorage, type Write, type Writer } from '../schema/live-storage.ts'
import { createStorageMirror, type StorageMirror, type StorageProblem } from '../schema/storage.ts'
import type { StorageShape } from '../schema/storage-words.ts'
import type { Kept } from './sync-status.ts'
import { createTouched, type KeptEdit } from './touched.ts'
import { createHistory, type DocumentHistory } from './undo.ts'

export interface Replica<St extends StorageShape> {
  readonly doc: Y.Doc
  readonly storage: LiveStorage<St>
  readonly mirror: StorageMirror<St>
  readonly history: DocumentHistory
  /** Runs a change in one transaction, which is one step of undo. */
  mutate<T>(change: (storage: LiveStorage<St>) => T): T
  /**
   * What was changed here and is not confirmed, as it stands.
   *
   * @param room the room as others have it: what is in it was taken; null: that is not known
   */
  kept(room: Y.Doc | null): Kept
  /** Changes of an earlier visit were read, and are not confirmed. */
  restored(): void
  /** The next `confirmed` is about the changes so far. */
  asked(): void
  confirmed(): void
  destroy(): void
}

interface ReplicaOptions {
  readonly who: Writer
  /**
   * @param paths what is about to be changed, as in `items/i1/start`; none: it is not known yet
   * @throws RoomlogError before anything is changed
   */
  assertMayWrite(paths: readonly string[]): void
  mayWrite(): boolean
  /** The document changed. @returns whether it was changed here: neither by the server nor by the stored copy */
  changed(update: Uint8Array, origin: unknown): boolean
  problem(problem: StorageProblem): void
}

export const createReplica = <St extends StorageShape>(
  definition: RoomDefinition<St>,
  { who, assertMayWrite, mayWrite, changed, problem }: ReplicaOptions
): Replica<St> => {
  const doc = new Y.Doc()
  const origin = { mutationOf: definition.kind }
  const history = createHistory(doc, { origin, mayWrite })
  const touched = createTouched(doc)
  let depth = 0

  const write: Write = (change, { paths, typedInto, rewrites }) => {
    assertMayWrite(paths)
    if (depth === 0 && typedInto === undefined) history.beginStep()
    else if (depth === 0 && typedInto !== undefined) history.typeInto(typedInto)
    depth++
    try {
      return doc.transact(() => {
        if (rewrites !== undefined) history.rewrites(rewrites)
        return change()
      }, origin)
    } finally {
      depth--
    }
  }
  const storage = createLiveStorage(definition, doc, write, who)
  const mirror = createStorageMirror(definition, doc, problem)
  doc.on('update', (update: Uint8Array, from: unknown, _: Y.Doc, transaction: Y.Transaction) => {
    if (changed(update, from)) touched.add(transaction)
  })
  return {
    doc,
    mirror,
    history,
    storage,
    mutate: (change) => write(() => change(storage), { paths: [] }),
    kept: (room) => {
      // Reading it gives every root its type.
      mirror.get()
      const keptEdits = room === null ? touched.edits() : touched.editsBeyond(room)
      // What an earlier visit changed is not known by place: then it is everything that reads as text.
      const isUnknown = room === null && touched.isRestored
      const keptText = textOf(keptEdits) || (isUnknown ? allTextOf(doc) : '')
      return { keptEdits, keptText, keptDocument: doc }
    },
    restored: touched.restored,
    asked: touched.asked,
    confirmed: touched.confirmed,
    destroy: () => {
      mirror.destroy()
      history.destroy()
    }
  }
}

/** What reads as text, line by line. */
const textOf = (edits: readonly KeptEdit[]): string =>
  edits.flatMap(({ value }) => (typeof value === 'string' && value !== '' ? [value] : [])).join('\n')

const allTextOf = (doc: Y.Doc): string =>
  [...doc.share.values()]
    .filter((type) => type instanceof Y.Text)
    .map((text) => text.toString())
    .filter((text) => text !== '')
    .join('\n')
