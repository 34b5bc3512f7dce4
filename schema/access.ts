/**
 * Who may do what in a room: roles × paths, read by the server's write guard and by the client alike.
 *
 * A path names a storage key, and what of it: `items` all of it, `items/own` the entries whose key is one's own (see
 * `userKey`), `items/*` + `/name` the field `name` of every entry.
 */
import { isOwnKey, userKey } from './storage-words.ts'

export type WritePaths = '*' | readonly string[]

/** What one role may do. Whatever is left out, it may not; but everybody with a role may read, unless `read` is false. */
export interface RoleRules {
  readonly read?: boolean
  readonly write?: WritePaths
  readonly comment?: boolean
  /** May give and take roles, invite and remove people, and read the audit of the room. The first role always may. */
  readonly manage?: boolean
  /** Roles that this one may take for a limited time, with a reason. */
  readonly mayTake?: readonly string[]
  /** Below what the server's configuration allows. */
  readonly limits?: RoleLimits
}

export interface RoleLimits {
  readonly framesPerSecond?: number
  readonly bytesPerSecond?: number
}

/** Where something stands in a room's storage. `id` and `field` are null where the storage has no such level. */
export interface StoragePlace {
  readonly key: string
  readonly id: string | null
  readonly field: string | null
}

/** What a role and user may write, ready to be asked often. */
export interface WriteScope {
  /** Everything: whoever may write all of a document may also bring what others wrote. */
  readonly isFull: boolean
  /** Nothing at all. */
  readonly isNone: boolean
  allows(place: StoragePlace): boolean
}

export type Action = 'read' | 'write' | 'comment' | 'manage'

interface Rules {
  readonly roles: readonly string[]
  readonly access: Readonly<Record<string, RoleRules>>
}

export const adminRole = 'admin'

const everywhere: WriteScope = { isFull: true, isNone: false, allows: () => true }
const nowhere: WriteScope = { isFull: false, isNone: true, allows: () => false }

/** @param userId whose keys are `own` */
export const writeScope = (rules: Rules, role: string, userId: string): WriteScope => {
  const write = role === adminRole ? '*' : (rules.access[role]?.write ?? [])
  if (write === '*') return everywhere
  if (write.length === 0) return nowhere
  const paths = write.map(toPlace)
  return {
    isFull: false,
    isNone: false,
    allows: (place) => paths.some((path) => covers(path, place, userId))
  }
}

/**
 * May this role do it? Without a path: may it do so anywhere.
 *
 * @param path as in `items`, `items/<id>`, `items/<id>/<field>`; `own` for `<id>` stands for what is one's own
 */
export const can = (
  rules: Rules,
  who: { readonly role: string; readonly userId: string },
  action: Action,
  path?: string
): boolean => {
  const { role } = who
  if (role === adminRole) return true
  const own = rules.access[role]
  if (own === undefined || own.read === false) return false
  if (action === 'read') return true
  if (action === 'comment') return own.comment ?? false
  if (action === 'manage') return (own.manage ?? false) || role === rules.roles[0]
  const scope = writeScope(rules, role, who.userId)
  return path === undefined ? !scope.isNone : scope.allows(placeOf(path, who.userId))
}

/** `own`, and the plain id of whoever asks, stand for their key. */
const placeOf = (path: string, userId: string): StoragePlace => {
  const place = toPlace(path)
  return place.id === 'own' || place.id === userId ? { ...place, id: userKey(userId) } : place
}

/** The first role is the highest; `admin` stands above all, and a role that the kind does not have below. */
export const rankOf = (roles: readonly string[], role: string): number => {
  if (role === adminRole) return -1
  const rank = roles.indexOf(role)
  return rank === -1 ? roles.length : rank
}

export const toPlace = (path: string): StoragePlace => {
  const [key = '', id = null, field = null] = path.split('/')
  return { key, id, field }
}

const covers = (path: StoragePlace, place: StoragePlace, userId: string): boolean => {
  if (path.key !== place.key) return false
  if (path.id === null) return true
  if (place.id === null) return false
  if (path.id === 'own' && !isOwnKey(place.id, userId)) return false
  return path.field === null || path.field === place.field
}
