/**
 * What a kind of room is: its storage, its presence, its roles. A definition is a value that server and client
 * import alike; every type of the SDK is derived from it.
 *
 * | word                    | in the snapshot             | in the Yjs document of storage key `k`              |
 * |-------------------------|-----------------------------|------------------------------------------------------|
 * | `s.value(schema)`       | what the schema puts out    | root map `k`, entry `value`                          |
 * | `s.text()`              | string                      | root text `k`                                        |
 * | `s.object(fields)`      | object                      | root map `k`, an entry per value; root text `k/field` |
 * | `s.collection(fields)`  | ordered array with ids      | root map `k` of maps by id; root text `k/id/field`   |
 * | `s.record(field)`       | object by id                | root map `k` of values, or root text `k/id`          |
 *
 * Texts are root types because two clients may begin one at the same moment: roots of one name are one text,
 * nested types that two clients create under one key are two, and one of them is lost.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'

export interface ValueNode<S extends StandardSchemaV1 = StandardSchemaV1> {
  readonly type: 'value'
  readonly schema: S
}

export interface TextNode {
  readonly type: 'text'
}

export type FieldNode = ValueNode | TextNode
export type Fields = Readonly<Record<string, FieldNode>>

export interface ObjectNode<F extends Fields = Fields> {
  readonly type: 'object'
  readonly fields: F
}

export interface CollectionNode<F extends Fields = Fields> {
  readonly type: 'collection'
  readonly fields: F
}

export interface RecordNode<N extends FieldNode = FieldNode> {
  readonly type: 'record'
  readonly of: N
}

export type StorageNode = ValueNode | TextNode | ObjectNode | CollectionNode | RecordNode
export type StorageShape = Readonly<Record<string, StorageNode>>

type Output<S extends StandardSchemaV1> = StandardSchemaV1.InferOutput<S>

/** What a reader sees of a node: plain, immutable values. */
export type Snapshot<N extends StorageNode> =
  N extends ValueNode<infer S>
    ? Output<S>
    : N extends TextNode
      ? string
      : N extends ObjectNode<infer F>
        ? { readonly [K in keyof F]: Snapshot<F[K]> }
        : N extends CollectionNode<infer F>
          ? readonly ({ readonly [K in keyof F]: Snapshot<F[K]> } & { readonly id: string })[]
          : N extends RecordNode<infer F>
            ? Readonly<Record<string, Snapshot<F>>>
            : never

export type StorageSnapshot<St extends StorageShape> = { readonly [K in keyof St]: Snapshot<St[K]> }

interface NeedsDefault {
  readonly 'nobody may have written this value yet: give its schema a default, or make it optional': never
}

/** A value that exists from the start must have a schema that answers `undefined`. */
type Initial<N> =
  N extends ValueNode<infer S> ? (undefined extends StandardSchemaV1.InferInput<S> ? N : NeedsDefault) : N

type AllInitial<F> = { readonly [K in keyof F]: Initial<F[K]> }

/** The words that a storage is written in; the table is at the top of this file. */
export const s = {
  /** One value, replaced as a whole; of concurrent writes one stays. Schemas must not transform what they put out. */
  value: <S extends StandardSchemaV1>(schema: S): ValueNode<S> => ({ type: 'value', schema }),
  /** Text that several people edit at once, merged by character. */
  text: (): TextNode => ({ type: 'text' }),
  /** A fixed set of fields that is there once. */
  object: <F extends Fields>(fields: F & AllInitial<F>): ObjectNode<F> => ({ type: 'object', fields }),
  /** Any number of entries of one shape, in an order that people change. */
  collection: <F extends Fields>(fields: F): CollectionNode<F> => ({ type: 'collection', fields }),
  /** One value or text for each id, in no order; the id comes from elsewhere (a field, a seat). */
  record: <N extends FieldNode>(of: N): RecordNode<N> => ({ type: 'record', of })
} as const

export interface RoomDefinition<
  St extends StorageShape = StorageShape,
  P = unknown,
  R extends string = string
> {
  /** The part of a room name before the slash. */
  readonly kind: string
  readonly roles: readonly R[]
  /** The roles that may read and not write. */
  readonly readers: readonly R[]
  /** The role of a guest, on a server where no auth is configured. */
  readonly guests: R
  readonly storage: St
  /** What a connection says of itself; less than 1 kB, for it goes to everybody at each change. */
  readonly presence: StandardSchemaV1<unknown, P>
  /** The events of the room's log, by name. */
  readonly events: Readonly<Record<string, StandardSchemaV1>>
}

/**
 * Checks a definition and gives it back typed.
 *
 * @throws TypeError that names what is wrong and where: definitions are checked when the module is loaded
 */
export const defineRoom = <
  St extends StorageShape,
  P extends StandardSchemaV1,
  const R extends readonly string[]
>(definition: {
  readonly kind: string
  readonly roles: R
  readonly readers: readonly NoInfer<R[number]>[]
  readonly guests: NoInfer<R[number]>
  readonly storage: St & AllInitial<St>
  readonly presence: P
  readonly events?: Readonly<Record<string, StandardSchemaV1>>
}): RoomDefinition<St, Output<P>, R[number]> => {
  const { kind, roles, readers, guests, storage } = definition
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(kind))
    throw new TypeError(`kind ${JSON.stringify(kind)}: lower-case letters, digits and -`)
  for (const role of [...readers, guests]) {
    if (!roles.includes(role))
      throw new TypeError(`${kind}: ${role} is none of its roles ${roles.join(', ')}`)
  }
  for (const [key, node] of Object.entries<StorageNode>(storage))
    checkNode(`${kind}.storage.${key}`, key, node)
  // The schema's declared output is what its validator returns: the library states it in a phantom type only.
  const presence = definition.presence as StandardSchemaV1<unknown, Output<P>>
  return { kind, roles, readers, guests, storage, presence, events: definition.events ?? {} }
}

/** Names become parts of root names and keys of plain objects. */
export const isStorageName = (name: string): boolean =>
  name.length > 0 && name.length <= nameLengthMax && !name.includes('/') && !(name in Object.prototype)

/** The role is one of the definition's, or `admin`, which is one everywhere. */
export const isRole = <R extends string>(
  definition: RoomDefinition<StorageShape, unknown, R>,
  role: string
): role is R | 'admin' => role === 'admin' || definition.roles.some((known) => known === role)

const nameLengthMax = 128
const ownFieldsOfEntries = ['id', 'order', 'deletedAt']

const checkNode = (path: string, name: string, node: StorageNode): void => {
  if (!isStorageName(name)) throw new TypeError(`${path}: no name for a root type or a key`)
  if (node.type === 'value') checkInitial(path, node.schema)
  if (node.type !== 'object' && node.type !== 'collection') return
  for (const [field, child] of Object.entries(node.fields)) {
    if (!isStorageName(field)) throw new TypeError(`${path}.${field}: no name for a root type or a key`)
    if (node.type === 'collection' && ownFieldsOfEntries.includes(field)) {
      throw new TypeError(`${path}.${field}: entries have ${ownFieldsOfEntries.join(', ')} by themselves`)
    }
    if (node.type === 'object' && child.type === 'value') checkInitial(`${path}.${field}`, child.schema)
  }
}

const checkInitial = (path: string, schema: StandardSchemaV1): void => {
  const result = schema['~standard'].validate(undefined)
  if (result instanceof Promise) throw new TypeError(`${path}: schemas of a storage must validate at once`)
  if (result.issues)
    throw new TypeError(
      `${path}: nobody may have written it yet: give its schema a default, or make it optional`
    )
}
