/** The writable side of a single field: a value, a text, a contested value, or a fixed set of them. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import type * as Y from 'yjs'
import { checkValue } from './check-value.ts'
import { now } from './clock.ts'
import { type Contest, type ContestedValue, showContested, toClaim } from './contested.ts'
import type { RoomDefinition } from './define-room.ts'
import type { LiveContested, LiveText, LiveValue, Rewritable, Write, Writer } from './live-storage.ts'
import { StorageError } from './storage-error.ts'
import type { ContestedNode, FieldNode, Fields } from './storage-words.ts'
import { isStorageName } from './storage-words.ts'
import { diffText, type TextChange } from './text-diff.ts'

/** Where it is written to, how, and by whom. */
export interface Target {
  readonly doc: Y.Doc
  readonly write: Write
  readonly who: Writer
  readonly definition: Pick<RoomDefinition, 'conflict' | 'roles'>
}

export interface Spot {
  /** As in `items/i1/start`, which is also the name of the root, where the field has one. */
  readonly path: string
  /** As in `items/start`: where the field stands in the definition. */
  readonly rulePath: string
  /** The map that holds the field's value, and the key that it has there. */
  readonly map: () => Y.Map<unknown>
  readonly key: string
}

export const liveField = (target: Target, node: FieldNode, spot: Spot): unknown => {
  switch (node.type) {
    case 'value':
      return liveValue(target, node.schema, spot)
    case 'text':
      return liveText(target, spot.path)
    case 'contested':
      return liveContested(target, spot.path, contestOf(target, spot.rulePath, node))
  }
}

/** @param map that of the entry, or of the object */
export const liveFields = (
  target: Target,
  fields: Fields,
  at: { readonly path: string; readonly rulePath: string; readonly map: () => Y.Map<unknown> }
): Record<string, unknown> =>
  Object.fromEntries(
    Object.entries(fields).map(([name, node]) => [
      name,
      liveField(target, node, {
        path: `${at.path}/${name}`,
        rulePath: `${at.rulePath}/${name}`,
        map: at.map,
        key: name
      })
    ])
  )

export const liveText = ({ doc, write }: Target, name: string): LiveText => {
  const text = (): Y.Text => doc.getText(name)
  return {
    name,
    get y() {
      return text()
    },
    toString: () => text().toString(),
    replace: (next) =>
      write(
        () => {
          const change = diffText(text().toString(), next)
          if (change !== null) applyTextChange(text(), change)
        },
        { paths: [name] }
      ),
    type: (stroke) => write(() => applyTextChange(text(), stroke), { paths: [name], typedInto: name })
  }
}

/** Inserts first, so that the caret of somebody at the replaced place stays behind the new text. */
export const applyTextChange = (text: Y.Text, { index, remove, insert }: TextChange): void => {
  if (insert !== '') text.insert(index, insert)
  if (remove > 0) text.delete(index + insert.length, remove)
}

const liveValue = (
  { write }: Target,
  schema: StandardSchemaV1,
  { path, map, key }: Spot
): LiveValue<unknown> => ({
  get: () => {
    const stored = checkValue(schema, map().get(key))
    if (stored.ok) return stored.value
    const initial = checkValue(schema, undefined)
    if (!initial.ok) throw new StorageError(path, stored.detail, map().get(key))
    return initial.value
  },
  set: (value) => {
    const checked = checkedValue(path, schema, value)
    write(() => put(map(), key, checked), { paths: [path] })
  }
})

export const contestOf = ({ definition }: Target, rulePath: string, { schema }: ContestedNode): Contest => ({
  rule: definition.conflict[rulePath] ?? 'last',
  roles: definition.roles,
  schema
})

const liveContested = (target: Target, path: string, contest: Contest): LiveContested<unknown> => {
  const claims = liveClaims(target, path, contest)
  return {
    get: () => {
      const shown = claims.shown()
      if (shown === null) throw new StorageError(path, 'nobody has written it', undefined)
      return shown
    },
    set: claims.set,
    resolve: claims.set
  }
}

/** The claims of one contested value, by the name of their root. */
export const liveClaims = ({ doc, write, who }: Target, name: string, contest: Contest) => {
  const root = (): Y.Array<unknown> => doc.getArray(name)
  const shownOf = (stored: readonly unknown[]): ContestedValue<unknown> | null => {
    const known = showContested(stored, contest)
    return known.ok ? known.value : null
  }
  const shown = () => shownOf(root().toArray())
  const claim = (value: unknown): void => root().push([toClaim(value, who, who.at ?? now())])
  const rewrites: Rewritable = {
    name,
    shown: () => claimed(shown()),
    shownOf: (claims) => claimed(shownOf(claims)),
    claim: (value) => write(() => claim(value), { paths: [name] })
  }
  // What this replica does not see stays: whoever wrote it did not know of this either.
  const clear = (): void => root().delete(0, root().length)
  return {
    shown,
    set: (value: unknown): void => {
      const checked = checkedValue(name, contest.schema, value)
      const set = (): void => {
        clear()
        claim(checked)
      }
      write(set, { paths: [name], rewrites })
    },
    remove: (): void => write(clear, { paths: [name], rewrites })
  }
}

const claimed = (shown: ContestedValue<unknown> | null): { readonly value: unknown } | null =>
  shown === null || shown.claims.length === 0 ? null : { value: shown.value }

export const checkedValue = (path: string, schema: StandardSchemaV1, value: unknown): unknown => {
  const checked = checkValue(schema, value)
  if (!checked.ok) throw new StorageError(path, checked.detail, value)
  return checked.value
}

export const checkId = (key: string, id: string): void => {
  if (!isStorageName(id)) throw new StorageError(`${key}/${id}`, 'no id: letters, without a slash', id)
}

/** A Y.Map keeps `undefined`, JSON does not: no value is no entry. */
export const put = (map: Y.Map<unknown>, key: string, value: unknown): void => {
  if (value === undefined) map.delete(key)
  else map.set(key, value)
}
