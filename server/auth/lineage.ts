import type { RoomDefinition } from '../../schema/define-room.ts'
import { RoomlogError } from '../../schema/error-codes.ts'
import { parentOf } from '../../schema/parent.ts'
import { kindOf, type RoomName } from '../../schema/room-name.ts'

/** A room, with what its name says of its place among the others. */
export interface Ancestor {
  readonly room: RoomName
  readonly definition: RoomDefinition
  /** The last part of its name, where its kind has one. */
  readonly rest: string | null
}

/** The room itself, then the one that it belongs to, and so on. */
export type Lineage = readonly [Ancestor, ...Ancestor[]]

/** A comment thread of a response to a form is three deep; kinds that belong to each other in a circle end here. */
const depthMax = 4

/** @throws RoomlogError 'kind-unknown'; 'room-name-invalid' where the kind asks for a parent that the name does not say */
export const lineageOf = (kinds: ReadonlyMap<string, RoomDefinition>, room: RoomName): Lineage => {
  const [first, parent] = ancestor(kinds, room)
  const lineage: [Ancestor, ...Ancestor[]] = [first]
  for (let next = parent; next !== null; ) {
    if (lineage.length === depthMax)
      throw new RoomlogError('room-name-invalid', `${room} belongs to more than ${depthMax - 1} rooms`)
    const [each, above] = ancestor(kinds, next)
    lineage.push(each)
    next = above
  }
  return lineage
}

const ancestor = (
  kinds: ReadonlyMap<string, RoomDefinition>,
  room: RoomName
): readonly [Ancestor, RoomName | null] => {
  const definition = kinds.get(kindOf(room))
  if (definition === undefined)
    throw new RoomlogError('kind-unknown', `${room}: the kinds are ${[...kinds.keys()].join(', ')}`)
  if (definition.parent === null) return [{ room, definition, rest: null }, null]
  const parent = parentOf(definition.parent, room)
  if (parent === null)
    throw new RoomlogError(
      'room-name-invalid',
      `${room} does not say which ${definition.parent.kinds.join(' or ')} it belongs to`
    )
  return [{ room, definition, rest: parent.rest }, parent.room]
}
