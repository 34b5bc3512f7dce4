/**
 * Contested values: what several people wrote without knowing of each other is kept, all of it, until somebody who has
 * seen it writes again. Which one is shown is decided by a pure rule that every replica computes alike, from the
 * document and nothing else.
 */

/** One person's value, as it stands in the document. */
export interface Claim<T> {
  readonly value: T
  /** The id of the user who wrote it, and the role that they wrote it in; both are checked by the server. */
  readonly by: string
  readonly role: string
  /** Milliseconds since 1970 by the writer's clock; the server takes none that lies ahead of its own. */
  readonly at: number
}

export interface ContestedValue<T> {
  /** The one that the rule picks; the schema's default while there is no claim. */
  readonly value: T
  /** The shown one first, then the others by time. */
  readonly claims: readonly Claim<T>[]
  /** Several claims with different values. */
  readonly conflict: boolean
}

/**
 * How one of several claims comes to be shown:
 *
 * - `last`  the one written last, by the writers' clocks
 * - `role`  that of the highest role, by the order of the kind's roles; among equals the last
 * - `ask`   the one written first, until a person decides
 * - a function that makes one value out of all, which stand in the order of their time; it must not depend on anything else
 */
export type ConflictRule<T = unknown> = 'last' | 'role' | 'ask' | MergeRule<T>

export type MergeRule<T = unknown> = (claims: readonly Claim<T>[]) => T
