/**
 * What a kind of room is: its storage, its presence, its roles and what they may do. A definition is a value that
 * server and client import alike; every type of the SDK is derived from it.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { adminRole, type RoleRules } from './access.ts'
import type { Action, Creation, Derivation, Idleness } from './behaviour.ts'
import type { ConflictRule } from './contested.ts'
import type { ParentRule } from './parent.ts'
import {
  type AllInitial,
  type CollectionNode,
  type ContestedNode,
  type Fields,
  isStorageName,
  type ObjectNode,
  type RecordNode,
  type StorageNode,
  type StorageShape
} from './storage-words.ts'

export interface RoomDefinition<
  St extends StorageShape = StorageShape,
  P = unknown,
  R extends string = string
> {
  /** The part of a room name before the slash. */
  readonly kind: string
  /** From the highest to the lowest: the first is the owner's. */
  readonly roles: readonly R[]
  /** What each role may do. */
  readonly access: Readonly<Record<string, RoleRules>>
  /** The role of a guest, on a server where no auth is configured. */
  readonly guests: R
  /** The role of whoever creates a room. */
  readonly creator: R
  readonly storage: St
  /** What a connection says of itself; less than 1 kB, for it goes to everybody at each change. */
  readonly presence: StandardSchemaV1<unknown, P>
  /** The events of the room's log, by name. */
  readonly events: Readonly<Record<string, StandardSchemaV1>>
  /** The rule of each contested value, by its path as in `items/start`. */
  readonly conflict: Readonly<Record<string, ConflictRule>>
  /** null: rooms of this kind stand for themselves. */
  readonly parent: ParentRule<R> | null
  /** null: a room begins empty, with the first thing that is written to it. */
  readonly create: Creation<St> | null
  readonly actions: Readonly<Record<string, Action<St>>>
  readonly derive: Derivation<St> | null
  readonly idle: Idleness<St> | null
}

/** A rule for any contested value of a storage, by its path or its own name. */
export type ConflictRules<St extends StorageShape> = {
  readonly [P in ContestedPath<St>]?: ConflictRule<ContestedAt<St, P>>
}

type ContestedPath<St extends StorageShape> = {
  [K in keyof St & string]: St[K] extends ContestedNode | RecordNode<ContestedNode>
    ? K
    : St[K] extends ObjectNode<infer F> | CollectionNode<infer F>
      ? ContestedField<F> | `${K}/${ContestedField<F>}`
      : never
}[keyof St & string]

type ContestedField<F extends Fields> = {
  [N in keyof F & string]: F[N] extends ContestedNode ? N : never
}[keyof F & string]

/** What stands at a path; where several fields have one name, what any of them holds. */
type ContestedAt<St extends StorageShape, P extends string> = {
  [K in keyof St & string]: St[K] extends ContestedNode<infer S> | RecordNode<ContestedNode<infer S>>
    ? P extends K
      ? StandardSchemaV1.InferOutput<S>
      : never
    : St[K] extends ObjectNode<infer F> | CollectionNode<infer F>
      ? ContestedIn<F, P extends `${K}/${infer N}` ? N : P>
      : never
}[keyof St & string]

type ContestedIn<F extends Fields, N extends string> = N extends keyof F
  ? F[N] extends ContestedNode<infer S>
    ? StandardSchemaV1.InferOutput<S>
    : never
  : never

/** The schema of what each action takes. */
type ActionInputs = Readonly<Record<string, StandardSchemaV1>>

/** What `defineRoom` takes. Only kind, roles, storage and presence have to be said. */
export interface RoomSpec<
  St extends StorageShape,
  P extends StandardSchemaV1,
  R extends string,
  Inputs extends ActionInputs = ActionInputs,
  Made extends StandardSchemaV1 = StandardSchemaV1,
  Child extends StorageShape = StorageShape
> {
  readonly kind: string
  readonly roles: readonly R[]
  /** Left out: every role may write everything, but `readers`. With it, a role may write what it names, and no more. */
  readonly access?: { readonly [Role in R]?: RoleRules }
  /** Roles that may read and not write, where `access` does not say it. */
  readonly readers?: readonly R[]
  /** The role of a guest, on a server where no auth is configured; left out: the last one. */
  readonly guests?: R
  /** The role of whoever creates a room; left out: the first one. */
  readonly creator?: R
  readonly storage: St & AllInitial<St>
  readonly presence: P
  readonly events?: Readonly<Record<string, StandardSchemaV1>>
  /** By path (`items/start`) or by the field's own name; left out: `last`. */
  readonly conflict?: ConflictRules<NoInfer<St>>
  readonly parent?: ParentRule<R>
  readonly create?: Creation<St, Made>
  readonly actions?: { readonly [Name in keyof Inputs]: Action<St, Inputs[Name], R> }
  readonly derive?: Derivation<St, Child>
  readonly idle?: Idleness<St>
}

/**
 * Checks a definition and gives it back typed.
 *
 * @throws TypeError that names what is wrong and where: definitions are checked when the module is loaded
 */
export const defineRoom = <
  St extends StorageShape,
  P extends StandardSchemaV1,
  const R extends readonly string[],
  Inputs extends ActionInputs = Readonly<Record<never, never>>,
  Made extends StandardSchemaV1 = StandardSchemaV1,
  Child extends StorageShape = StorageShape
>(
  spec: RoomSpec<St, P, NoInfer<R[number]>, Inputs, Made, Child> & { readonly roles: R }
): RoomDefinition<St, StandardSchemaV1.InferOutput<P>, R[number]> => {
  const { kind, storage } = spec
  const stranger = Object.keys(spec).find((key) => !words.has(key))
  if (stranger !== undefined)
    throw new TypeError(`${kind}: a kind has no ${stranger}; it may say ${[...words].join(', ')}`)
  checkNames(spec)
  const access = toAccess(spec)
  checkAccess(kind, storage, spec.roles, access)
  for (const [key, node] of Object.entries<StorageNode>(storage))
    checkNode(`${kind}.storage.${key}`, key, node)
  // The schema's declared output is what its validator returns: the library states it in a phantom type only.
  const presence = spec.presence as StandardSchemaV1<unknown, StandardSchemaV1.InferOutput<P>>
  const [first] = spec.roles
  return {
    kind,
    roles: spec.roles,
    access,
    guests: spec.guests ?? spec.roles.at(-1) ?? first ?? '',
    creator: spec.creator ?? first ?? '',
    storage,
    presence,
    events: spec.events ?? {},
    // A rule is asked only of what the schema of its field has checked.
    conflict: toConflict(kind, storage, (spec.conflict ?? {}) as Readonly<Record<string, ConflictRule>>),
    parent: spec.parent ?? null,
    create: spec.create ?? null,
    actions: spec.actions ?? {},
    derive: spec.derive ?? null,
    idle: spec.idle ?? null
  }
}

const words: ReadonlySet<string> = new Set([
  'kind',
  'roles',
  'access',
  'readers',
  'guests',
  'creator',
  'storage',
  'presence',
  'events',
  'conflict',
  'parent',
  'create',
  'actions',
  'derive',
  'idle'
])

/** The role is one of the definition's, or `admin`, which is one everywhere. */
export const isRole = <R extends string>(
  definition: { readonly roles: readonly R[] },
  role: string
): role is R | 'admin' => role === 'admin' || definition.roles.some((known) => known === role)

/**
 * The role that whoever creates a room has in it as a member; null: the room belongs to another one, and there is one
 * for all or one for each, so nobody is its owner for having been first.
 */
export const creatorRole = ({ parent, creator }: RoomDefinition): string | null =>
  parent === null || parent.id === 'rest' ? creator : null

type Roles = Pick<
  RoomSpec<StorageShape, StandardSchemaV1, string>,
  'kind' | 'roles' | 'access' | 'readers' | 'guests' | 'creator' | 'parent'
>

const checkNames = ({ kind, roles, readers = [], guests, creator, parent }: Roles): void => {
  if (!/^[a-z][a-z0-9-]{0,31}$/.test(kind))
    throw new TypeError(`kind ${JSON.stringify(kind)}: lower-case letters, digits and -`)
  if (roles.length === 0) throw new TypeError(`${kind}: a kind has at least one role`)
  if (roles.includes(adminRole)) throw new TypeError(`${kind}: ${adminRole} is a role of every kind already`)
  const twice = roles.find((role, index) => roles.indexOf(role) !== index)
  if (twice !== undefined) throw new TypeError(`${kind}: the role ${twice} is there twice`)
  const named = [...readers, guests, creator, parent?.own, ...Object.values(parent?.roles ?? {})]
  for (const role of named) {
    if (role !== undefined && !roles.includes(role))
      throw new TypeError(`${kind}: ${role} is none of its roles ${roles.join(', ')}`)
  }
}

/** Every rule that was said, also of what is no role, so that it can be told. */
const toAccess = ({ roles, access, readers = [] }: Roles): Record<string, RoleRules> => {
  const said: Readonly<Record<string, RoleRules | undefined>> = access ?? {}
  const rulesOf = (role: string): RoleRules => {
    if (access !== undefined) return said[role] ?? {}
    return readers.includes(role) ? {} : { write: '*', comment: true }
  }
  const named = new Set([...roles, ...Object.keys(said)])
  return Object.fromEntries([...named].map((role) => [role, rulesOf(role)]))
}

const checkAccess = (
  kind: string,
  storage: StorageShape,
  roles: readonly string[],
  access: Readonly<Record<string, RoleRules>>
): void => {
  for (const [role, { write = [], mayTake = [] }] of Object.entries(access)) {
    if (!roles.includes(role))
      throw new TypeError(`${kind}.access: ${role} is none of its roles ${roles.join(', ')}`)
    for (const path of write === '*' ? [] : write) {
      const fault = faultOfPath(storage, path)
      if (fault !== null) throw new TypeError(`${kind}.access.${role}: ${JSON.stringify(path)}: ${fault}`)
    }
    const stranger = mayTake.find((other) => !roles.includes(other))
    if (stranger !== undefined) throw new TypeError(`${kind}.access.${role}: no role is named ${stranger}`)
  }
}

/** A path that reaches nothing would look like a right and be none. */
const faultOfPath = (storage: StorageShape, path: string): string | null => {
  const segments = path.split('/')
  const [key = '', id, field] = segments
  const node = Object.hasOwn(storage, key) ? storage[key] : undefined
  if (node === undefined) return `the storage has no key ${JSON.stringify(key)}`
  if (id === undefined) return null
  if ((id !== 'own' && id !== '*') || (id === '*' && field === undefined) || segments.length > 3)
    return 'a path is key, key/own, key/own/field or key/*/field'
  if (id === 'own' && !isOfPeople(node))
    return `nothing in ${key} is anybody's own: that is so in s.perUser, and in s.collection with { owned: true }`
  if (field === undefined) return null
  if (node.type !== 'collection') return `${key} is no collection, so it has no entries with fields`
  return Object.hasOwn(node.fields, field) ? null : `entries of ${key} have no field ${JSON.stringify(field)}`
}

/** Of records nobody knows what their ids stand for. */
const isOfPeople = (node: StorageNode): boolean =>
  node.type === 'perUser' || node.type === 'record' || (node.type === 'collection' && node.isOwned)

const ruleNames: readonly string[] = ['last', 'role', 'ask']

/** Every contested value by its path, with its rule. */
const toConflict = (
  kind: string,
  storage: StorageShape,
  said: Readonly<Record<string, ConflictRule>>
): Record<string, ConflictRule> => {
  const left = new Set(Object.keys(said))
  const rules = Object.fromEntries(
    contestedPaths(storage).map((path) => {
      const name = path.split('/').at(-1) ?? path
      left.delete(path)
      left.delete(name)
      return [path, said[path] ?? said[name] ?? 'last']
    })
  )
  for (const [path, rule] of Object.entries(said))
    if (typeof rule !== 'function' && !ruleNames.includes(rule))
      throw new TypeError(
        `${kind}.conflict: ${path}: ${rule} is none of ${ruleNames.join(', ')}, nor a function`
      )
  const [stranger] = left
  if (stranger !== undefined) throw new TypeError(`${kind}.conflict: no contested value is named ${stranger}`)
  return rules
}

const contestedPaths = (storage: StorageShape): string[] =>
  Object.entries(storage).flatMap(([key, node]) => {
    if (node.type === 'contested') return [key]
    if (node.type === 'record') return node.of.type === 'contested' ? [key] : []
    if (node.type !== 'object' && node.type !== 'collection') return []
    return Object.entries(node.fields).flatMap(([name, { type }]) =>
      type === 'contested' ? [`${key}/${name}`] : []
    )
  })

const ownFieldsOfEntries = ['id', 'order', 'deletedAt']

const checkNode = (path: string, name: string, node: StorageNode): void => {
  if (!isStorageName(name)) throw new TypeError(`${path}: no name for a root type or a key`)
  if (node.type === 'value' || node.type === 'contested') checkInitial(path, node.schema)
  if (node.type !== 'object' && node.type !== 'collection') return
  for (const [field, child] of Object.entries(node.fields)) {
    if (!isStorageName(field)) throw new TypeError(`${path}.${field}: no name for a root type or a key`)
    if (node.type === 'collection' && ownFieldsOfEntries.includes(field)) {
      throw new TypeError(`${path}.${field}: entries have ${ownFieldsOfEntries.join(', ')} by themselves`)
    }
    if (node.type === 'object' && child.type !== 'text') checkInitial(`${path}.${field}`, child.schema)
  }
}

const checkInitial = (path: string, schema: StandardSchemaV1): void => {
  const result = schema['~standard'].validate(undefined)
  if (result instanceof Promise) throw new TypeError(`${path}: schemas of a storage must validate at once`)
  if (result.issues)
    throw new TypeError(
      `${path}: nobody may have written it yet: give its schema a default, or make it optional`
    )
}
