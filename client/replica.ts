/**
 * One copy of a room's document with what belongs to it. A refusal ends a replica for good: what was refused is part of
 * its document and cannot be taken out, so the room goes on with a new one, under a new client id.
 */
import * as Y from 'yjs'
import type { RoomDefinition } from '../schema/define-room.ts'
import { createLiveStorage, type LiveStorage, type Write } from '../schema/live-storage.ts'
import { createStorageMirror, type StorageMirror, type StorageProblem } from '../schema/storage.ts'
import type { StorageShape } from '../schema/storage-words.ts'
import { createHistory, type DocumentHistory } from './undo.ts'

export interface Replica<St extends StorageShape> {
  readonly doc: Y.Doc
  readonly storage: LiveStorage<St>
  readonly mirror: StorageMirror<St>
  readonly history: DocumentHistory
  readonly write: Write
  /** The texts that were changed here since the last `confirmed`, as they stand. */
  keptText(): string
  /** The local changes so far are confirmed. */
  confirmed(): void
  destroy(): void
}

interface ReplicaOptions {
  /** @throws RoomlogError before anything is changed */
  assertMayWrite(): void
  /** The document changed. @returns whether it was changed here: neither by the server nor by the stored copy */
  changed(update: Uint8Array, origin: unknown): boolean
  problem(problem: StorageProblem): void
}

export const createReplica = <St extends StorageShape>(
  definition: RoomDefinition<St>,
  { assertMayWrite, changed, problem }: ReplicaOptions
): Replica<St> => {
  const doc = new Y.Doc()
  const origin = { mutationOf: definition.kind }
  const history = createHistory(doc, origin)
  const touched = createTouched()
  let depth = 0

  const write: Write = (change, typedInto) => {
    assertMayWrite()
    if (depth === 0 && typedInto === undefined) history.beginStep()
    else if (depth === 0 && typedInto !== undefined) history.typeInto(typedInto)
    depth++
    try {
      return doc.transact(change, origin)
    } finally {
      depth--
    }
  }
  const mirror = createStorageMirror(definition, doc, problem)
  doc.on('update', (update: Uint8Array, from: unknown, _: Y.Doc, transaction: Y.Transaction) => {
    if (changed(update, from)) touched.add(transaction)
  })
  return {
    doc,
    mirror,
    history,
    write,
    storage: createLiveStorage(definition, doc, write),
    // What an earlier visit changed is not known by place: then it is everything that reads as text.
    keptText: () => touched.text() || textOf(doc),
    confirmed: touched.clear,
    destroy: () => {
      mirror.destroy()
      history.destroy()
    }
  }
}

type Changed = Y.Transaction['changed'] extends Map<infer T, unknown> ? T : never

/** Which texts and values were changed here, so that they can be given back if they are refused. */
const createTouched = () => {
  const places = new Map<Changed, Set<string>>()
  return {
    add: ({ changed }: Y.Transaction): void => {
      for (const [type, keys] of changed) {
        const known = places.get(type) ?? new Set()
        for (const key of keys) if (typeof key === 'string' && !ownKeys.includes(key)) known.add(key)
        places.set(type, known)
      }
    },
    text: (): string => {
      const lines = [...places].flatMap(([type, keys]) => {
        if (type instanceof Y.Text) return [type.toString()]
        if (!(type instanceof Y.Map)) return []
        const map: Y.Map<unknown> = type
        return [...keys].map((key) => map.get(key)).filter((value) => typeof value === 'string')
      })
      return lines.filter((line) => line !== '').join('\n')
    },
    clear: () => places.clear()
  }
}

const textOf = (doc: Y.Doc): string =>
  [...doc.share.values()]
    .filter((type) => type instanceof Y.Text)
    .map((text) => text.toString())
    .filter((text) => text !== '')
    .join('\n')

const ownKeys = ['order', 'deletedAt']
