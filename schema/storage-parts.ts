/** How each word of a storage is read and kept: one part per storage key, read again only where it was marked. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import * as Y from 'yjs'
import type { Checked } from './check-value.ts'
import { type ConflictRule, type ContestedValue, showContested } from './contested.ts'
import { compareText } from './order.ts'
import {
  type ContestedNode,
  type FieldNode,
  type Fields,
  isStorageName,
  ownerOfKey,
  type PerUserNode,
  type RecordNode,
  type StorageNode,
  userKey,
  type ValueNode
} from './storage-words.ts'

/** What was touched, seen from a storage key. */
export interface Change {
  /** The segments of the root's name behind the key: none for the root map, `[id, field]` for an entry's text. */
  readonly rest: readonly string[]
  /** The entry of the root under which something changed; null: entries of the root itself did. */
  readonly entry: string | null
  readonly keys: ReadonlySet<unknown>
}

export interface Part {
  /** The same reference until something in it changed. */
  read(): unknown
  /** null: it cannot be told what changed. */
  mark(change: Change | null): void
}

/** What parts need of a document and its kind. */
export interface Source {
  map(name: string): Y.Map<unknown> | null
  text(name: string): string
  /** What stands in the root array of a contested value. */
  claims(name: string): readonly unknown[]
  roots(): Iterable<string>
  /** The rule of a contested value, by its path in the definition. */
  rule(path: string): ConflictRule
  readonly roles: readonly string[]
  check(schema: StandardSchemaV1, value: unknown): Checked
  problem(path: string, detail: string, value: unknown): void
}

export const createPart = (source: Source, key: string, node: StorageNode): Part => {
  switch (node.type) {
    case 'value':
    case 'text':
    case 'contested':
      return fieldPart(source, key, node)
    case 'object':
      return objectPart(source, key, node.fields)
    case 'collection':
      return collectionPart(source, key, node.fields)
    case 'record':
      return node.of.type === 'value'
        ? valuesPart(source, key, node.of)
        : rootsPart(source, key, node as RecordNode<RootNode>)
    case 'perUser':
      return perUserPart(source, key, node)
  }
}

/** The key under which a top-level value stands in its root map. */
export const valueKey = 'value'

const memo = (compute: (old: unknown) => unknown): Part => {
  let value: unknown
  let isStale = true
  return {
    read: () => {
      if (isStale) value = compute(value)
      isStale = false
      return value
    },
    mark: () => {
      isStale = true
    }
  }
}

const fieldPart = (source: Source, key: string, node: FieldNode): Part => {
  const read = createReader(source, key, node)
  return memo(() => initialOr(read(key, node.type === 'value' ? source.map(key)?.get(valueKey) : undefined)))
}

const objectPart = (source: Source, key: string, fields: Fields): Part => {
  const readers = createReaders(source, key, fields)
  return memo((old) => {
    const map = source.map(key)
    const next = Object.fromEntries(
      readers.map(([name, read]) => [name, initialOr(read(`${key}/${name}`, map?.get(name)))])
    )
    return keepEqual(old, next)
  })
}

/** A value that exists from the start has a default, so there is no refusal of it. */
const initialOr = (checked: Checked): unknown => (checked.ok ? checked.value : undefined)

const valuesPart = (source: Source, key: string, node: ValueNode): Part => {
  const read = createReader(source, key, node)
  return memo((old) => {
    const next: Record<string, unknown> = {}
    for (const [id, raw] of source.map(key)?.entries() ?? []) {
      if (!isStorageName(id)) continue
      const checked = read(`${key}/${id}`, raw)
      if (checked.ok) next[id] = checked.value
    }
    return keepEqual(old, next)
  })
}

type RootNode = Exclude<FieldNode, ValueNode>

/** A record whose entries are root types: those that hold something. */
const rootsPart = (source: Source, key: string, { of }: RecordNode<RootNode>): Part => {
  const read = createReader(source, key, of)
  const isEmpty = (root: string): boolean =>
    of.type === 'text' ? source.text(root) === '' : source.claims(root).length === 0
  return memo((old) => {
    const next: Record<string, unknown> = {}
    for (const root of source.roots()) {
      const id = root.startsWith(`${key}/`) ? root.slice(key.length + 1) : ''
      if (!isStorageName(id) || isEmpty(root)) continue
      const checked = read(root)
      if (checked.ok) next[id] = checked.value
    }
    return keepEqual(old, next)
  })
}

const perUserPart = (source: Source, key: string, node: PerUserNode): Part => {
  const read = createReader(source, key, { type: 'value', schema: node.schema })
  return memo((old) => {
    const values: [string, unknown][] = []
    for (const [id, raw] of source.map(key)?.entries() ?? []) {
      const userId = ownerOfKey(id)
      if (userId === null || userKey(userId) !== id) {
        source.problem(`${key}/${id}`, 'the key of no user', raw)
        continue
      }
      const checked = read(`${key}/${id}`, raw)
      if (checked.ok) values.push([userId, checked.value])
    }
    return keepEqual(old, Object.fromEntries(values))
  })
}

interface Entry {
  readonly order: string
  readonly isDeleted: boolean
  /** null: a value is missing or bad and has no default. */
  readonly snapshot: (Readonly<Record<string, unknown>> & { readonly id: string }) | null
}

const collectionPart = (source: Source, key: string, fields: Fields): Part => {
  const readers = createReaders(source, key, fields)
  const entries = new Map<string, Entry>()
  const stale = new Set<string>()
  let isWhollyStale = true
  let list: readonly unknown[] = []

  const readEntry = (id: string, map: Y.Map<unknown>): Entry => {
    const order = map.get('order')
    const snapshot: Record<string, unknown> & { id: string } = { id }
    let isComplete = true
    for (const [name, read] of readers) {
      const checked = read(`${key}/${id}/${name}`, map.get(name))
      if (checked.ok) snapshot[name] = checked.value
      else isComplete = false
    }
    return {
      order: typeof order === 'string' ? order : '',
      isDeleted: (map.get('deletedAt') ?? null) !== null,
      snapshot: isComplete ? keepEqual(entries.get(id)?.snapshot, snapshot) : null
    }
  }

  const refresh = (id: string, raw: unknown): void => {
    if (raw instanceof Y.Map && isStorageName(id)) {
      entries.set(id, readEntry(id, raw))
      return
    }
    entries.delete(id)
    if (raw !== undefined) source.problem(`${key}/${id}`, 'not an entry', raw)
  }

  return {
    mark: (change) => {
      if (change === null) isWhollyStale = true
      else if (change.rest[0] !== undefined) stale.add(change.rest[0])
      else if (change.entry !== null) stale.add(change.entry)
      else for (const id of change.keys) if (typeof id === 'string') stale.add(id)
    },
    read: () => {
      if (!isWhollyStale && stale.size === 0) return list
      const map = source.map(key)
      if (isWhollyStale) for (const id of map?.keys() ?? []) stale.add(id)
      for (const id of stale) refresh(id, map?.get(id))
      isWhollyStale = false
      stale.clear()
      list = keepSame(list, visible(entries))
      return list
    }
  }
}

const visible = (entries: ReadonlyMap<string, Entry>): unknown[] =>
  [...entries]
    .filter(([, entry]) => !entry.isDeleted && entry.snapshot !== null)
    .sort(([idA, a], [idB, b]) => compareText(a.order, b.order) || compareText(idA, idB))
    .map(([, entry]) => entry.snapshot)

/**
 * Reads what stands at a path: the value, its schema's default if it does not fit, or a refusal where there is none.
 *
 * @param raw what the map of the entry holds under the field's name
 */
type Reader = (path: string, raw?: unknown) => Checked

const createReaders = (source: Source, key: string, fields: Fields): readonly (readonly [string, Reader])[] =>
  Object.entries(fields).map(([name, node]) => [name, createReader(source, `${key}/${name}`, node)])

/** @param definitionPath as in `items/start`: where the field stands in the definition */
const createReader = (source: Source, definitionPath: string, node: FieldNode): Reader => {
  switch (node.type) {
    case 'value':
      return valueReader(source, node)
    case 'text':
      return (path) => ({ ok: true, value: source.text(path) })
    case 'contested':
      return contestedReader(source, definitionPath, node)
  }
}

/** Checks a stored value once: as long as the same one stands at a path, the checked one keeps its reference. */
const valueReader = (source: Source, { schema }: ValueNode): Reader => {
  const known = new Map<string, { readonly raw: unknown; readonly checked: Checked }>()
  const check = (path: string, raw: unknown): Checked => {
    const isPlain = !(raw instanceof Y.AbstractType)
    const checked = isPlain
      ? source.check(schema, raw)
      : { ok: false as const, detail: 'a shared type, no value' }
    if (checked.ok) return checked
    source.problem(path, checked.detail, raw)
    return raw === undefined ? checked : source.check(schema, undefined)
  }
  return (path, raw) => {
    const old = known.get(path)
    if (old !== undefined && Object.is(old.raw, raw)) return old.checked
    const checked = check(path, raw)
    known.set(path, { raw, checked })
    return checked
  }
}

interface ShownBefore {
  readonly stored: readonly unknown[]
  readonly checked: Checked<ContestedValue<unknown>>
}

/** Decides once: as long as the same claims stand at a path, what they come to keeps its reference. */
const contestedReader = (source: Source, definitionPath: string, { schema }: ContestedNode): Reader => {
  const contest = { rule: source.rule(definitionPath), roles: source.roles, schema }
  const known = new Map<string, ShownBefore>()
  return (path) => {
    const stored = source.claims(path)
    const old = known.get(path)
    if (old !== undefined && keepSame(old.stored, stored) === old.stored) return old.checked
    const checked = showContested(stored, contest, (detail, value) => source.problem(path, detail, value))
    if (!checked.ok) source.problem(path, checked.detail, undefined)
    known.set(path, { stored, checked })
    return checked
  }
}

/** `old` if it holds the same values, so that its reference stays. */
const keepEqual = <T extends object>(old: unknown, next: T): T => {
  if (typeof old !== 'object' || old === null) return next
  const entries = Object.entries(next)
  const isSame =
    entries.length === Object.keys(old).length &&
    entries.every(([name, value]) => Object.hasOwn(old, name) && Object.is(Reflect.get(old, name), value))
  // It was made by the same part, with the same names.
  return isSame ? (old as T) : next
}

const keepSame = (old: readonly unknown[], next: readonly unknown[]): readonly unknown[] =>
  old.length === next.length && next.every((item, index) => Object.is(item, old[index])) ? old : next
