/**
 * Reads a room's storage out of its Yjs document, as plain typed values.
 *
 * Reading tolerates what does not fit, because anybody with a Yjs client may have written it: a bad value is reported
 * and its schema's default stands in; an entry that cannot be completed so is left out; the rest is shown.
 */
import * as Y from 'yjs'
import { checkValue } from './check-value.ts'
import type { RoomDefinition } from './define-room.ts'
import { createPart, type Part, type Source } from './storage-parts.ts'
import type { StorageShape, StorageSnapshot } from './storage-words.ts'

/** Something in a document that its kind does not allow. */
export interface StorageProblem {
  /** As in `fields/f1/type`. */
  readonly path: string
  readonly detail: string
  readonly value: unknown
}

type OnProblem = (problem: StorageProblem) => void

/** The storage as it stands in `doc`, as JSON. Nothing is added to the document. */
export const readStorage = <St extends StorageShape>(
  definition: RoomDefinition<St>,
  doc: Y.Doc,
  onProblem: OnProblem = () => {}
): StorageSnapshot<St> => readParts<St>(createParts(definition, sourceOf(definition, doc, onProblem)))

/** A snapshot that follows a document: what did not change keeps its reference, so `===` tells what did. */
export interface StorageMirror<St extends StorageShape> {
  get(): StorageSnapshot<St>
  /** Calls `listener` after each transaction that touched the storage. */
  subscribe(listener: () => void): () => void
  destroy(): void
}

/** Follows `doc` until `destroy`, at the cost of what was touched. Each problem is reported once while it lasts. */
export const createStorageMirror = <St extends StorageShape>(
  definition: RoomDefinition<St>,
  doc: Y.Doc,
  onProblem: OnProblem = () => {}
): StorageMirror<St> => {
  const parts = createParts(definition, sourceOf(definition, doc, reportOnce(onProblem)))
  const names = new WeakMap<object, string>()
  const listeners = new Set<() => void>()
  let snapshot = readParts<St>(parts)
  let isStale = false

  const follow = (transaction: Y.Transaction): void => {
    let touched = false
    for (const [type, keys] of transaction.changed) {
      const place = locate(doc, names, type)
      for (const [key, part] of parts) {
        if (place !== null && place.root[0] !== key) continue
        part.mark(place === null ? null : { rest: place.root.slice(1), entry: place.entry, keys })
        touched = true
      }
    }
    if (!touched) return
    isStale = true
    for (const listener of [...listeners]) listener()
  }
  doc.on('afterTransaction', follow)

  return {
    get: () => {
      if (isStale) snapshot = readParts<St>(parts, snapshot)
      isStale = false
      return snapshot
    },
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    destroy: () => {
      doc.off('afterTransaction', follow)
      listeners.clear()
    }
  }
}

const createParts = (definition: RoomDefinition, source: Source): ReadonlyMap<string, Part> =>
  new Map(Object.entries(definition.storage).map(([key, node]) => [key, createPart(source, key, node)]))

const readParts = <St extends StorageShape>(
  parts: ReadonlyMap<string, Part>,
  old?: StorageSnapshot<St>
): StorageSnapshot<St> => {
  const next: Record<string, unknown> = {}
  let same = old !== undefined
  for (const [key, part] of parts) {
    next[key] = part.read()
    same &&= old !== undefined && Object.is(next[key], old[key])
  }
  // The parts were made from the definition's storage, key by key.
  return same && old !== undefined ? old : (next as StorageSnapshot<St>)
}

/** Roots are looked at only once they exist: asking a Y.Doc for one would create it. */
const sourceOf = ({ conflict, roles }: RoomDefinition, doc: Y.Doc, onProblem: OnProblem): Source => ({
  map: (name) => {
    if (!isRootOf(doc, name, Y.Map)) return null
    return doc.getMap(name)
  },
  text: (name) => (isRootOf(doc, name, Y.Text) ? doc.getText(name).toString() : ''),
  claims: (name) => (isRootOf(doc, name, Y.Array) ? doc.getArray(name).toArray() : []),
  roots: () => doc.share.keys(),
  rule: (path) => conflict[path] ?? 'last',
  roles,
  check: checkValue,
  problem: (path, detail, value) => onProblem({ path, detail, value })
})

/** A root that came from elsewhere has no class yet; one that the app made as another class is not ours. */
const isRootOf = (doc: Y.Doc, name: string, kind: typeof Y.Map | typeof Y.Text | typeof Y.Array): boolean => {
  const type = doc.share.get(name)
  return type !== undefined && (type.constructor === Y.AbstractType || type instanceof kind)
}

export type SharedType = Y.Transaction['changed'] extends Map<infer T, unknown> ? T : never

export interface TypePlace {
  /** The name of the root type, cut at its slashes. */
  readonly root: readonly string[]
  /** The key of the root under which the type stands, or null for the root itself. */
  readonly entry: string | null
}

/**
 * Where a changed type stands; null if its root was replaced meanwhile and cannot be told.
 *
 * @param names of the roots that were found before
 */
export const locate = (doc: Y.Doc, names: WeakMap<object, string>, type: SharedType): TypePlace | null => {
  let top: SharedType = type
  let entry: string | null = null
  while (top._item !== null) {
    entry = top._item.parentSub
    if (!(top._item.parent instanceof Y.AbstractType)) return null
    top = top._item.parent
  }
  const name = names.get(top) ?? nameOfRoot(doc, top)
  if (name === null) return null
  names.set(top, name)
  return { root: name.split('/'), entry }
}

const nameOfRoot = (doc: Y.Doc, root: SharedType): string | null => {
  for (const [name, type] of doc.share) if (type === root) return name
  return null
}

const reportOnce = (onProblem: OnProblem): OnProblem => {
  const reported = new Map<string, unknown>()
  return (problem) => {
    if (reported.has(problem.path) && Object.is(reported.get(problem.path), problem.value)) return
    reported.set(problem.path, problem.value)
    onProblem(problem)
  }
}
