import { toByteaText } from './bytea.ts'

export type Row = Record<string, unknown>

/** JSON goes as text with `$n::text::jsonb`, an array as the text that `int8s` and its like make. */
export type Param = string | number | bigint | boolean | Date | Uint8Array | null

export interface Queryable {
  /**
   * Runs one statement, prepared by its text: keep texts few and constant, put values into `params`.
   *
   * Results have the same types on both engines: int8 is bigint, bytea Buffer, jsonb parsed, timestamptz Date (whole
   * milliseconds), uuid and numeric string. Arrays do not: select rows instead.
   *
   * @throws DatabaseError; of kind 'unavailable', the statement may have been executed or not
   */
  query<T extends Row = Row>(text: string, params?: readonly Param[]): Promise<T[]>
}

export interface Transaction extends Queryable {
  /** Runs a script of many statements without parameters, however long it takes. */
  exec(script: string): Promise<void>
}

export interface Database extends Queryable {
  readonly engine: 'postgres' | 'pglite'

  /**
   * Runs `work` in one transaction on one connection: committed when this resolves, rolled back when `work` or any of
   * its statements fails, also one whose error `work` has caught. On PGlite everybody else waits meanwhile, so `work`
   * must use `t` alone.
   *
   * @throws what `work` throws, or DatabaseError; of kind 'unavailable' from COMMIT, the outcome is unknown
   */
  transaction<T>(work: (t: Transaction) => Promise<T>): Promise<T>

  /** Gives a connection of its own (on PGlite: the one there is) that lives until it or the database is closed. */
  lane(options?: LaneOptions): Promise<Lane>

  /** Runs a script of many statements without parameters as one transaction, however long it takes. */
  exec(script: string): Promise<void>

  /** Waits for what is running, 5 s at most, and closes everything, lanes too. */
  close(): Promise<void>
}

export interface LaneOptions {
  /** A statement without an answer after this time is given up: the lane is reset. */
  readonly timeoutMs?: number
}

/**
 * A connection for a writer: its statements run strictly one after another, in the order in which they were asked for.
 * One that fails does not keep the next from running.
 */
export interface Lane extends Queryable {
  /**
   * Drops the connection, whatever it is doing, and rejects what has no answer yet with kind 'unavailable'; the next
   * query opens a new one. On PGlite there is nothing to drop: what was asked before still runs, before what is asked
   * after.
   */
  reset(): Promise<void>
  close(): Promise<void>
}

/**
 * What a caller may do about a failed statement:
 *
 * | kind          | means                                                       | then                           |
 * |---------------|-------------------------------------------------------------|--------------------------------|
 * | `unavailable` | no connection, or it was lost: executed or not, who knows    | retry; the statement may repeat |
 * | `conflict`    | deadlock or serialization: rolled back                       | retry                          |
 * | `full`        | no disk, memory or room for it: rolled back                  | retry later; someone must act  |
 * | `constraint`  | a rule of the schema refused it, named by `constraint`       | the caller's decision          |
 * | `bug`         | the statement or its values are wrong, or the data is broken | do not retry                   |
 */
export type DatabaseErrorKind = 'unavailable' | 'conflict' | 'full' | 'constraint' | 'bug'

interface Details extends ErrorOptions {
  readonly code?: string | undefined
  readonly constraint?: string | undefined
}

/** The only error that a statement rejects with. `code` is the SQLSTATE, or what driver or system call it. */
export class DatabaseError extends Error {
  override readonly name = 'DatabaseError'
  readonly kind: DatabaseErrorKind
  readonly code: string | undefined
  readonly constraint: string | undefined

  constructor(kind: DatabaseErrorKind, message: string, { code, constraint, cause }: Details = {}) {
    super(message, cause === undefined ? {} : { cause })
    this.kind = kind
    this.code = code
    this.constraint = constraint
  }
}

/**
 * Arrays as parameters, in the one form that both drivers pass on unchanged: the text of an array literal, which the
 * statement casts with `$n::text::int8[]` and the like. `null` is an SQL NULL.
 */

export const int8s = (values: readonly (bigint | number | null)[]): string =>
  `{${values.map((value) => value ?? 'NULL').join()}}`

export const uuids = (values: readonly (string | null)[]): string => texts(values)

/** Any text but U+0000, which Postgres does not store: it refuses the statement. */
export const texts = (values: readonly (string | null)[]): string => {
  let literal = '{'
  for (const value of values) {
    if (literal.length > 1) literal += ','
    literal += value === null ? 'NULL' : `"${special.test(value) ? value.replace(specials, '\\$&') : value}"`
  }
  return `${literal}}`
}

export const byteas = (values: readonly (Uint8Array | null)[]): string =>
  `{${values.map((value) => (value === null ? 'NULL' : `"\\${toByteaText(value)}"`)).join()}}`

const special = /["\\]/
const specials = /["\\]/g
