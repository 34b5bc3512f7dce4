/**
 * What a kind's storage allows in each root type: which sort it is, which keys it has, and which schemas their values
 * have. The table of `schema/storage-words.ts`, seen from the document.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { StoragePlace } from '../../../schema/access.ts'
import { checkValue } from '../../../schema/check-value.ts'
import type { RoomDefinition } from '../../../schema/define-room.ts'
import {
  type CollectionNode,
  type FieldNode,
  type Fields,
  isStorageName,
  ownerOfKey,
  type StorageNode,
  type StorageShape,
  userKey
} from '../../../schema/storage-words.ts'
import { type Root, storagePlaceOf, type TypePlace } from './place.ts'

/** A value that is replaced as a whole. */
export interface ValueRule {
  readonly sort: 'value'
  /** What is wrong with it; null: nothing. */
  readonly fault: (value: unknown) => string | null
  /** May it be taken away, and nothing put in its place? */
  readonly isOptional: boolean
}

/** A map of values by key. */
export interface EntryRule {
  readonly sort: 'entry'
  readonly isOwned: boolean
  field(key: string): ValueRule | null
}

export type RootRule =
  /** Whatever its app makes of it. */
  | { readonly sort: 'free' }
  | { readonly sort: 'text' }
  | { readonly sort: 'claims'; readonly schema: StandardSchemaV1 }
  | {
      readonly sort: 'map'
      /** The root is one value, which has no key in a path. */
      readonly isOne: boolean
      entry(key: string): ValueRule | EntryRule | null
    }

const rootsMax = 4_096
const known = new WeakMap<RoomDefinition, Map<string, RootRule | null>>()

/** null: the kind has no such root. */
export const ruleOf = (definition: RoomDefinition, root: Root): RootRule | null => {
  let rules = known.get(definition)
  if (rules === undefined || rules.size > rootsMax) {
    rules = new Map()
    known.set(definition, rules)
  }
  let rule = rules.get(root.name)
  if (rule === undefined) {
    rule = makeRule(definition, root)
    rules.set(root.name, rule)
  }
  return rule
}

/** What stands under `key` in a type at `around`, as the paths of a role's access see it. */
export const placeIn = (definition: RoomDefinition, around: TypePlace, key: string | null): StoragePlace => {
  const rule = ruleOf(definition, around.root)
  if (rule?.sort === 'map' && rule.isOne) return { key: around.root.key, id: null, field: null }
  return storagePlaceOf(around, key)
}

/** Does a kind describe nothing, and so take whatever Yjs can hold? */
export const isFree = (storage: StorageShape): boolean => Object.keys(storage).length === 0

const free: RootRule = { sort: 'free' }
const text: RootRule = { sort: 'text' }

const makeRule = ({ storage }: RoomDefinition, root: Root): RootRule | null => {
  if (isFree(storage)) return free
  const node = Object.hasOwn(storage, root.key) ? storage[root.key] : undefined
  if (node === undefined) return null
  const { id, field, name } = root
  if (id === null) return ruleOfKey(node)
  if (!isStorageName(id)) return null
  if (field === null) return ruleOfId(node, id)
  const isWhole = name === `${root.key}/${id}/${field}`
  return node.type === 'collection' && isWhole ? ruleOfField(node.fields, field) : null
}

const ruleOfKey = (node: StorageNode): RootRule | null => {
  switch (node.type) {
    case 'value':
      return { sort: 'map', isOne: true, entry: (key) => (key === 'value' ? valueRule(node.schema) : null) }
    case 'text':
    case 'contested':
      return ruleOfRoot(node)
    case 'object':
      return { sort: 'map', isOne: false, entry: (key) => valueIn(node.fields, key) }
    case 'collection':
      return mapOf(entryRule(node))
    case 'record':
      return node.of.type === 'value' ? mapOf({ ...valueRule(node.of.schema), isOptional: true }) : null
    case 'perUser': {
      const rule = { ...valueRule(node.schema), isOptional: true }
      return { sort: 'map', isOne: false, entry: (key) => (isUserKey(key) ? rule : null) }
    }
  }
}

const ruleOfId = (node: StorageNode, id: string): RootRule | null => {
  if (node.type === 'object') return ruleOfField(node.fields, id)
  return node.type === 'record' ? ruleOfRoot(node.of) : null
}

const ruleOfField = (fields: Fields, name: string): RootRule | null => {
  const node = Object.hasOwn(fields, name) ? fields[name] : undefined
  return node === undefined ? null : ruleOfRoot(node)
}

/** A field that has a root of its own. */
const ruleOfRoot = (node: FieldNode): RootRule | null => {
  if (node.type === 'value') return null
  return node.type === 'text' ? text : { sort: 'claims', schema: node.schema }
}

const mapOf = (rule: ValueRule | EntryRule): RootRule => ({
  sort: 'map',
  isOne: false,
  entry: (key) => (isStorageName(key) ? rule : null)
})

const entryRule = ({ fields, isOwned }: CollectionNode): EntryRule => {
  const own = new Map([
    ['order', order],
    ['deletedAt', deletedAt]
  ])
  for (const [name, node] of Object.entries(fields))
    if (node.type === 'value') own.set(name, valueRule(node.schema))
  return { sort: 'entry', isOwned, field: (key) => own.get(key) ?? null }
}

const valueIn = (fields: Fields, name: string): ValueRule | null => {
  const node = Object.hasOwn(fields, name) ? fields[name] : undefined
  return node?.type === 'value' ? valueRule(node.schema) : null
}

const order: ValueRule = {
  sort: 'value',
  fault: (value) => (typeof value === 'string' ? null : 'an order is a string'),
  isOptional: false
}

const deletedAt: ValueRule = {
  sort: 'value',
  fault: (value) => (value === null || Number.isFinite(value) ? null : 'a time is a number, or null'),
  isOptional: true
}

const valueRule = (schema: StandardSchemaV1): ValueRule => ({
  sort: 'value',
  fault: (value) => faultOf(schema, value),
  isOptional: faultOf(schema, undefined) === null
})

/** What a schema says against a value; null: nothing. */
export const faultOf = (schema: StandardSchemaV1, value: unknown): string | null => {
  const checked = checkValue(schema, value)
  return checked.ok ? null : checked.detail
}

const isUserKey = (key: string): boolean => {
  const owner = ownerOfKey(key)
  return owner !== null && owner !== '' && userKey(owner) === key
}
