import * as Y from 'yjs'
import { isObject } from '../schema/json.ts'
import { locate, type SharedType } from '../schema/storage.ts'
import { valueKey } from '../schema/storage-parts.ts'

/** Something that was changed here and not taken, as it stood: a text, a value, or what was claimed. */
export interface KeptEdit {
  /** As in `items/i1/start`. */
  readonly path: string
  readonly value: unknown
}

export interface Touched {
  add(transaction: Y.Transaction): void
  edits(): readonly KeptEdit[]
  /** What was changed and reads as text, line by line. */
  text(): string
  clear(): void
}

/** Which texts and values of a document were changed here, so that they can be given back if they are refused. */
export const createTouched = (doc: Y.Doc): Touched => {
  const places = new Map<SharedType, Set<string>>()
  const names = new WeakMap<object, string>()

  const editsOf = (type: SharedType, keys: ReadonlySet<string>): readonly KeptEdit[] => {
    const place = locate(doc, names, type)
    if (place === null) return []
    const path = [...place.root, ...(place.entry === null ? [] : [place.entry])].join('/')
    if (type instanceof Y.Text) return [{ path, value: type.toString() }]
    if (type instanceof Y.Array) return ownClaims(type).map((value) => ({ path, value }))
    if (!(type instanceof Y.Map)) return []
    const map: Y.Map<unknown> = type
    return [...keys].map((key) => ({
      path: key === valueKey && place.entry === null ? path : `${path}/${key}`,
      value: plain(map.get(key))
    }))
  }
  const edits = (): readonly KeptEdit[] => [...places].flatMap(([type, keys]) => editsOf(type, keys))

  return {
    add: ({ changed }) => {
      for (const [type, keys] of changed) {
        const known = places.get(type) ?? new Set()
        for (const key of keys) if (typeof key === 'string' && !ownKeys.includes(key)) known.add(key)
        places.set(type, known)
      }
    },
    edits,
    text: () =>
      edits()
        .flatMap(({ value }) => (typeof value === 'string' && value !== '' ? [value] : []))
        .join('\n'),
    clear: () => places.clear()
  }
}

/** What the collections of a storage write for themselves. */
const ownKeys = ['order', 'deletedAt']

/** A write takes the place of all claims that it saw, so the newest one is what was written last. */
const ownClaims = (array: Y.Array<unknown>): readonly unknown[] => {
  const claim = array.toArray().at(-1)
  return isObject(claim) ? [claim.value] : []
}

const plain = (value: unknown): unknown => (value instanceof Y.AbstractType ? value.toJSON() : value)
