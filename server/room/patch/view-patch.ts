/**
 * JSON Patch on the view of a room: what the view would be, worked out on JSON alone, so that a patch is applied as a
 * whole or not at all. What stands inside of a value may be patched; it is written as that whole value.
 */
import type { RoomDefinition } from '../../../schema/define-room.ts'
import { RoomlogError } from '../../../schema/error-codes.ts'
import { isObject, isSameJson, memberOf } from '../../../schema/json.ts'
import { formatPointer, type JsonPatch, type Operation, type Pointer } from '../../../schema/json-patch.ts'
import { change, type Leaf, leaves, readAt } from './json-tree.ts'
import { idOf, locate, type Place, toShown, toWritten } from './view-place.ts'

export interface PatchedView {
  readonly view: unknown
  /** The entries that were put elsewhere, as in `items/i1`. */
  readonly moved: ReadonlySet<string>
}

/**
 * What the view would be. Entries that are new in it have no id; a contested value that was written is a new object.
 *
 * @param definition null: a free document, of which nothing is known
 * @throws RoomlogError 'patch-failed' that names the operation; 'too-large' if it copies too much
 */
export const patchView = (
  definition: RoomDefinition | null,
  view: unknown,
  patch: JsonPatch
): PatchedView => {
  const moved = new Set<string>()
  let copied = 0
  let patched = view
  for (const [index, operation] of patch.entries()) {
    const turn: Turn = {
      definition,
      view: patched,
      moved,
      fail: (pointer, detail) =>
        new RoomlogError('patch-failed', `operation ${index}: ${formatPointer(pointer)} ${detail}`, {
          path: pointer.join('/')
        }),
      copy: (value) => {
        copied += sizeOf(value, copiedMax - copied)
        if (copied >= copiedMax)
          throw new RoomlogError('too-large', `operation ${index}: the patch copies ${copiedMax} values`)
        return value
      }
    }
    patched = applyOperation(turn, operation)
  }
  return { view: patched, moved }
}

/** Copies of copies grow without end. */
const copiedMax = 100_000

interface Turn {
  readonly definition: RoomDefinition | null
  readonly view: unknown
  readonly moved: Set<string>
  fail(pointer: Pointer, detail: string): RoomlogError
  /** @throws RoomlogError 'too-large' */
  copy(value: unknown): unknown
}

const applyOperation = (turn: Turn, operation: Operation): unknown => {
  const { op, path } = operation
  switch (op) {
    case 'test':
      if (isSameJson(read(turn, path).value, operation.value)) return turn.view
      throw turn.fail(path, 'is not what the test says')
    case 'add':
      return add(turn, path, operation.value)
    case 'replace':
      return replace(turn, path, operation.value)
    case 'remove':
      return write(turn, path, () => leaves.remove)
    case 'copy': {
      const { place, value } = read(turn, operation.from)
      return add(turn, path, turn.copy(toWritten(place.what, value)))
    }
    case 'move':
      return move(turn, operation.from, path)
  }
}

const add = (turn: Turn, path: Pointer, value: unknown): unknown =>
  write(turn, path, ({ what }) => {
    assertFields(turn, path, what, value, null)
    return leaves.add(toShown(what, value))
  })

const replace = (turn: Turn, path: Pointer, value: unknown): unknown =>
  write(turn, path, ({ what, steps }) => {
    const id = what.type === 'entry' ? idOf(readAt(turn.view, steps)) : null
    assertFields(turn, path, what, value, id)
    const shown = toShown(what, value)
    return leaves.replace(id !== null && isObject(shown) ? { ...shown, id } : shown)
  })

/** An entry that is moved within its list stays the same one. */
const move = (turn: Turn, from: Pointer, path: Pointer): unknown => {
  const { place, value } = read(turn, from)
  const without = { ...turn, view: write(turn, from, () => leaves.remove) }
  const isWithinList = place.what.type === 'entry' && path.length === 2 && from[0] === path[0]
  if (!isWithinList) return add(without, path, toWritten(place.what, value))
  const id = idOf(value)
  if (id !== null) turn.moved.add(`${from[0]}/${id}`)
  return write(without, path, () => leaves.add(value))
}

const read = (turn: Turn, pointer: Pointer): { readonly place: Place; readonly value: unknown } => {
  const place = placeOf(turn, pointer)
  const value = readAt(turn.view, place.steps)
  if (value === undefined) throw turn.fail(pointer, 'is not there')
  return { place, value }
}

const write = (turn: Turn, pointer: Pointer, toLeaf: (place: Place) => Leaf): unknown => {
  const place = placeOf(turn, pointer)
  if (place.fixed !== null) throw turn.fail(pointer, place.fixed)
  const changed = change(turn.view, place.steps, toLeaf(place))
  if (typeof changed === 'string') throw turn.fail(pointer, changed)
  return changed.value
}

const placeOf = (turn: Turn, pointer: Pointer): Place => {
  const place = locate(turn.definition, turn.view, pointer)
  if (typeof place === 'string') throw turn.fail(pointer, place)
  return place
}

/** @param id that of the entry which is replaced: the new value may repeat it */
const assertFields = (
  turn: Turn,
  pointer: Pointer,
  what: Place['what'],
  value: unknown,
  id: string | null
): void => {
  if (what.type !== 'object' && what.type !== 'entry') return
  if (!isObject(value)) throw turn.fail(pointer, 'takes an object')
  const isEntry = what.type === 'entry'
  const given = memberOf(value, 'id')
  if (isEntry && given !== undefined && given !== id)
    throw turn.fail(pointer, 'cannot be given an id: entries get theirs when they are made')
  const stranger = Object.keys(value).find(
    (name) => !Object.hasOwn(what.fields, name) && !(isEntry && name === 'id')
  )
  if (stranger !== undefined) throw turn.fail([...pointer, stranger], 'is not there: no such field')
}

const sizeOf = (value: unknown, max: number): number => {
  if (typeof value !== 'object' || value === null) return 1
  let size = 1
  for (const item of Object.values(value)) {
    if (size >= max) break
    size += sizeOf(item, max - size)
  }
  return size
}
