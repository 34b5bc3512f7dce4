/**
 * The words that the storage of a kind is written in.
 *
 * | word                      | in the snapshot              | in the Yjs document of storage key `k`                 |
 * |---------------------------|------------------------------|---------------------------------------------------------|
 * | `s.value(schema)`         | what the schema puts out     | root map `k`, entry `value`                             |
 * | `s.text()`                | string                       | root text `k`                                           |
 * | `s.contested(schema)`     | shown value and all claims   | root array `k` of claims                                |
 * | `s.object(fields)`        | object                       | root map `k`, an entry per value; other fields: root `k/field` |
 * | `s.collection(fields)`    | ordered array with ids       | root map `k` of maps by id; other fields: root `k/id/field` |
 * | `s.record(field)`         | object by id                 | root map `k` of values, or root `k/id`                  |
 * | `s.perUser(schema)`       | object by user id            | root map `k`, an entry per `userKey`                    |
 *
 * Texts and contested values are root types because two clients may begin one at the same moment: roots of one name
 * are one, nested types that two clients create under one key are two, and one of them is lost.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type { ContestedValue } from './contested.ts'

export interface ValueNode<S extends StandardSchemaV1 = StandardSchemaV1> {
  readonly type: 'value'
  readonly schema: S
}

export interface TextNode {
  readonly type: 'text'
}

export interface ContestedNode<S extends StandardSchemaV1 = StandardSchemaV1> {
  readonly type: 'contested'
  readonly schema: S
}

export type FieldNode = ValueNode | TextNode | ContestedNode
export type Fields = Readonly<Record<string, FieldNode>>

export interface ObjectNode<F extends Fields = Fields> {
  readonly type: 'object'
  readonly fields: F
}

export interface CollectionNode<F extends Fields = Fields> {
  readonly type: 'collection'
  readonly fields: F
  /** Ids begin with the `userKey` of whoever made the entry: `own` paths reach it. */
  readonly isOwned: boolean
}

export interface RecordNode<N extends FieldNode = FieldNode> {
  readonly type: 'record'
  readonly of: N
}

export interface PerUserNode<S extends StandardSchemaV1 = StandardSchemaV1> {
  readonly type: 'perUser'
  readonly schema: S
}

export type StorageNode = FieldNode | ObjectNode | CollectionNode | RecordNode | PerUserNode
export type StorageShape = Readonly<Record<string, StorageNode>>

type Output<S extends StandardSchemaV1> = StandardSchemaV1.InferOutput<S>

/** What a reader sees of a node: plain, immutable values. */
export type Snapshot<N extends StorageNode> =
  N extends ValueNode<infer S>
    ? Output<S>
    : N extends TextNode
      ? string
      : N extends ContestedNode<infer S>
        ? ContestedValue<Output<S>>
        : N extends ObjectNode<infer F>
          ? { readonly [K in keyof F]: Snapshot<F[K]> }
          : N extends CollectionNode<infer F>
            ? readonly ({ readonly [K in keyof F]: Snapshot<F[K]> } & { readonly id: string })[]
            : N extends RecordNode<infer F>
              ? Readonly<Record<string, Snapshot<F>>>
              : N extends PerUserNode<infer S>
                ? Readonly<Record<string, Output<S>>>
                : never

export type StorageSnapshot<St extends StorageShape> = { readonly [K in keyof St]: Snapshot<St[K]> }

interface NeedsDefault {
  readonly 'nobody may have written this value yet: give its schema a default, or make it optional': never
}

/** A value that exists from the start must have a schema that answers `undefined`. */
export type Initial<N> = N extends ValueNode<infer S> | ContestedNode<infer S>
  ? undefined extends StandardSchemaV1.InferInput<S>
    ? N
    : NeedsDefault
  : N

export type AllInitial<F> = { readonly [K in keyof F]: Initial<F[K]> }

/** The table is at the top of this file. */
export const s = {
  /**
   * One value, replaced as a whole; of concurrent writes one stays. Schemas must not transform what they put out.
   * Several fields that change only together (a date with its time) are one value whose schema is an object.
   */
  value: <S extends StandardSchemaV1>(schema: S): ValueNode<S> => ({ type: 'value', schema }),
  /** Text that several people edit at once, merged by character. */
  text: (): TextNode => ({ type: 'text' }),
  /** One value of which concurrent writes are all kept: a rule of the definition says which one is shown. */
  contested: <S extends StandardSchemaV1>(schema: S): ContestedNode<S> => ({ type: 'contested', schema }),
  /** A fixed set of fields that is there once. */
  object: <F extends Fields>(fields: F & AllInitial<F>): ObjectNode<F> => ({ type: 'object', fields }),
  /** Any number of entries of one shape, in an order that people change. `owned`: an entry is its maker's. */
  collection: <F extends Fields>(
    fields: F,
    options: { readonly owned?: boolean } = {}
  ): CollectionNode<F> => ({ type: 'collection', fields, isOwned: options.owned ?? false }),
  /** One value or text for each id, in no order; the id comes from elsewhere (a field, a seat). */
  record: <N extends FieldNode>(of: N): RecordNode<N> => ({ type: 'record', of }),
  /** One value for each person; with the path `key/own` in a role's access, written by nobody but that person. */
  perUser: <S extends StandardSchemaV1>(schema: S): PerUserNode<S> => ({ type: 'perUser', schema })
} as const

const nameLengthMax = 128

/** Names become parts of root names and keys of plain objects. */
export const isStorageName = (name: string): boolean =>
  name.length > 0 && name.length <= nameLengthMax && !name.includes('/') && !(name in Object.prototype)

/**
 * How a user id stands in a document, as a key or the beginning of one: percent-encoded, so that it holds neither `/`
 * nor `:`, and nobody's key begins with somebody else's.
 */
export const userKey = (userId: string): string => encodeURIComponent(userId)

/** The id of the user whom a key belongs to: the key is theirs, or begins with theirs and a colon. */
export const ownerOfKey = (key: string): string | null => {
  try {
    return decodeURIComponent(key.split(':', 1)[0] ?? '')
  } catch (error) {
    if (error instanceof URIError) return null
    throw error
  }
}

export const isOwnKey = (key: string, userId: string): boolean => {
  const own = userKey(userId)
  return key === own || key.startsWith(`${own}:`)
}
