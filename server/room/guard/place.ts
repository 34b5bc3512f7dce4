/** Where a type stands: under which root, and under which keys. Types never move, so it is found out once for each. */
import type * as Y from 'yjs'
import type { StoragePlace } from '../../../schema/access.ts'
import type { Parent, SharedType } from './structs.ts'
import { Fresh } from './structs.ts'

/** A root type, by the name that says which part of a storage it is: `items`, or `items/i1/label`. */
export interface Root {
  readonly name: string
  readonly key: string
  readonly id: string | null
  readonly field: string | null
}

export interface TypePlace {
  readonly root: Root
  /** The key of the root under which it is, and the key below that; null also within a list. */
  readonly id: string | null
  readonly field: string | null
  /** How many types are around it. */
  readonly depth: number
}

const places = new WeakMap<SharedType, TypePlace>()

/** Roots that updates which were let through are about to make. */
const expected = new WeakMap<Y.Doc, Set<string>>()

/** A root does not know its name: told here beforehand, it need not be searched for among all. */
export const expectRoot = (document: Y.Doc, name: string): void => {
  const names = expected.get(document)
  if (names === undefined) expected.set(document, new Set([name]))
  else names.add(name)
}

export const placeOf = (document: Y.Doc, parent: Parent): TypePlace => {
  if (typeof parent === 'string') return placeOfRoot(parent)
  if (!(parent instanceof Fresh)) return places.get(parent) ?? findPlace(document, parent)
  if (parent.place === null) throw new Error('a struct is the parent of another and has no place')
  return parent.place
}

/** The place of a type that is held under `key` in a type at `place`. */
export const below = ({ root, id, field, depth }: TypePlace, key: string | null): TypePlace => ({
  root,
  id: depth === 0 ? key : id,
  field: depth === 1 ? key : field,
  depth: depth + 1
})

/** The place of what stands under `key` in a type at `place`, as the paths of a role's access see it. */
export const storagePlaceOf = (place: TypePlace, key: string | null): StoragePlace => {
  const { root, depth } = place
  const id = depth === 0 ? key : place.id
  const field = depth === 1 ? key : place.field
  if (root.id === null) return { key: root.key, id, field }
  return { key: root.key, id: root.id, field: root.field ?? id }
}

export const pathOf = ({ key, id, field }: StoragePlace): string =>
  id === null ? key : field === null ? `${key}/${id}` : `${key}/${id}/${field}`

const placeOfRoot = (name: string): TypePlace => {
  const [key = '', id = null, field = null] = name.split('/', 3)
  return { root: { name, key, id, field }, id: null, field: null, depth: 0 }
}

const findPlace = (document: Y.Doc, type: SharedType): TypePlace => {
  const around: SharedType[] = []
  let top = type
  let place = places.get(top)
  while (place === undefined && top._item !== null) {
    around.push(top)
    // The parent of an item that a document has is a type.
    top = top._item.parent as SharedType
    place = places.get(top)
  }
  place ??= findRoot(document, top)
  for (const inner of around.reverse()) {
    place = below(place, inner._item?.parentSub ?? null)
    places.set(inner, place)
  }
  return place
}

const findRoot = (document: Y.Doc, root: SharedType): TypePlace => {
  const names = expected.get(document)
  for (const name of names ?? []) rememberRoot(document, name)
  names?.clear()
  if (!places.has(root)) for (const name of document.share.keys()) rememberRoot(document, name)
  const place = places.get(root)
  if (place === undefined) throw new Error('a root type that its document does not have')
  return place
}

const rememberRoot = (document: Y.Doc, name: string): void => {
  const root = document.share.get(name)
  if (root !== undefined && !places.has(root)) places.set(root, placeOfRoot(name))
}
