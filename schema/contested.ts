/**
 * Contested values: what several people wrote without knowing of each other is kept, all of it, until somebody who has
 * seen it writes again. Which one is shown is decided by a pure rule that every replica computes alike, from the
 * document and nothing else.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { rankOf } from './access.ts'
import { type Checked, checkValue } from './check-value.ts'
import { isObject, isSameJson } from './json.ts'
import { compareText } from './order.ts'

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
 * - a function that makes one value out of all, which stand in the order of their time; it must not depend on anything
 *   else. It is asked only of a conflict; while it throws, or makes a value that the schema refuses, `last` holds.
 */
export type ConflictRule<T = unknown> = 'last' | 'role' | 'ask' | MergeRule<T>

export type MergeRule<T = unknown> = (claims: readonly Claim<T>[]) => T

/** What is shown of what stands in a document, or why there is nothing to show. */
export type Shown = Checked<ContestedValue<unknown>>

/** What picks the shown one: the rule, the roles of the kind from the highest, and the schema of the value. */
export interface Contest {
  readonly rule: ConflictRule
  readonly roles: readonly string[]
  readonly schema: StandardSchemaV1
}

/**
 * What is shown of `stored`, the content of a contested value's root in its order.
 *
 * @param report what is no claim of such a value, and a function that failed; the others are shown without it
 */
export const showContested = (
  stored: readonly unknown[],
  contest: Contest,
  report: (detail: string, value: unknown) => void = () => {}
): Shown => {
  const claims = stored.flatMap((raw) => readClaim(raw, contest.schema, report)).sort(byTime)
  const conflict = claims.some((claim) => !isSameJson(claim.value, claims[0]?.value))
  const picked = pick(claims, conflict, contest, report)
  if (picked === null) {
    const initial = checkValue(contest.schema, undefined)
    return initial.ok ? { ok: true, value: { value: initial.value, claims, conflict: false } } : initial
  }
  const { value, claim } = picked
  const others = claims.filter((other) => other !== claim)
  return { ok: true, value: { value, claims: claim === null ? claims : [claim, ...others], conflict } }
}

/** What stands in a document for a value that somebody writes. */
export const toClaim = (
  value: unknown,
  by: { readonly userId: string; readonly role: string },
  at: number
): object => ({ ...(value === undefined ? {} : { value }), by: by.userId, role: by.role, at })

const readClaim = (
  raw: unknown,
  schema: StandardSchemaV1,
  report: (detail: string, value: unknown) => void
): readonly Claim<unknown>[] => {
  if (!isClaim(raw)) {
    report('no claim', raw)
    return []
  }
  const checked = checkValue(schema, raw.value)
  if (!checked.ok) {
    report(checked.detail, raw.value)
    return []
  }
  return [{ value: checked.value, by: raw.by, role: raw.role, at: raw.at }]
}

const isClaim = (raw: unknown): raw is Omit<Claim<unknown>, 'value'> & { readonly value?: unknown } =>
  isObject(raw) && typeof raw.by === 'string' && typeof raw.role === 'string' && Number.isFinite(raw.at)

/** Sorting keeps the order of the document where two people wrote, or one wrote twice, in the same millisecond. */
const byTime = (a: Claim<unknown>, b: Claim<unknown>): number => a.at - b.at || compareText(a.by, b.by)

/** `claim`: the one whose value it is; null for a value that was made of all. */
interface Picked {
  readonly value: unknown
  readonly claim: Claim<unknown> | null
}

const pick = (
  claims: readonly Claim<unknown>[],
  conflict: boolean,
  { rule, roles, schema }: Contest,
  report: (detail: string, value: unknown) => void
): Picked | null => {
  const [first] = claims
  const last = claims.at(-1)
  if (first === undefined || last === undefined) return null
  if (rule === 'ask') return { value: first.value, claim: first }
  if (rule === 'role') {
    const rank = Math.min(...claims.map(({ role }) => rankOf(roles, role)))
    const highest = claims.findLast(({ role }) => rankOf(roles, role) === rank) ?? last
    return { value: highest.value, claim: highest }
  }
  // What everybody agrees on is not to be made anything of.
  if (typeof rule === 'function' && conflict) {
    const merged = merge(rule, claims, schema)
    if (merged.ok) return { value: merged.value, claim: null }
    report(`its rule made no value of ${claims.length}: ${merged.detail}`, claims)
  }
  return { value: last.value, claim: last }
}

const merge = (rule: MergeRule, claims: readonly Claim<unknown>[], schema: StandardSchemaV1): Checked => {
  try {
    return checkValue(schema, rule(claims))
  } catch (error) {
    return { ok: false, detail: error instanceof Error ? error.message : String(error) }
  }
}
