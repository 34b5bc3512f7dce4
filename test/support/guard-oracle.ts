/**
 * What an update does, found out by doing it: to a copy of the room, and to a copy that collects no garbage, for some of
 * what is wrong shows there only. Slow, and knows nothing of how the guard decides.
 *
 * Two looks at the copies. By visible content of each place: what people see. By ids, tombstones included: what a struct
 * does that loses at once, or is deleted by the update that brings it, and will not be seen before another time.
 */
import * as Y from 'yjs'
import type { StoragePlace, WriteScope } from '../../schema/access.ts'

export interface Writer {
  readonly scope: WriteScope
  readonly userId: string
  ownerOf(client: number): string | undefined
}

export interface Effects {
  /** `waits`: for content that is not there; `fails`: Yjs throws. */
  readonly outcome: 'integrates' | 'waits' | 'fails'
  readonly hasChanges: boolean
  /** What the writer may not, in words; null: all of it is allowed. */
  readonly offence: string | null
}

/** A room as the oracle holds it: nothing is written to it. */
export interface Held {
  readonly collecting: Y.Doc
  readonly keeping: Y.Doc
}

export const replicaOf = (document: Y.Doc): Y.Doc => {
  const replica = new Y.Doc({ guid: 'room', gc: document.gc })
  Y.applyUpdate(replica, Y.encodeStateAsUpdate(document))
  return replica
}

export const effectsOf = (held: Held, update: Uint8Array, writer: Writer): Effects => {
  const offences: string[] = []
  let hasChanges = false
  for (const before of [held.collecting, held.keeping]) {
    const after = replicaOf(before)
    // A copy may have the items of a liar's list in another order than the room.
    const old = contentOf(after)
    const outcome = applied(after, update)
    if (outcome !== 'integrates') return { outcome, hasChanges: true, offence: null }
    if (Y.equalSnapshots(Y.snapshot(before), Y.snapshot(after))) continue
    hasChanges = true
    offences.push(...visibleOffences(old, contentOf(after), writer), ...structOffences(before, after, writer))
  }
  return { outcome: 'integrates', hasChanges, offence: offences[0] ?? null }
}

const applied = (document: Y.Doc, update: Uint8Array): Effects['outcome'] => {
  try {
    Y.applyUpdate(document, update)
  } catch {
    return 'fails'
  }
  const { pendingStructs, pendingDs } = document.store
  return pendingStructs === null && pendingDs === null ? 'integrates' : 'waits'
}

const visibleOffences = (
  old: ReadonlyMap<string, string>,
  now: ReadonlyMap<string, string>,
  { scope }: Writer
): string[] =>
  [...new Set([...old.keys(), ...now.keys()])]
    .filter((key) => old.get(key) !== now.get(key) && !scope.allows(JSON.parse(key)))
    .map((key) => `changes what is seen at ${key}`)

const structOffences = (before: Y.Doc, after: Y.Doc, { scope, userId, ownerOf }: Writer): string[] => {
  const offences: string[] = []
  const judge = (struct: Y.Item | Y.GC, what: string): void => {
    const { client, clock } = struct.id
    if (scope.isNone) offences.push(`${what} ${client}:${clock}, and may write nothing`)
    if (!(struct instanceof Y.Item)) return
    if (struct.content instanceof Y.ContentDoc) offences.push(`${what} a document within the document`)
    const place = placeOf(after, struct)
    // Below something deleted there is nothing to see, now or later.
    if (place !== null && !scope.allows(place))
      offences.push(`${what} ${client}:${clock} at ${JSON.stringify(place)}`)
  }
  for (const [client, structs] of after.store.clients) {
    const known = Y.getState(before.store, client)
    const owner = ownerOf(client)
    if (Y.getState(after.store, client) > known && !scope.isFull && owner !== undefined && owner !== userId)
      offences.push(`writes under the client ${client} of ${owner}`)
    for (const struct of structs) {
      if (struct instanceof Y.Skip) offences.push(`leaves a gap at ${client}:${struct.id.clock}`)
      else if (struct.id.clock + struct.length > known) judge(struct, 'writes')
      else if (struct.deleted && isAlive(before, struct)) judge(struct, 'deletes')
    }
  }
  return offences
}

/** Is any part of it there, and not deleted? */
const isAlive = (document: Y.Doc, { id, length }: Y.Item | Y.GC): boolean => {
  const structs = document.store.clients.get(id.client) ?? []
  for (let at = Y.findIndexSS(structs, id.clock); at < structs.length; at++) {
    const struct = structs[at]
    if (struct === undefined || struct.id.clock >= id.clock + length) return false
    if (!struct.deleted) return true
  }
  return false
}

// What a list or map holds makes no difference here.
type Parent = Y.AbstractType<unknown>

/** null: it stands below something deleted. */
const placeOf = (document: Y.Doc, item: Y.Item): StoragePlace | null => {
  const keys: (string | null)[] = []
  let at: Y.Item | null = item
  let parent: Parent | null = null
  while (at !== null) {
    if (at !== item && at.deleted) return null
    keys.unshift(at.parentSub)
    // What did integrate has a type for a parent.
    parent = at.parent as Parent
    at = parent._item
  }
  for (const [name, root] of document.share) {
    if (root === parent) return placeIn(name, keys)
  }
  throw new Error(`${item.id.client}:${item.id.clock} stands in no root`)
}

/** @param keys from the root down; null where the parent is a list */
const placeIn = (root: string, keys: readonly (string | null)[]): StoragePlace => {
  const [key = '', ...path] = root.split('/')
  for (const next of keys) {
    if (next === null) break
    path.push(next)
  }
  return { key, id: path[0] ?? null, field: path[1] ?? null }
}

/** What is seen at each place, by the place as JSON. */
export const contentOf = (document: Y.Doc): Map<string, string> => {
  const content = new Map<string, string>()
  const add = (place: StoragePlace, what: string): void => {
    const { key, id, field } = place
    const at = JSON.stringify({ key, id, field })
    content.set(at, `${content.get(at) ?? ''}${what}`)
  }
  const walk = (root: string, type: Parent, keys: readonly string[]): void => {
    const list = listOf(type)
    if (list !== '') add(placeIn(root, keys), list)
    for (const [key, item] of entriesOf(type)) {
      const place = placeIn(root, [...keys, key])
      if (item.content instanceof Y.ContentType && root.split('/').length + keys.length < 3) {
        add(place, `<${item.content.type.constructor.name}>`)
        walk(root, item.content.type as Parent, [...keys, key])
      } else add(place, `${key}=${describe(item)}`)
    }
  }
  for (const [root, type] of document.share) walk(root, type as Parent, [])
  return new Map([...content].sort(([a], [b]) => (a < b ? -1 : 1)))
}

const entriesOf = (type: Parent): [string, Y.Item][] =>
  [...type._map].filter(([, item]) => !item.deleted).sort(([a], [b]) => (a < b ? -1 : 1))

/** Marks of formats are seen by what they do to the letters behind them. */
const listOf = (type: Parent): string => {
  let list = ''
  let shown = ''
  const formats = new Map<string, unknown>()
  for (let item = type._start; item !== null; item = item.right) {
    if (item.deleted) continue
    const { content } = item
    if (content instanceof Y.ContentFormat) {
      if (content.value === null) formats.delete(content.key)
      else formats.set(content.key, content.value)
      continue
    }
    const now = JSON.stringify([...formats].sort())
    list += `${now === shown ? '' : now}${describe(item)}`
    shown = now
  }
  return list
}

const describe = ({ content }: Y.Item): string => {
  if (content instanceof Y.ContentString) return content.str
  if (content instanceof Y.ContentType) {
    const type = content.type as Parent
    const entries = entriesOf(type).map(([key, item]) => `${key}=${describe(item)}`)
    return `<${type.constructor.name} ${entries} ${listOf(type)}>`
  }
  if (content instanceof Y.ContentDoc) return `[doc ${content.doc.guid}]`
  return content
    .getContent()
    .map((value) => `[${typeof value === 'bigint' ? `${value}n` : JSON.stringify(value)}]`)
    .join('')
}
