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

/** Which texts and values of a document were changed here, so that they can be given back if they are refused. */
export interface Touched {
  /** Something was changed here. */
  add(transaction: Y.Transaction): void
  /** Changes of an earlier visit were read: where they are is not known. */
  restored(): void
  /** The next `confirmed` is about everything so far. */
  asked(): void
  confirmed(): void
  /** Changes of an earlier visit are not confirmed. */
  readonly isRestored: boolean
  /** What is not confirmed, as it stands. */
  edits(): readonly KeptEdit[]
  /** What `room` does not have, as it stands. A mere deletion is nothing to give back. */
  editsBeyond(room: Y.Doc): readonly KeptEdit[]
}

export const createTouched = (doc: Y.Doc): Touched => {
  /** Since confirmation was asked for, and before: a confirmation that never comes is asked for again. */
  let recent = createPlaces()
  let asked = createPlaces()
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
  const editsIn = ({ keys }: Places): readonly KeptEdit[] =>
    [...keys].flatMap(([type, keys]) => editsOf(type, keys))

  return {
    add: ({ changed }) => {
      for (const [type, keys] of changed) addKeys(recent, type, keys)
    },
    restored: () => {
      recent.isRestored = true
    },
    asked: () => {
      for (const [type, keys] of recent.keys) addKeys(asked, type, keys)
      asked.isRestored ||= recent.isRestored
      recent = createPlaces()
    },
    confirmed: () => {
      asked = createPlaces()
    },
    get isRestored() {
      return asked.isRestored || recent.isRestored
    },
    edits: () => {
      const all = createPlaces()
      for (const { keys } of [asked, recent]) for (const [type, some] of keys) addKeys(all, type, some)
      return editsIn(all)
    },
    editsBeyond: (room) => editsIn(placesBeyond(doc, room))
  }
}

/** Shared types, and of maps their keys. */
interface Places {
  readonly keys: Map<SharedType, Set<string>>
  isRestored: boolean
}

const createPlaces = (): Places => ({ keys: new Map(), isRestored: false })

const addKeys = ({ keys }: Places, type: SharedType, added: Iterable<string | null>): void => {
  const known = keys.get(type) ?? new Set()
  for (const key of added) if (key !== null && !ownKeys.includes(key)) known.add(key)
  keys.set(type, known)
}

/** Where `doc` holds what `room` has never had. */
const placesBeyond = (doc: Y.Doc, room: Y.Doc): Places => {
  const isNew = ({ id, length }: Y.Item | Y.GC): boolean =>
    id.clock + length > Y.getState(room.store, id.client)
  const places = createPlaces()
  for (const structs of doc.store.clients.values()) {
    for (const struct of structs.slice(structs.findLastIndex((struct) => !isNew(struct)) + 1)) {
      if (!(struct instanceof Y.Item) || struct.deleted || !(struct.parent instanceof Y.AbstractType))
        continue
      // What is in something new is given back with it.
      if (struct.parent._item !== null && isNew(struct.parent._item)) continue
      addKeys(places, struct.parent, [struct.parentSub])
    }
  }
  return places
}

/** What the collections of a storage write for themselves. */
const ownKeys = ['order', 'deletedAt']

/** A write takes the place of all claims that it saw, so the newest one is what was written last. */
const ownClaims = (array: Y.Array<unknown>): readonly unknown[] => {
  const claim = array.toArray().at(-1)
  return isObject(claim) ? [claim.value] : []
}

const plain = (value: unknown): unknown => (value instanceof Y.AbstractType ? value.toJSON() : value)
