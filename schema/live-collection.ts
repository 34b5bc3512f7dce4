/** The writable side of a collection: entries come, change, move and go. */
import * as Y from 'yjs'
import { now, randomCode } from './clock.ts'
import { toClaim } from './contested.ts'
import { checkedValue, checkId, liveFields, put, type Target } from './live-fields.ts'
import type { LiveCollection, LiveFields, Place } from './live-storage.ts'
import { type Ordered, orderAt, sortByOrder } from './order.ts'
import { StorageError } from './storage-error.ts'
import { type CollectionNode, type Fields, userKey } from './storage-words.ts'

export const liveCollection = (
  target: Target,
  key: string,
  { fields, isOwned }: CollectionNode
): LiveCollection<Fields> => {
  const { doc, write, who } = target
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
  const orderOf = (others: readonly Ordered[], place: Place): string => {
    for (const id of [place.before, place.after])
      if (id !== undefined && !hasEverBeen(root(), id))
        throw new StorageError(`${key}/${id}`, 'no such entry to be put next to', id)
    return orderAt(others, place)
  }
  const isThere = (found: Y.Map<unknown>): boolean => (found.get('deletedAt') ?? null) === null
  return {
    ids: () => orderedEntries(root(), isThere).map(({ id }) => id),
    get: (id) => {
      const found = find(id)
      if (found === undefined || !isThere(found)) return undefined
      const at = { path: `${key}/${id}`, rulePath: key, map: () => entry(id) }
      return liveFields(target, fields, at) as LiveFields<Fields>
    },
    insert: (values, at = {}) => {
      const code = randomCode(entryIdLength)
      const id = isOwned ? `${userKey(who.userId)}:${code}` : code
      checkId(key, id)
      const path = `${key}/${id}`
      const checked = checkedEntry(path, fields, values)
      const insert = (): string => {
        const order = orderOf(orderedEntries(root()), at)
        root().set(id, new Y.Map<unknown>([['order', order], ...checked.values]))
        for (const [name, text] of checked.texts) doc.getText(`${path}/${name}`).insert(0, text)
        for (const [name, value] of checked.contested)
          doc.getArray(`${path}/${name}`).push([toClaim(value, who, who.at ?? now())])
        return id
      }
      return write(insert, { paths: [path] })
    },
    update: (id, values) => {
      const checked = Object.entries(values).map(([name, value]) => {
        const node = fields[name]
        if (node?.type !== 'value')
          throw new StorageError(`${key}/${id}/${name}`, 'no value of this collection', value)
        return [name, checkedValue(`${key}/${id}/${name}`, node.schema, value)] as const
      })
      const update = (): void => {
        const found = entry(id)
        for (const [name, value] of checked) put(found, name, value)
      }
      write(update, { paths: checked.map(([name]) => `${key}/${id}/${name}`) })
    },
    move: (id, to) => {
      const move = (): void => {
        const others = orderedEntries(root()).filter((other) => other.id !== id)
        entry(id).set('order', orderOf(others, to))
      }
      write(move, { paths: [`${key}/${id}/order`] })
    },
    remove: (id) =>
      write(() => void entry(id).set('deletedAt', who.at ?? now()), { paths: [`${key}/${id}/deletedAt`] })
  }
}

const entryIdLength = 12

/** A map remembers the keys that were deleted. What somebody else's undo took away is a place at the end, no mistake. */
const hasEverBeen = (root: Y.Map<unknown>, id: string): boolean => root._map.has(id)

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

interface CheckedEntry {
  readonly values: readonly (readonly [string, unknown])[]
  readonly texts: readonly (readonly [string, string])[]
  readonly contested: readonly (readonly [string, unknown])[]
}

const checkedEntry = (
  path: string,
  fields: Fields,
  entry: Readonly<Record<string, unknown>>
): CheckedEntry => {
  const values: [string, unknown][] = []
  const texts: [string, string][] = []
  const contested: [string, unknown][] = []
  for (const name of Object.keys(entry)) {
    if (fields[name] === undefined)
      throw new StorageError(`${path}/${name}`, 'no field of this collection', entry[name])
  }
  for (const [name, node] of Object.entries(fields)) {
    const value = entry[name]
    if (node.type === 'text') {
      if (value !== undefined && typeof value !== 'string')
        throw new StorageError(`${path}/${name}`, 'not a text', value)
      if (value !== undefined && value !== '') texts.push([name, value])
      continue
    }
    const checked = checkedValue(`${path}/${name}`, node.schema, value)
    if (node.type === 'value' && checked !== undefined) values.push([name, checked])
    // What the schema fills in is nobody's claim.
    if (node.type === 'contested' && value !== undefined) contested.push([name, checked])
  }
  return { values, texts, contested }
}
