import type { StandardSchemaV1 } from '@standard-schema/spec'
import * as Y from 'yjs'
import { now, randomCode } from './clock.ts'
import type { RoomDefinition } from './define-room.ts'
import { type Ordered, orderAt, sortByOrder } from './order.ts'
import { checkValue } from './storage.ts'
import { valueKey } from './storage-parts.ts'
import type {
  CollectionNode,
  FieldNode,
  Fields,
  ObjectNode,
  RecordNode,
  Snapshot,
  StorageNode,
  StorageShape,
  TextNode,
  ValueNode
} from './storage-words.ts'
import { isStorageName } from './storage-words.ts'
import { diffText, type TextChange } from './text-diff.ts'

/** One value: reading tolerates what does not fit (the schema's default stands in), writing throws on it. */
export interface LiveValue<T> {
  get(): T
  /** @throws StorageError when the schema refuses the value; nothing is changed then */
  set(value: T): void
}

/** A text that others type in too. */
export interface LiveText {
  /** The root type's name, as in `fields/f1/label`. */
  readonly name: string
  readonly y: Y.Text
  toString(): string
  /** Changes only what differs, so that what others type at the same moment stays. */
  replace(next: string): void
  /** A stroke of typing: strokes into one text without a pause of 500 ms are one step of undo. */
  type(stroke: TextChange): void
}

/** Where to put an entry: before or after another; at the end when neither is given. */
export interface Place {
  readonly before?: string
  readonly after?: string
}

export type LiveFields<F extends Fields> = { readonly [K in keyof F]: Live<F[K]> }

type ValueKeys<F extends Fields> = { [K in keyof F]: F[K] extends ValueNode ? K : never }[keyof F]

type RequiredKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends ValueNode<infer S>
    ? undefined extends StandardSchemaV1.InferInput<S>
      ? never
      : K
    : never
}[keyof F]

/** A new entry: every value without a default, and any of the others. */
export type NewEntry<F extends Fields> = { readonly [K in RequiredKeys<F>]: Snapshot<F[K]> } & {
  readonly [K in Exclude<keyof F, RequiredKeys<F>>]?: Snapshot<F[K]>
}

export interface LiveCollection<F extends Fields> {
  /** The entries that are there, in their order. */
  ids(): readonly string[]
  get(id: string): LiveFields<F> | undefined
  /** @returns the id of the new entry */
  insert(entry: NewEntry<F>, at?: Place): string
  /** Sets values of an entry; texts are edited by what `get` gives. */
  update(id: string, values: { readonly [K in ValueKeys<F>]?: Snapshot<F[K]> }): void
  move(id: string, to: Place): void
  /** Takes the entry out of sight; undo brings it back with what others wrote to it meanwhile. */
  remove(id: string): void
}

export interface LiveValues<T> {
  get(id: string): T | undefined
  set(id: string, value: T): void
  remove(id: string): void
}

export interface LiveTexts {
  /** The text of an id; it is empty until somebody types. */
  get(id: string): LiveText
}

/** The writable side of a storage node. */
export type Live<N extends StorageNode> = N extends ValueNode
  ? LiveValue<Snapshot<N>>
  : N extends TextNode
    ? LiveText
    : N extends ObjectNode<infer F>
      ? LiveFields<F>
      : N extends CollectionNode<infer F>
        ? LiveCollection<F>
        : N extends RecordNode<infer V>
          ? LiveRecord<V>
          : never

type LiveRecord<N extends FieldNode> = N extends TextNode ? LiveTexts : LiveValues<Snapshot<N>>

export type LiveStorage<St extends StorageShape> = { readonly [K in keyof St]: Live<St[K]> }

/** A value or an id that the storage does not take; nothing was written. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  /** As in `fields/f1/type`. */
  readonly path: string
  readonly value: unknown

  constructor(path: string, detail: string, value: unknown) {
    super(`${path}: ${detail}; got ${JSON.stringify(value) ?? String(value)}`)
    this.path = path
    this.value = value
  }
}

/**
 * Runs a change in a transaction, or throws before it begins.
 *
 * @param typedInto name of the text that was typed into: strokes without a pause are one step of undo
 */
export type Write = <T>(change: () => T, typedInto?: string) => T

/** The writable side of a storage in `doc`; every change goes through `write`. */
export const createLiveStorage = <St extends StorageShape>(
  definition: RoomDefinition<St>,
  doc: Y.Doc,
  write: Write
): LiveStorage<St> => {
  const target: Target = { doc, write }
  const live = Object.entries(definition.storage).map(([key, node]) => [key, liveNode(target, key, node)])
  // Made from the definition's storage, node by node.
  return Object.fromEntries(live) as LiveStorage<St>
}

interface Target {
  readonly doc: Y.Doc
  readonly write: Write
}

const liveNode = (target: Target, key: string, node: StorageNode): unknown => {
  const map = (): Y.Map<unknown> => target.doc.getMap(key)
  switch (node.type) {
    case 'value':
      return liveValue(target, key, node, map, valueKey)
    case 'text':
      return liveText(target, key)
    case 'object':
      return liveFields(target, key, node.fields, map)
    case 'collection':
      return liveCollection(target, key, node.fields)
    case 'record':
      return node.of.type === 'text' ? liveTexts(target, key) : liveValues(target, key, node.of)
  }
}

const liveText = ({ doc, write }: Target, name: string): LiveText => {
  const text = (): Y.Text => doc.getText(name)
  return {
    name,
    get y() {
      return text()
    },
    toString: () => text().toString(),
    replace: (next) =>
      write(() => {
        const change = diffText(text().toString(), next)
        if (change !== null) applyTextChange(text(), change)
      }),
    type: (stroke) => write(() => applyTextChange(text(), stroke), name)
  }
}

/** Inserts first, so that the caret of somebody at the replaced place stays behind the new text. */
export const applyTextChange = (text: Y.Text, { index, remove, insert }: TextChange): void => {
  if (insert !== '') text.insert(index, insert)
  if (remove > 0) text.delete(index + insert.length, remove)
}

const liveValue = (
  { write }: Target,
  path: string,
  node: ValueNode,
  map: () => Y.Map<unknown>,
  key: string
): LiveValue<unknown> => ({
  get: () => {
    const stored = checkValue(node.schema, map().get(key))
    if (stored.ok) return stored.value
    const initial = checkValue(node.schema, undefined)
    if (!initial.ok) throw new StorageError(path, stored.detail, map().get(key))
    return initial.value
  },
  set: (value) => {
    const checked = checkedValue(path, node, value)
    write(() => put(map(), key, checked))
  }
})

const liveFields = (
  target: Target,
  path: string,
  fields: Fields,
  map: () => Y.Map<unknown>
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, node]) => [
      name,
      node.type === 'text'
        ? liveText(target, `${path}/${name}`)
        : liveValue(target, `${path}/${name}`, node, map, name)
    ])
  )

const liveValues = ({ doc, write }: Target, key: string, node: ValueNode): LiveValues<unknown> => {
  const map = (): Y.Map<unknown> => doc.getMap(key)
  return {
    get: (id) => {
      const stored = checkValue(node.schema, map().get(id))
      return stored.ok ? stored.value : undefined
    },
    set: (id, value) => {
      checkId(key, id)
      const checked = checkedValue(`${key}/${id}`, node, value)
      write(() => put(map(), id, checked))
    },
    remove: (id) => write(() => map().delete(id))
  }
}

const liveTexts = (target: Target, key: string): LiveTexts => ({
  get: (id) => {
    checkId(key, id)
    return liveText(target, `${key}/${id}`)
  }
})

const liveCollection = (target: Target, key: string, fields: Fields): LiveCollection<Fields> => {
  const { doc, write } = target
  const root = (): Y.Map<unknown> => doc.getMap(key)
  const find = (id: string): Y.Map<unknown> | undefined => {
    const entry = root().get(id)
    return entry instanceof Y.Map ? entry : undefined
  }
  const entry = (id: string): Y.Map<unknown> => {
    const found = find(id)
    if (found === undefined) throw new StorageError(`${key}/${id}`, 'no such entry', id)
    return found
  }
  const isThere = (found: Y.Map<unknown>): boolean => (found.get('deletedAt') ?? null) === null
  return {
    ids: () => orderedEntries(root(), isThere).map(({ id }) => id),
    get: (id) => {
      const found = find(id)
      if (found === undefined || !isThere(found)) return undefined
      return liveFields(target, `${key}/${id}`, fields, () => entry(id)) as LiveFields<Fields>
    },
    insert: (values, at = {}) => {
      const id = randomCode(entryIdLength)
      const checked = checkedEntry(`${key}/${id}`, fields, values)
      return write(() => {
        const order = orderAt(orderedEntries(root()), at)
        root().set(id, new Y.Map<unknown>([['order', order], ...checked.values]))
        for (const [name, text] of checked.texts) doc.getText(`${key}/${id}/${name}`).insert(0, text)
        return id
      })
    },
    update: (id, values) => {
      const checked = Object.entries(values).map(([name, value]) => {
        const node = fields[name]
        if (node?.type !== 'value')
          throw new StorageError(`${key}/${id}/${name}`, 'no value of this collection', value)
        return [name, checkedValue(`${key}/${id}/${name}`, node, value)] as const
      })
      write(() => {
        const found = entry(id)
        for (const [name, value] of checked) put(found, name, value)
      })
    },
    move: (id, to) =>
      write(() => {
        const others = orderedEntries(root()).filter((other) => other.id !== id)
        entry(id).set('order', orderAt(others, to))
      }),
    remove: (id) => write(() => void entry(id).set('deletedAt', now()))
  }
}

const entryIdLength = 12

const orderedEntries = (
  root: Y.Map<unknown>,
  isWanted: (entry: Y.Map<unknown>) => boolean = () => true
): Ordered[] => {
  const entries: Ordered[] = []
  for (const [id, entry] of root) {
    if (!(entry instanceof Y.Map) || !isWanted(entry)) continue
    const order = entry.get('order')
    entries.push({ id, order: typeof order === 'string' ? order : '' })
  }
  return sortByOrder(entries)
}

const checkedEntry = (path: string, fields: Fields, entry: Readonly<Record<string, unknown>>) => {
  const values: [string, unknown][] = []
  const texts: [string, string][] = []
  for (const name of Object.keys(entry)) {
    if (fields[name] === undefined)
      throw new StorageError(`${path}/${name}`, 'no field of this collection', entry[name])
  }
  for (const [name, node] of Object.entries(fields)) {
    const value = entry[name]
    if (node.type === 'value') {
      const checked = checkedValue(`${path}/${name}`, node, value)
      if (checked !== undefined) values.push([name, checked])
    } else if (typeof value === 'string') {
      if (value !== '') texts.push([name, value])
    } else if (value !== undefined) throw new StorageError(`${path}/${name}`, 'not a text', value)
  }
  return { values, texts }
}

const checkedValue = (path: string, node: ValueNode, value: unknown): unknown => {
  const checked = checkValue(node.schema, value)
  if (!checked.ok) throw new StorageError(path, checked.detail, value)
  return checked.value
}

const checkId = (key: string, id: string): void => {
  if (!isStorageName(id)) throw new StorageError(`${key}/${id}`, 'no id: letters, without a slash', id)
}

/** A Y.Map keeps `undefined`, JSON does not: no value is no entry. */
const put = (map: Y.Map<unknown>, key: string, value: unknown): void => {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}
