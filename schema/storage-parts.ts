/** How each word of a storage is read and kept: one part per storage key, read again only where it was marked. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import * as Y from 'yjs'
import {
  type Fields,
  isStorageName,
  type RecordNode,
  type StorageNode,
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

type Checked =
  | { readonly ok: true; readonly value: unknown }
  | { readonly ok: false; readonly detail: string }

/** What parts need of a document. */
export interface Source {
  map(name: string): Y.Map<unknown> | null
  text(name: string): string
  roots(): Iterable<string>
  check(schema: StandardSchemaV1, value: unknown): Checked
  problem(path: string, detail: string, value: unknown): void
}

export const createPart = (source: Source, key: string, node: StorageNode): Part => {
  switch (node.type) {
    case 'value':
      return valuePart(source, key, node)
    case 'text':
      return memo(() => source.text(key))
    case 'object':
      return objectPart(source, key, node.fields)
    case 'collection':
      return collectionPart(source, key, node.fields)
    case 'record':
      return recordPart(source, key, node)
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

const valuePart = (source: Source, key: string, node: ValueNode): Part => {
  const field = createField(source)
  return memo(() => field.value(key, node, source.map(key)?.get(valueKey)))
}

const objectPart = (source: Source, key: string, fields: Fields): Part => {
  const field = createField(source)
  return memo((old) => {
    const map = source.map(key)
    const next = Object.fromEntries(
      Object.entries(fields).map(([name, node]) => [
        name,
        node.type === 'text'
          ? source.text(`${key}/${name}`)
          : field.value(`${key}/${name}`, node, map?.get(name))
      ])
    )
    return keepEqual(old, next)
  })
}

const recordPart = (source: Source, key: string, node: RecordNode): Part => {
  const { of } = node
  if (of.type === 'text') {
    return memo((old) => {
      const next: Record<string, string> = {}
      for (const root of source.roots()) {
        const id = root.startsWith(`${key}/`) ? root.slice(key.length + 1) : ''
        if (!isStorageName(id)) continue
        const text = source.text(root)
        if (text !== '') next[id] = text
      }
      return keepEqual(old, next)
    })
  }
  const field = createField(source)
  return memo((old) => {
    const next: Record<string, unknown> = {}
    for (const [id, raw] of source.map(key)?.entries() ?? []) {
      if (!isStorageName(id)) continue
      const checked = field.checked(`${key}/${id}`, of, raw)
      if (checked.ok) next[id] = checked.value
    }
    return keepEqual(old, next)
  })
}

interface Entry {
  readonly order: string
  readonly isDeleted: boolean
  /** null: a value is missing or bad and has no default. */
  readonly snapshot: (Readonly<Record<string, unknown>> & { readonly id: string }) | null
}

const collectionPart = (source: Source, key: string, fields: Fields): Part => {
  const field = createField(source)
  const entries = new Map<string, Entry>()
  const stale = new Set<string>()
  let isWhollyStale = true
  let list: readonly unknown[] = []

  const readEntry = (id: string, map: Y.Map<unknown>): Entry => {
    const order = map.get('order')
    const snapshot: Record<string, unknown> & { id: string } = { id }
    let isComplete = true
    for (const [name, node] of Object.entries(fields)) {
      const path = `${key}/${id}/${name}`
      if (node.type === 'text') {
        snapshot[name] = source.text(path)
        continue
      }
      const checked = field.checked(path, node, map.get(name))
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

/** By UTF-16 units, as order keys are made for; the rules of a language would put `a0` before `Zz`. */
export const compareText = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0)

interface Field {
  /** The value, its schema's default if it does not fit, or a refusal where there is none. */
  checked(path: string, node: ValueNode, raw: unknown): Checked
  /** The same, for values whose schema is known to have a default. */
  value(path: string, node: ValueNode, raw: unknown): unknown
}

/** Checks a stored value once: as long as the same one stands at a path, the checked one keeps its reference. */
const createField = (source: Source): Field => {
  const known = new Map<string, { readonly raw: unknown; readonly checked: Checked }>()
  const check = (path: string, node: ValueNode, raw: unknown): Checked => {
    const isPlain = !(raw instanceof Y.AbstractType)
    const checked = isPlain
      ? source.check(node.schema, raw)
      : { ok: false as const, detail: 'a shared type, no value' }
    if (checked.ok) return checked
    source.problem(path, checked.detail, raw)
    return raw === undefined ? checked : source.check(node.schema, undefined)
  }
  const checked = (path: string, node: ValueNode, raw: unknown): Checked => {
    const old = known.get(path)
    if (old !== undefined && Object.is(old.raw, raw)) return old.checked
    const fresh = check(path, node, raw)
    known.set(path, { raw, checked: fresh })
    return fresh
  }
  return {
    checked,
    value: (path, node, raw) => {
      const result = checked(path, node, raw)
      return result.ok ? result.value : undefined
    }
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
