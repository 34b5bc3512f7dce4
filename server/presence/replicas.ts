/** What the other nodes say of the people in one room, and how it is noticed that something of it was missed. */
import type { NodeId } from '../cluster/envelope.ts'
import type { News } from './news.ts'
import type { Said, Statement } from './statement.ts'

/** A client id of which a node says something new; `clock`, if it says that it is gone, the one with which. */
export interface Touched {
  readonly id: number
  readonly clock: number
}

interface Replica {
  readonly statements: Map<number, Statement>
  turn: number
  /** Nothing was missed up to `turn`. */
  isWhole: boolean
  /** It was asked for everything since its last heartbeat. */
  isAsked: boolean
  /** By the monotonic clock. */
  heardAt: number
}

export class Replicas {
  readonly #replicas = new Map<NodeId, Replica>()

  /**
   * Takes what a node says, unless that is known already. What came too early is taken as well: it is newer than what
   * was missed.
   *
   * @returns the ids to look at again, and whether the node is to be asked for everything
   */
  take(from: NodeId, { turn, isAll, changes }: News, at: number): { touched: Touched[]; isGap: boolean } {
    const replica = this.#replicaOf(from, at)
    if (turn <= replica.turn) return { touched: [], isGap: false }
    const isNext = replica.isWhole && turn === replica.turn + 1
    const touched = new Map<number, Touched>()
    if (isAll && !isNext) {
      for (const id of replica.statements.keys()) touched.set(id, { id, clock: 0 })
      replica.statements.clear()
    }
    for (const { id, clock, statement } of changes) {
      if (statement === null) replica.statements.delete(id)
      else replica.statements.set(id, statement)
      touched.set(id, { id, clock })
    }
    replica.turn = turn
    replica.isWhole = isNext || isAll
    return { touched: [...touched.values()], isGap: this.#needsAll(replica) }
  }

  /** A node says where it stands. @returns whether it is to be asked for everything */
  beat(from: NodeId, turn: number, at: number): boolean {
    const replica = this.#replicaOf(from, at)
    replica.isAsked = false
    if (turn > replica.turn) replica.isWhole = false
    return this.#needsAll(replica)
  }

  /** What the nodes say of this id. */
  of(id: number): Said[] {
    const said: Said[] = []
    for (const [node, { statements }] of this.#replicas) {
      const statement = statements.get(id)
      if (statement !== undefined) said.push({ node, statement })
    }
    return said
  }

  /** @returns what it had said */
  drop(node: NodeId): ReadonlyMap<number, Statement> {
    const replica = this.#replicas.get(node)
    this.#replicas.delete(node)
    return replica?.statements ?? new Map()
  }

  /** The nodes of which nothing was heard since then. */
  silentSince(at: number): NodeId[] {
    return [...this.#replicas].filter(([, { heardAt }]) => heardAt < at).map(([node]) => node)
  }

  get nodes(): NodeId[] {
    return [...this.#replicas.keys()]
  }

  statementsOf(node: NodeId): ReadonlyMap<number, Statement> {
    return this.#replicas.get(node)?.statements ?? new Map()
  }

  #replicaOf(node: NodeId, at: number): Replica {
    const known = this.#replicas.get(node)
    if (known !== undefined) {
      known.heardAt = at
      return known
    }
    const replica = { statements: new Map(), turn: -1, isWhole: false, isAsked: false, heardAt: at }
    this.#replicas.set(node, replica)
    return replica
  }

  #needsAll(replica: Replica): boolean {
    if (replica.isWhole || replica.isAsked) return false
    replica.isAsked = true
    return true
  }
}
