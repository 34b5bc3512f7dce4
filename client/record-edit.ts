/**
 * Records that are edited at leisure: in a dialog with a button to save, say, where somebody has an entry before them for
 * minutes, and would not like to find that their button undid what others wrote meanwhile.
 */
import { isObject, isSameJson, memberOf } from '../schema/json.ts'
import type { Written } from '../schema/live-storage.ts'
import {
  type Conflict,
  mergeRecord,
  type PlainRecord,
  type Strategy,
  toConflict
} from '../schema/merge-record.ts'
import { putField } from '../schema/put-field.ts'
import { StorageError } from '../schema/storage-error.ts'
import type { CollectionNode, Fields, ObjectNode, StorageShape } from '../schema/storage-words.ts'
import type { Room } from './room.ts'

/** The fields of an entry or an object, in the form in which they are written. */
export type RecordOf<N> =
  N extends CollectionNode<infer F>
    ? { readonly [K in keyof F]: Written<F[K]> }
    : N extends ObjectNode<infer F>
      ? { readonly [K in keyof F]: Written<F[K]> }
      : never

export interface RecordEdit<R> {
  /** The record as it was when the edit began; after a conflict, as it was when that was told. */
  readonly base: R
  /**
   * Writes the changed fields as one mutation, if nobody else has changed them since `base`; of those that somebody
   * has, `strategy` decides, which is `ask` if it is left out.
   *
   * @param changes the fields that were changed here, and no others
   * @returns what cannot be decided: nothing was written then. Whoever has seen it may save again, and is told only of
   *   what has changed once more. A record that is gone cannot be saved, whatever the strategy.
   * @throws as `room.mutate`
   */
  save(changes: Partial<R>, strategy?: Strategy): readonly Conflict[]
}

/** What an edit needs of a room. */
type Editable<St extends StorageShape> = Pick<Room<St>, 'definition' | 'snapshot' | 'mutate'>

type RecordKey<St extends StorageShape> = {
  [K in keyof St]: St[K] extends CollectionNode | ObjectNode ? K : never
}[keyof St] &
  string

/**
 * Takes an entry of a collection, or an object, to be edited and saved later.
 *
 * @param id of the entry; an object has none
 * @throws StorageError when there is no such entry
 */
export const editRecord = <St extends StorageShape, K extends RecordKey<St>>(
  room: Editable<St>,
  key: K,
  ...[id]: St[K] extends CollectionNode ? [id: string] : []
): RecordEdit<RecordOf<St[K]>> => {
  const path = id === undefined ? [key] : [key, id]
  const fields = fieldsOf(room.definition.storage, key)
  const first = readRecord(room, fields, path)
  if (first === null) throw new StorageError(path.join('/'), 'no such entry', id)
  let base = first.fields
  return {
    get base() {
      // Made from the fields of this node, name by name.
      return base as RecordOf<St[K]>
    },
    save: (changes, strategy = 'ask') => {
      const mine = { ...base, ...changes }
      const theirs = readRecord(room, fields, path)
      if (theirs === null) return [toConflict(path.join('/'), { base, theirs, mine })]
      const isText = (name: string): boolean => fields[name]?.type === 'text'
      const { merged, conflicts } = mergeRecord<PlainRecord>(
        { base, theirs: theirs.fields, mine },
        { strategy, isText }
      )
      if (conflicts.length > 0) {
        base = theirs.fields
        return conflicts.map((conflict) => ({ ...conflict, path: [...path, conflict.path].join('/') }))
      }
      const isWritten = (name: string): boolean =>
        !isSameJson(merged[name], theirs.fields[name]) || (name in changes && theirs.undecided.has(name))
      room.mutate((storage) => {
        for (const name of Object.keys(fields).filter(isWritten))
          putField(room.definition.storage, storage, [...path, name], merged[name])
      })
      base = merged
      return []
    }
  }
}

const fieldsOf = (storage: StorageShape, key: string): Fields => {
  const node = storage[key]
  return node?.type === 'collection' || node?.type === 'object' ? node.fields : {}
}

interface ReadRecord {
  readonly fields: PlainRecord
  /** Contested values of which a person has to decide. */
  readonly undecided: ReadonlySet<string>
}

/** null: the entry is gone. */
const readRecord = <St extends StorageShape>(
  room: Editable<St>,
  fields: Fields,
  [key = '', id]: readonly string[]
): ReadRecord | null => {
  const node: unknown = room.snapshot.get()[key]
  const shown = Array.isArray(node) ? node.find((entry) => isObject(entry) && entry.id === id) : node
  if (!isObject(shown)) return null
  const undecided = new Set<string>()
  const values = Object.entries(fields).map(([name, { type }]) => {
    const value = memberOf(shown, name)
    if (type !== 'contested' || !isObject(value)) return [name, value]
    if (value.conflict === true) undecided.add(name)
    return [name, value.value]
  })
  return { fields: Object.fromEntries(values), undecided }
}
