/** Writes planned edits to a storage. */
import { RoomlogError } from '../../../schema/error-codes.ts'
import type { LiveCollection, LiveStorage, Place } from '../../../schema/live-storage.ts'
import { putField } from '../../../schema/put-field.ts'
import { StorageError } from '../../../schema/storage-error.ts'
import type { Fields, StorageShape } from '../../../schema/storage-words.ts'
import type { ArrangeEdit, ViewEdit } from './view-edits.ts'

type Storage = LiveStorage<StorageShape>

/**
 * Writes them one after the other, and stops at the first that does not fit.
 *
 * @returns the paths of the entries that are new, in the order of the edits
 * @throws RoomlogError 'value-invalid' with the path; 'update-too-complex' where too many entries find their places anew
 */
export const writeEdits = (shape: StorageShape, storage: Storage, edits: readonly ViewEdit[]): string[] => {
  const inserted: string[] = []
  try {
    for (const edit of edits) {
      if (edit.type === 'put') putField(shape, storage, edit.path, edit.value)
      else if (edit.type === 'remove') collectionAt(storage, edit.key).remove(edit.id)
      else inserted.push(...arrange(collectionAt(storage, edit.key), edit))
    }
  } catch (error) {
    if (!(error instanceof StorageError)) throw error
    throw new RoomlogError('value-invalid', error.message, { cause: error, path: error.path })
  }
  return inserted
}

// Of a storage whose shape is known only now, a member has the type that its node says.
const collectionAt = (storage: Storage, key: string) => storage[key] as LiveCollection<Fields>

/** To find a place in a list, all of it is looked at: so many looks are taken for one edit. */
const looksMax = 300_000

const arrange = (collection: LiveCollection<Fields>, { key, items }: ArrangeEdit): string[] => {
  const ids = collection.ids()
  const placed = items.filter((item) => 'entry' in item || item.isMoved).length
  const looks = placed * (ids.length + placed)
  if (looks > looksMax)
    throw new RoomlogError(
      'update-too-complex',
      `${placed} entries to place among ${ids.length}: ${looks} > ${looksMax}`,
      { path: key }
    )
  const there = new Set(ids)
  const inserted: string[] = []
  let [first] = ids
  let previous: string | undefined
  for (const item of items) {
    if ('id' in item && !there.has(item.id)) continue
    const place = placeAfter(previous, first)
    const isFirst = 'id' in item && previous === undefined && item.id === first
    if ('entry' in item) {
      const id = collection.insert(item.entry, place)
      inserted.push(`${key}/${id}`)
      if (previous === undefined) first = id
      previous = id
      continue
    }
    if (item.isMoved && !isFirst) {
      collection.move(item.id, place)
      if (previous === undefined) first = item.id
    }
    previous = item.id
  }
  return inserted
}

const placeAfter = (previous: string | undefined, first: string | undefined): Place => {
  if (previous !== undefined) return { after: previous }
  return first === undefined ? {} : { before: first }
}
