/** The kinds of rooms that a node knows: those that ship with it, and its user's own. */
import { resolve } from 'node:path'
import { pathToFileURL } from 'node:url'
import type { RoomDefinition } from '../schema/define-room.ts'
import { kinds as shipped } from '../schema/kinds/kinds.ts'

export type Kinds = ReadonlyMap<string, RoomDefinition>

/** Kinds that cannot be used, and why; the node does not start with them. */
export class KindsError extends Error {
  override readonly name = 'KindsError'
}

/**
 * The kinds that ship with it, and those that a module exports.
 *
 * @param file relative to the working directory; Node runs TypeScript as it is; null: there is none
 * @throws KindsError that names the file, the export and what is wrong with it
 */
export const loadKinds = async (file: string | null): Promise<Kinds> => {
  if (file === null) return shipped
  const about = `ROOMLOG_KINDS ${file}`
  const kinds = mergeKinds(shipped, await readModule(file), about)
  if (kinds.size === shipped.size)
    throw new KindsError(`${about}: exports no kind; write \`export const board = defineRoom({ … })\``)
  return kinds
}

/** These kinds and more. @throws KindsError when two have one name, or one was not made by `defineRoom` */
export const mergeKinds = (known: Kinds, more: Readonly<Record<string, unknown>>, about: string): Kinds => {
  const kinds = new Map(known)
  for (const [name, value] of Object.entries(more)) {
    if (!looksLikeKind(value)) continue
    if (!isDefinition(value))
      throw new KindsError(
        `${about}: export ${name} was not made by defineRoom: it has no ${missingIn(value)}`
      )
    if (kinds.get(value.kind) === value) continue
    if (kinds.has(value.kind))
      throw new KindsError(`${about}: export ${name}: there is a kind named ${value.kind} already`)
    kinds.set(value.kind, value)
  }
  return kinds
}

const readModule = async (file: string): Promise<Readonly<Record<string, unknown>>> => {
  const path = resolve(file)
  try {
    return await import(pathToFileURL(path).href)
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error)
    throw new KindsError(`ROOMLOG_KINDS ${file}: ${path} cannot be loaded: ${reason}`, { cause: error })
  }
}

/** A module may export other things beside its kinds; whatever names a kind and a storage means to be one. */
const looksLikeKind = (value: unknown): value is object =>
  typeof value === 'object' && value !== null && 'kind' in value && 'storage' in value

const parts = [
  'kind',
  'roles',
  'access',
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
] as const satisfies readonly (keyof RoomDefinition)[]

const missingIn = (value: object): string | undefined => parts.find((part) => !(part in value))

const isDefinition = (value: object): value is RoomDefinition => missingIn(value) === undefined
