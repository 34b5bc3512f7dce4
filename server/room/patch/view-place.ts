/** Where a pointer leads in the view of a room, by what its kind says of the storage. */
import type { RoomDefinition } from '../../../schema/define-room.ts'
import { isObject, memberOf } from '../../../schema/json.ts'
import { endOfList, type Pointer, toIndex } from '../../../schema/json-patch.ts'
import type { Fields, StorageNode } from '../../../schema/storage-words.ts'
import { readAt } from './json-tree.ts'

/** What a pointer leads to; `inside` of a value nothing is known. */
export type What =
  | StorageNode
  | { readonly type: 'entry'; readonly fields: Fields }
  | { readonly type: 'inside' }

export interface Place {
  /** From member to member, ids of entries as their indexes. */
  readonly steps: Pointer
  readonly what: What
  /** Why it cannot be written; null where it can. */
  readonly fixed: string | null
}

const inside: What = { type: 'inside' }

/**
 * In a collection a segment of digits is an index, anything else an id, which stands for the index of its entry. A
 * contested value is written as `x` or `x/value`.
 *
 * @param definition null: a free document, of which nothing is known
 * @returns why there is no such place, as text
 */
export const locate = (
  definition: RoomDefinition | null,
  view: unknown,
  pointer: Pointer
): Place | string => {
  const [key, id] = pointer
  if (key === undefined) return { steps: [], what: inside, fixed: 'is all of the view: patch what is in it' }
  if (definition === null) return { steps: pointer, what: inside, fixed: null }
  const node = nodeOf(definition.storage, key)
  if (node === null) return `is not there: the storage has no ${quote(key)}`
  switch (node.type) {
    case 'record':
    case 'perUser': {
      if (id === undefined) return { steps: [key], what: node, fixed: 'is a whole: patch what is in it' }
      const of: What = node.type === 'record' ? node.of : { type: 'value', schema: node.schema }
      return inField(of, [key, id], pointer.slice(2))
    }
    case 'object': {
      if (id === undefined) return { steps: [key], what: node, fixed: null }
      const of = nodeOf(node.fields, id)
      if (of === null) return `is not there: ${key} has no field ${quote(id)}`
      return inField(of, [key, id], pointer.slice(2))
    }
    case 'collection':
      if (id === undefined) return { steps: [key], what: node, fixed: 'is a whole: patch its entries' }
      return inCollection(node.fields, view, pointer)
    default:
      return inField(node, [key], pointer.slice(1))
  }
}

const inCollection = (fields: Fields, view: unknown, [key = '', id = '', field, ...rest]: Pointer) => {
  const index = toStep(readAt(view, [key]), id)
  if (index === null) return `is not there: ${key} has no entry ${quote(id)}`
  if (field === undefined)
    return { steps: [key, index], what: { type: 'entry', fields } as const, fixed: null }
  if (field === 'id') return { steps: [key, index, field, ...rest], what: inside, fixed: 'stays as it is' }
  const of = nodeOf(fields, field)
  if (of === null) return `is not there: entries of ${key} have no field ${quote(field)}`
  return inField(of, [key, index, field], rest)
}

const inField = (what: What, steps: Pointer, rest: Pointer): Place => {
  if (rest.length === 0) return { steps, what, fixed: null }
  const isTold = what.type === 'contested' && rest[0] !== 'value'
  return {
    steps: [...steps, ...rest],
    what: inside,
    fixed: isTold ? 'follows from what is written' : null
  }
}

/** @returns null for an id that no entry has */
const toStep = (list: unknown, segment: string): string | null => {
  if (segment === endOfList || toIndex(segment) !== null) return segment
  const index = Array.isArray(list) ? list.findIndex((entry) => idOf(entry) === segment) : -1
  return index === -1 ? null : String(index)
}

/** The id of an entry; null for one that is new. */
export const idOf = (entry: unknown): string | null => {
  const id = isObject(entry) ? memberOf(entry, 'id') : undefined
  return typeof id === 'string' ? id : null
}

/** A value as the view shows it: of a contested value that is written, the claims are not known yet. */
export const toShown = (what: What, value: unknown): unknown => {
  switch (what.type) {
    case 'contested':
      return shownClaim(value)
    case 'object':
    case 'entry':
      return mapFields(what.fields, value, shownClaim)
    default:
      return value
  }
}

/** A value of the view as it is written. */
export const toWritten = (what: What, shown: unknown): unknown => {
  switch (what.type) {
    case 'contested':
      return claimed(shown)
    case 'object':
      return mapFields(what.fields, shown, claimed)
    case 'entry': {
      if (!isObject(shown)) return shown
      const { id: _, ...fields } = shown
      return mapFields(what.fields, fields, claimed)
    }
    default:
      return shown
  }
}

const shownClaim = (value: unknown): unknown => ({ value, claims: [], conflict: false })

const claimed = (shown: unknown): unknown => readAt(shown, ['value'])

const mapFields = (fields: Fields, value: unknown, map: (member: unknown) => unknown): unknown =>
  isObject(value)
    ? Object.fromEntries(
        Object.entries(value).map(([name, member]) => [
          name,
          nodeOf(fields, name)?.type === 'contested' ? map(member) : member
        ])
      )
    : value

const nodeOf = <N>(nodes: Readonly<Record<string, N>>, name: string): N | null =>
  Object.hasOwn(nodes, name) ? (nodes[name] ?? null) : null

const quote = (text: string): string => JSON.stringify(text.slice(0, 64))
