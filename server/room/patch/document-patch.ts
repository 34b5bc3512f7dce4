/**
 * JSON Patch on a free document, whose kind says nothing of what it holds: maps, lists and texts are edited as what
 * they are, at the places that the patch names. New objects and lists become shared types.
 */
import * as Y from 'yjs'
import { RoomlogError } from '../../../schema/error-codes.ts'
import { isObject, isSameJson } from '../../../schema/json.ts'
import {
  endOfList,
  type JsonPatch,
  type Operation,
  type Pointer,
  toIndex
} from '../../../schema/json-patch.ts'
import { applyTextChange } from '../../../schema/live-fields.ts'
import {
  type Conflict,
  mergeValue,
  type Strategy,
  type Three,
  toConflict
} from '../../../schema/merge-record.ts'
import { diffText } from '../../../schema/text-diff.ts'
import { formOfRoot, type RootForm } from '../document-json.ts'
import { change, type Leaf, leaves, readAt } from './json-tree.ts'

/**
 * Applies a patch that was tried on JSON before.
 *
 * @param three the document as JSON: as it was when the patch was made, as it is, and as the patch makes of the former
 * @returns what cannot be decided: with any conflict nothing was done
 * @throws RoomlogError 'patch-failed' for what JSON allows and a Yjs document does not
 */
export const patchDocument = (
  document: Y.Doc,
  patch: JsonPatch,
  three: Three,
  strategy: Strategy
): readonly Conflict[] => {
  const settled = new Map<string, unknown>()
  const conflicts = new Map<string, Conflict>()
  const left = patch.filter((operation) => {
    if (operation.op === 'test') return false
    const units = unitsOf(operation, three.base).filter((unit) => !isUnchanged(three, unit))
    for (const unit of units) {
      const values = threeAt(three, unit)
      const merged = mergeValue(values, { strategy, isText: units.length === 1 && isTextAt(document, unit) })
      if (merged === null) conflicts.set(unit.join('/'), toConflict(unit.join('/'), values))
      else if (strategy !== 'last') settled.set(JSON.stringify(unit), merged.value)
    }
    return units.length === 0 || strategy === 'last'
  })
  if (conflicts.size > 0) return [...conflicts.values()]
  document.transact(() => {
    for (const [unit, value] of settled) settle(document, JSON.parse(unit), value)
    for (const operation of left) apply(document, operation)
  })
  return []
}

/**
 * The places that an operation depends on. An index means something only in the list that it was made for, so the list
 * is the place; what is put at its end is the same in any.
 */
const unitsOf = (operation: Operation, base: unknown): readonly Pointer[] => {
  const pointers = 'from' in operation ? [operation.from, operation.path] : [operation.path]
  return pointers.flatMap((pointer) => {
    for (const [depth] of pointer.entries()) {
      if (!Array.isArray(readAt(base, pointer.slice(0, depth)))) continue
      return pointer[depth] === endOfList && depth === pointer.length - 1 ? [] : [pointer.slice(0, depth)]
    }
    return [pointer]
  })
}

const isUnchanged = ({ base, theirs }: Three, unit: Pointer): boolean =>
  isSameJson(readAt(base, unit), readAt(theirs, unit))

const threeAt = ({ base, theirs, mine }: Three, unit: Pointer): Three => ({
  base: readAt(base, unit),
  theirs: readAt(theirs, unit),
  mine: readAt(mine, unit)
})

const isTextAt = (document: Y.Doc, pointer: Pointer): boolean => find(document, pointer) instanceof Y.Text

const settle = (document: Y.Doc, unit: Pointer, value: unknown): void => {
  const text = find(document, unit)
  if (text instanceof Y.Text && typeof value === 'string') replaceText(text, value)
}

const apply = (document: Y.Doc, operation: Operation): void => {
  const { op, path } = operation
  switch (op) {
    case 'add':
    case 'replace':
      return write(document, path, op, operation.value)
    case 'remove':
      return write(document, path, 'remove', undefined)
    case 'copy':
      return write(document, path, 'add', taken(document, operation.from))
    case 'move': {
      const value = taken(document, operation.from)
      write(document, operation.from, 'remove', undefined)
      return write(document, path, 'add', value)
    }
    case 'test':
      return
  }
}

type Act = 'add' | 'replace' | 'remove'

/** A value that goes to another place: as it is stored there, and as JSON. */
class Carried {
  readonly stored: unknown
  readonly json: unknown

  constructor(stored: unknown, json: unknown) {
    this.stored = stored
    this.json = json
  }
}

/** Of a shared type a copy, which is another one with the same content. */
const taken = (document: Y.Doc, pointer: Pointer): Carried => {
  const found = find(document, pointer)
  return found instanceof Y.AbstractType
    ? new Carried(found.clone(), found.toJSON())
    : new Carried(found, found)
}

const jsonOf = (value: unknown): unknown => (value instanceof Carried ? value.json : value)

const write = (document: Y.Doc, pointer: Pointer, act: Act, value: unknown): void => {
  const name = pointer.at(-1) ?? ''
  if (pointer.length === 1) return writeRoot(document, name, act, value)
  const { holder, rest } = holderOf(document, pointer)
  if (rest.length > 1) return writeInside(holder, rest, act, value, pointer)
  if (holder instanceof Y.Map) return writeMember(holder, name, act, value)
  if (holder instanceof Y.Array) return writeItem(holder, name, act, value, pointer)
  throw failed(pointer, 'is in no map and no list')
}

const writeMember = (map: Y.Map<unknown>, name: string, act: Act, value: unknown): void => {
  const old = map.get(name)
  const json = jsonOf(value)
  if (act === 'remove') map.delete(name)
  else if (old instanceof Y.Text && typeof json === 'string') replaceText(old, json)
  else map.set(name, toShared(value))
}

const writeItem = (
  list: Y.Array<unknown>,
  step: string,
  act: Act,
  value: unknown,
  pointer: Pointer
): void => {
  const index = step === endOfList ? list.length : toIndex(step)
  const isThere = index !== null && index < list.length + (act === 'add' ? 1 : 0)
  if (!isThere) throw failed(pointer, `is no place in a list of ${list.length}`)
  const old = act === 'replace' ? list.get(index) : undefined
  const json = jsonOf(value)
  if (old instanceof Y.Text && typeof json === 'string') return replaceText(old, json)
  if (act !== 'remove') list.insert(index, [toShared(value)])
  if (act !== 'add') list.delete(act === 'replace' ? index + 1 : index)
}

/** A plain value is replaced as a whole, with what is patched inside of it. */
const writeInside = (holder: unknown, rest: Pointer, act: Act, value: unknown, pointer: Pointer): void => {
  const [name = '', ...inner] = rest
  const leaf: Leaf = act === 'remove' ? leaves.remove : leaves[act](jsonOf(value))
  const changed = change(memberAt(holder, name), inner, leaf)
  if (typeof changed === 'string') throw failed(pointer, changed)
  if (holder instanceof Y.Map) holder.set(name, changed.value)
  else if (holder instanceof Y.Array)
    writeItem(holder, name, 'replace', new Carried(changed.value, null), pointer)
}

/** A root is what it is for as long as the document: its content is replaced. */
const writeRoot = (document: Y.Doc, name: string, act: Act, value: unknown): void => {
  if (act === 'remove') throw failed([name], 'is a root type, which stays: remove what is in it')
  const root = document.share.get(name)
  const json = jsonOf(value)
  const form = root === undefined || isEmpty(root) ? formOf(json) : formOfRoot(root)
  if (form !== formOf(json)) throw failed([name], `is a ${form}, and stays one`)
  if (typeof json === 'string') return replaceText(document.getText(name), json)
  if (Array.isArray(json)) return replaceList(document.getArray(name), json)
  if (isObject(json)) return replaceMap(document.getMap(name), json)
  throw failed([name], 'takes a text, a list or an object')
}

/** It holds nothing that would say what it is. */
const isEmpty = ({ _start, _map }: SharedRoot): boolean => {
  let item = _start
  while (item?.deleted) item = item.right
  return item === null && _map.size === 0
}

type SharedRoot = Parameters<typeof formOfRoot>[0]

const formOf = (json: unknown): RootForm | null => {
  if (typeof json === 'string') return 'text'
  if (Array.isArray(json)) return 'list'
  return isObject(json) ? 'map' : null
}

const replaceText = (text: Y.Text, next: string): void => {
  const edit = diffText(text.toString(), next)
  if (edit !== null) applyTextChange(text, edit)
}

const replaceList = (list: Y.Array<unknown>, items: readonly unknown[]): void => {
  list.insert(0, items.map(toShared))
  list.delete(items.length, list.length - items.length)
}

const replaceMap = (map: Y.Map<unknown>, members: Readonly<Record<string, unknown>>): void => {
  for (const name of [...map.keys()]) if (!Object.hasOwn(members, name)) map.delete(name)
  for (const [name, member] of Object.entries(members)) writeMember(map, name, 'replace', member)
}

const toShared = (value: unknown): unknown => {
  if (value instanceof Carried) return value.stored
  if (Array.isArray(value)) return toList(value)
  if (!isObject(value)) return value
  return new Y.Map(Object.entries(value).map(([name, member]): [string, unknown] => [name, toShared(member)]))
}

const toList = (items: readonly unknown[]): Y.Array<unknown> => {
  const list = new Y.Array<unknown>()
  list.push(items.map(toShared))
  return list
}

/** The innermost shared type on the way, and the steps that are left from there: at least one. */
const holderOf = (
  document: Y.Doc,
  pointer: Pointer
): { readonly holder: unknown; readonly rest: Pointer } => {
  let holder = rootAt(document, pointer[0] ?? '')
  let rest = pointer.slice(1)
  while (rest.length > 1) {
    const next = memberAt(holder, rest[0] ?? '')
    if (!(next instanceof Y.AbstractType)) break
    holder = next
    rest = rest.slice(1)
  }
  return { holder, rest }
}

const find = (document: Y.Doc, pointer: Pointer): unknown => {
  if (pointer.length === 1) return rootAt(document, pointer[0] ?? '')
  const { holder, rest } = holderOf(document, pointer)
  return readAt(memberAt(holder, rest[0] ?? ''), rest.slice(1))
}

const rootAt = (document: Y.Doc, name: string): unknown => {
  const root = document.share.get(name)
  if (root === undefined) return undefined
  switch (formOfRoot(root)) {
    case 'map':
      return document.getMap(name)
    case 'text':
      return document.getText(name)
    case 'list':
      return document.getArray(name)
    case 'xml':
      throw failed([name], 'is XML, which is edited through Yjs')
  }
}

const memberAt = (holder: unknown, name: string): unknown => {
  if (holder instanceof Y.Map) return holder.get(name)
  const index = toIndex(name)
  return holder instanceof Y.Array && index !== null ? holder.get(index) : undefined
}

const failed = (pointer: Pointer, detail: string): RoomlogError =>
  new RoomlogError('patch-failed', `/${pointer.join('/')} ${detail}`, { path: pointer.join('/') })
