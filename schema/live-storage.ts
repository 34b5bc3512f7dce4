/**
 * The writable side of a storage: each word of it as an object that reads and writes one document. Writing checks what
 * is written, so that through it nothing comes into a document that does not fit.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type * as Y from 'yjs'
import { checkValue } from './check-value.ts'
import type { ContestedValue } from './contested.ts'
import type { RoomDefinition } from './define-room.ts'
import { liveCollection } from './live-collection.ts'
import {
  checkedValue,
  checkId,
  contestOf,
  liveClaims,
  liveField,
  liveFields,
  liveText,
  put,
  type Target
} from './live-fields.ts'
import { valueKey } from './storage-parts.ts'
import {
  type CollectionNode,
  type ContestedNode,
  type FieldNode,
  type Fields,
  type ObjectNode,
  type PerUserNode,
  type RecordNode,
  type Snapshot,
  type StorageNode,
  type StorageShape,
  type TextNode,
  userKey,
  type ValueNode
} from './storage-words.ts'
import type { TextChange } from './text-diff.ts'

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

/** One value of which concurrent writes are all kept. */
export interface LiveContested<T> {
  /** The shown value, with all that stand beside it. */
  get(): ContestedValue<T>
  /**
   * Takes the place of everything that this replica sees.
   *
   * @throws StorageError when the schema refuses the value; nothing is changed then
   */
  set(value: T): void
  /** Decides a conflict. It is `set`, by the word for what a person does. */
  resolve(value: T): void
}

/**
 * Where to put an entry: before or after another; at the end when neither is given. One that was removed since still
 * is a place.
 */
export interface Place {
  readonly before?: string
  readonly after?: string
}

export type LiveFields<F extends Fields> = { readonly [K in keyof F]: Live<F[K]> }

type ValueKeys<F extends Fields> = { [K in keyof F]: F[K] extends ValueNode ? K : never }[keyof F]

type RequiredKeys<F extends Fields> = {
  [K in keyof F]: F[K] extends ValueNode<infer S> | ContestedNode<infer S>
    ? undefined extends StandardSchemaV1.InferInput<S>
      ? never
      : K
    : never
}[keyof F]

/** What is written to a field: of a contested one the value alone. */
export type Written<N extends FieldNode> =
  N extends ContestedNode<infer S> ? StandardSchemaV1.InferOutput<S> : Snapshot<N>

/** A new entry: every value without a default, and any of the others. */
export type NewEntry<F extends Fields> = { readonly [K in RequiredKeys<F>]: Written<F[K]> } & {
  readonly [K in Exclude<keyof F, RequiredKeys<F>>]?: Written<F[K]>
}

export interface LiveCollection<F extends Fields> {
  /** The entries that are there, in their order. */
  ids(): readonly string[]
  get(id: string): LiveFields<F> | undefined
  /**
   * @returns the id of the new entry; in an owned collection it begins with the writer's `userKey`
   * @throws StorageError when a value does not fit, or the place is next to an entry that never was
   */
  insert(entry: NewEntry<F>, at?: Place): string
  /** Sets values of an entry; texts and contested values are edited by what `get` gives. */
  update(id: string, values: { readonly [K in ValueKeys<F>]?: Snapshot<F[K]> }): void
  /** @throws StorageError when there is no such entry, or never was one at the place */
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

export interface LiveContestedValues<T> {
  /** undefined: nobody has written it. */
  get(id: string): ContestedValue<T> | undefined
  set(id: string, value: T): void
  resolve(id: string, value: T): void
  remove(id: string): void
}

/** The value of one person. */
export interface LiveOwn<T> {
  get(): T | undefined
  set(value: T): void
  remove(): void
}

/** A value for each person: one's own to write, the others' to read. */
export interface LivePerUser<T> {
  /** @param userId whose; left out: one's own */
  get(userId?: string): T | undefined
  set(value: T): void
  remove(): void
  /** Somebody else's, for who may write all of it. */
  of(userId: string): LiveOwn<T>
}

/** The writable side of a storage node. */
export type Live<N extends StorageNode> = N extends ValueNode
  ? LiveValue<Snapshot<N>>
  : N extends TextNode
    ? LiveText
    : N extends ContestedNode<infer S>
      ? LiveContested<StandardSchemaV1.InferOutput<S>>
      : N extends ObjectNode<infer F>
        ? LiveFields<F>
        : N extends CollectionNode<infer F>
          ? LiveCollection<F>
          : N extends RecordNode<infer V>
            ? LiveRecord<V>
            : N extends PerUserNode<infer S>
              ? LivePerUser<StandardSchemaV1.InferOutput<S>>
              : never

type LiveRecord<N extends FieldNode> = N extends TextNode
  ? LiveTexts
  : N extends ContestedNode<infer S>
    ? LiveContestedValues<StandardSchemaV1.InferOutput<S>>
    : LiveValues<Snapshot<N>>

export type LiveStorage<St extends StorageShape> = { readonly [K in keyof St]: Live<St[K]> }

/** Runs a change in a transaction, or throws before it begins. */
export type Write = <T>(change: () => T, at: WriteAt) => T

/** What a change is about. */
export interface WriteAt {
  /** Everything that it writes to, as in `items/i1/start`. */
  readonly paths: readonly string[]
  /** The name of the text that was typed into: strokes without a pause are one step of undo. */
  readonly typedInto?: string
  /** The contested value that it replaces. */
  readonly rewrites?: Rewritable
}

/**
 * How a contested value is put back: by claiming it anew. What others had claimed is not put back as it was, because
 * nobody may write in their name.
 */
export interface Rewritable {
  /** The name of its root. */
  readonly name: string
  /** null: there are no claims. */
  shown(): { readonly value: unknown } | null
  /** What would be shown of these alone. */
  shownOf(claims: readonly unknown[]): { readonly value: unknown } | null
  /** Adds a claim to those that stand there. */
  claim(value: unknown): void
}

/** Who writes. Asked at each write: it may become known, or change, later. */
export interface Writer {
  readonly userId: string
  readonly role: string
  /** Milliseconds since 1970, which is what a claim is dated by; left out: by the clock of this machine. */
  readonly at?: number
}

/** The writable side of a storage in `doc`; every change goes through `write`. */
export const createLiveStorage = <St extends StorageShape>(
  definition: RoomDefinition<St>,
  doc: Y.Doc,
  write: Write,
  who: Writer
): LiveStorage<St> => {
  const target: Target = { doc, write, who, definition }
  const live = Object.entries(definition.storage).map(([key, node]) => [key, liveNode(target, key, node)])
  // Made from the definition's storage, node by node.
  return Object.fromEntries(live) as LiveStorage<St>
}

const liveNode = (target: Target, key: string, node: StorageNode): unknown => {
  const map = (): Y.Map<unknown> => target.doc.getMap(key)
  switch (node.type) {
    case 'value':
    case 'text':
    case 'contested':
      return liveField(target, node, { path: key, rulePath: key, map, key: valueKey })
    case 'object':
      return liveFields(target, node.fields, { path: key, rulePath: key, map })
    case 'collection':
      return liveCollection(target, key, node)
    case 'record':
      return liveRecord(target, key, node.of)
    case 'perUser':
      return livePerUser(target, key, node)
  }
}

const liveRecord = (target: Target, key: string, node: FieldNode): unknown => {
  switch (node.type) {
    case 'value':
      return liveValues(target, key, node)
    case 'text':
      return liveTexts(target, key)
    case 'contested':
      return liveContestedValues(target, key, node)
  }
}

const liveValues = (target: Target, key: string, node: ValueNode): LiveValues<unknown> => ({
  get: (id) => liveOwn(target, key, id, node.schema).get(),
  set: (id, value) => {
    checkId(key, id)
    liveOwn(target, key, id, node.schema).set(value)
  },
  remove: (id) => liveOwn(target, key, id, node.schema).remove()
})

const liveOwn = (
  { doc, write }: Target,
  key: string,
  id: string,
  schema: StandardSchemaV1
): LiveOwn<unknown> => {
  const map = (): Y.Map<unknown> => doc.getMap(key)
  const path = `${key}/${id}`
  return {
    get: () => {
      const stored = checkValue(schema, map().get(id))
      return stored.ok ? stored.value : undefined
    },
    set: (value) => {
      const checked = checkedValue(path, schema, value)
      write(() => put(map(), id, checked), { paths: [path] })
    },
    remove: () => write(() => map().delete(id), { paths: [path] })
  }
}

const liveTexts = (target: Target, key: string): LiveTexts => ({
  get: (id) => {
    checkId(key, id)
    return liveText(target, `${key}/${id}`)
  }
})

const liveContestedValues = (
  target: Target,
  key: string,
  node: ContestedNode
): LiveContestedValues<unknown> => {
  const contest = contestOf(target, key, node)
  const claims = (id: string) => {
    checkId(key, id)
    return liveClaims(target, `${key}/${id}`, contest)
  }
  return {
    get: (id) => {
      const shown = claims(id).shown()
      return shown === null || shown.claims.length === 0 ? undefined : shown
    },
    set: (id, value) => claims(id).set(value),
    resolve: (id, value) => claims(id).set(value),
    remove: (id) => claims(id).remove()
  }
}

const livePerUser = (target: Target, key: string, { schema }: PerUserNode): LivePerUser<unknown> => {
  const { who } = target
  const of = (userId: string): LiveOwn<unknown> => liveOwn(target, key, userKey(userId), schema)
  return {
    get: (userId = who.userId) => of(userId).get(),
    set: (value) => of(who.userId).set(value),
    remove: () => of(who.userId).remove(),
    of
  }
}
