/** Who changed a place last, told by the entries of the log. */
import * as Y from 'yjs'
import { userKey } from '../../../schema/storage-words.ts'
import type { Entry } from '../room-table.ts'

export interface LastChange {
  readonly by: string
  /** Milliseconds since 1970. */
  readonly at: number
}

/**
 * The last entry that touched each path, for those that any of them touched.
 *
 * @param document as it stood before the entries; they are applied to it
 * @param paths as in `items/i1/name`, `settings/color` or `title`
 */
export const lastChanges = (
  document: Y.Doc,
  entries: readonly Entry[],
  paths: readonly string[]
): ReadonlyMap<string, LastChange> => {
  const places = paths.map((path) => ({ path, names: path.split('/') }))
  const found = new Map<string, LastChange>()
  for (const { author, at, update } of entries) {
    if (update === null) continue
    for (const touched of touchedBy(document, update)) {
      for (const { path, names } of places) {
        if (isTouched(names, touched)) found.set(path, { by: author, at: at.getTime() })
      }
    }
  }
  return found
}

interface Touched {
  /** The name of the root type. */
  readonly root: string
  /** The key of the root under which the type stands; null for the root itself. */
  readonly entry: string | null
  readonly keys: ReadonlySet<unknown>
}

const touchedBy = (document: Y.Doc, update: Uint8Array): Touched[] => {
  const touched: Touched[] = []
  const listen = ({ changed }: Y.Transaction): void => {
    for (const [type, keys] of changed) {
      const place = placeOf(document, type)
      if (place !== null) touched.push({ ...place, keys })
    }
  }
  document.on('afterTransaction', listen)
  try {
    Y.applyUpdate(document, update)
  } finally {
    document.off('afterTransaction', listen)
  }
  return touched
}

type SharedType = Y.Transaction['changed'] extends Map<infer T, unknown> ? T : never

const placeOf = (document: Y.Doc, type: SharedType): Omit<Touched, 'keys'> | null => {
  let top = type
  let entry: string | null = null
  while (top._item !== null) {
    entry = top._item.parentSub
    if (!(top._item.parent instanceof Y.AbstractType)) return null
    top = top._item.parent
  }
  for (const [root, known] of document.share) if (known === top) return { root, entry }
  return null
}

/** By the layout of the storage words: a field stands in a root of its own, or in the map of its entry, or of its key. */
const isTouched = (names: readonly string[], { root, entry, keys }: Touched): boolean => {
  const [key = '', id = '', field] = names
  const path = names.join('/')
  if (root === path || (names.length === 2 && root.startsWith(`${path}/`))) return true
  if (root !== key) return false
  if (names.length === 1) return true
  const has = (name: string): boolean => keys.has(name) || keys.has(userKey(name))
  if (entry === null) return has(id)
  return entry === id && (field === undefined || keys.has(field))
}
