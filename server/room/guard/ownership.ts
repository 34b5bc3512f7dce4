/** Whose client ids the fresh structs of an update are written with. */
import type { WriteScope } from '../../../schema/access.ts'
import type { ClientOwners } from '../client-owners.ts'
import { GuardRefusal, type Sections } from './structs.ts'

export interface OwnerQuestion {
  readonly scope: WriteScope
  readonly userId: string
  readonly owners: ClientOwners
  /** The id that the connection has announced; null: none yet. */
  readonly announced?: number | null
}

export interface Ownership {
  /** Ids that become the writer's. */
  readonly claims: readonly number[]
  /** Ids of others, whose content a full writer brings. */
  readonly relayed: ReadonlySet<number>
}

export const nothingOwned: Ownership = { claims: [], relayed: new Set() }

/**
 * An id that nobody has is the writer's. But whoever may write everything may also bring what others wrote without the
 * server: of unknown ids only the announced one is theirs then, or the only one, or its author would be locked out.
 *
 * @throws GuardRefusal 'client-id-taken' for an id of somebody else, where not everything may be written
 */
export const ownershipOf = (sections: Sections, question: OwnerQuestion): Ownership => {
  const { scope, userId, owners, announced = null } = question
  if (areOwn(sections, question)) return nothingOwned
  const unknown: number[] = []
  const others: number[] = []
  for (const { client } of sections.list) {
    const owner = owners.ownerOf(client)
    if (owner === undefined) unknown.push(client)
    else if (owner !== userId) others.push(client)
  }
  const [taken] = others
  if (taken !== undefined && !scope.isFull)
    throw new GuardRefusal('client-id-taken', `client ${taken} belongs to somebody else`)
  const isOwn = (client: number): boolean =>
    !scope.isFull || (announced === null ? unknown.length === 1 : announced === client)
  return {
    claims: unknown.filter(isOwn),
    relayed: new Set([...others, ...unknown.filter((client) => !isOwn(client))])
  }
}

const areOwn = (sections: Sections, { owners, userId }: OwnerQuestion): boolean => {
  for (const { client } of sections.list) if (owners.ownerOf(client) !== userId) return false
  return true
}
