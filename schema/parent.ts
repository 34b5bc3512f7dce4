/** Rooms that belong to a room: whoever has a role there has one here, and nobody has to be invited twice. */
import { idOf, kindOf, parseRoomName, type RoomName } from './room-name.ts'

/**
 * How the name of a room says which room it belongs to. For the parent `form/42`:
 *
 * | id     | name                     |                                            |
 * |--------|--------------------------|--------------------------------------------|
 * | `same` | `ceremony/42`            | one for each room of the one parent kind   |
 * | `kind` | `comments/form:42`       | one for each room of several parent kinds  |
 * | `rest` | `response/42~x7k2`       | any number                                 |
 * | `user` | `swipes/42~ana`          | one for each person; the last part is `userPart` of their id |
 */
export interface ParentRule<R extends string = string> {
  readonly kinds: readonly string[]
  readonly id: 'same' | 'kind' | 'rest' | 'user'
  /** The role here of whoever has a role there; roles that are left out have none here. */
  readonly roles: Readonly<Record<string, R>>
  /** With `user`: the role of the person that the name says, if they have any role in the parent. */
  readonly own?: R
  /** Roles of the parent whose people have a room of their own; left out: all. */
  readonly owners?: readonly string[]
  /** What somebody has taken there for a limited time counts for nothing here. */
  readonly lastingOnly?: boolean
  /** Roles of the parent that may create a room of this kind; left out: those that `roles` names. */
  readonly creators?: readonly string[]
}

export interface Parent {
  readonly room: RoomName
  /** The last part of the name: null where the rule has none. */
  readonly rest: string | null
}

const separator = '~'

/** The room that a room belongs to; null: the name does not say one, so it is no room of this kind. */
export const parentOf = ({ kinds, id }: ParentRule, name: RoomName): Parent | null => {
  const own = idOf(name)
  if (id === 'same') return toParent(`${kinds[0]}/${own}`, null)
  if (id === 'kind') {
    const room = parseRoomName(own.replace(':', '/'))
    return room !== null && kinds.includes(kindOf(room)) ? { room, rest: null } : null
  }
  const at = own.lastIndexOf(separator)
  const rest = own.slice(at + 1)
  return at < 1 || rest === '' ? null : toParent(`${kinds[0]}/${own.slice(0, at)}`, rest)
}

/** The name of a room that belongs to `parent`. @param rest for `rest` and `user` the last part; see `userPart` */
export const childName = (kind: string, { id }: ParentRule, parent: RoomName, rest = ''): RoomName => {
  const own = id === 'kind' ? parent.replace('/', ':') : idOf(parent)
  const name = parseRoomName(`${kind}/${own}${id === 'rest' || id === 'user' ? `${separator}${rest}` : ''}`)
  if (name === null)
    throw new RangeError(`no room of kind ${kind} can belong to ${parent} as ${JSON.stringify(rest)}`)
  return name
}

/** A user id as the last part of a room name: percent-encoded with `.` for `%`, which names may not hold. */
export const userPart = (userId: string): string =>
  encodeURIComponent(userId)
    .replace(/[.~!*'()]/g, (letter) => `%${letter.charCodeAt(0).toString(16).toUpperCase()}`)
    .replaceAll('%', '.')

const toParent = (text: string, rest: string | null): Parent | null => {
  const room = parseRoomName(text)
  return room === null ? null : { room, rest }
}
