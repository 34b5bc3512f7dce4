/** Writes to a storage by path, where what stands there is known only while the program runs. */
import type {
  LiveCollection,
  LiveContested,
  LiveContestedValues,
  LiveFields,
  LivePerUser,
  LiveStorage,
  LiveText,
  LiveTexts,
  LiveValue,
  LiveValues
} from './live-storage.ts'
import { StorageError } from './storage-error.ts'
import type { FieldNode, Fields, StorageShape } from './storage-words.ts'

/**
 * Writes one value, text or claim. Of a text only what differs is changed.
 *
 * @param path as in `['items', 'i1', 'name']`, `['settings', 'color']` or `['title']`
 * @param value undefined: back to the default; out of a record; all of a text
 * @throws StorageError when it does not fit, or nothing can be written there; nothing is changed then
 */
export const putField = <St extends StorageShape>(
  shape: St,
  storage: LiveStorage<St>,
  path: readonly string[],
  value: unknown
): void => {
  const [key = '', id = '', name = ''] = path
  const node = shape[key]
  // Of a storage whose shape is known only now, a member has the type that its node says.
  const live: unknown = storage[key]
  switch (node?.type) {
    case 'object':
      return putLeaf(path, node.fields[id], (live as LiveFields<Fields>)[id], value)
    case 'collection':
      return putLeaf(path, node.fields[name], (live as LiveCollection<Fields>).get(id)?.[name], value)
    case 'record':
      return putMember(path, node.of, live, value)
    case 'perUser': {
      const own = (live as LivePerUser<unknown>).of(id)
      return value === undefined ? own.remove() : own.set(value)
    }
    default:
      return putLeaf(path, node, live, value)
  }
}

const putLeaf = (
  path: readonly string[],
  node: FieldNode | undefined,
  leaf: unknown,
  value: unknown
): void => {
  if (node === undefined || leaf === undefined) throw new StorageError(path.join('/'), 'is not there', value)
  if (node.type === 'text') (leaf as LiveText).replace(toText(path, value))
  else (leaf as LiveValue<unknown> | LiveContested<unknown>).set(value)
}

const putMember = (path: readonly string[], node: FieldNode, live: unknown, value: unknown): void => {
  const [, id = ''] = path
  if (node.type === 'text') return (live as LiveTexts).get(id).replace(toText(path, value))
  const values = live as LiveValues<unknown> | LiveContestedValues<unknown>
  return value === undefined ? values.remove(id) : values.set(id, value)
}

const toText = (path: readonly string[], value: unknown): string => {
  if (value === undefined) return ''
  if (typeof value === 'string') return value
  throw new StorageError(path.join('/'), 'not a text', value)
}
