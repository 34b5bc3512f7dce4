import { DatabaseError, type DatabaseErrorKind } from './database.ts'

/** What a driver threw, in our words. `kind` overrules what the error itself says. */
export const translateError = (error: unknown, kind?: DatabaseErrorKind): DatabaseError => {
  if (error instanceof DatabaseError) return error
  if (!(error instanceof Error)) return new DatabaseError('bug', String(error), { cause: error })
  // PGlite leaves the parameters in its errors: content that must not reach a log.
  Reflect.deleteProperty(error, 'params')
  const code = textOf(error, 'code')
  const constraint = textOf(error, 'constraint_name') ?? textOf(error, 'constraint')
  return new DatabaseError(kind ?? kindOf(error, code), messageOf(error), { code, constraint, cause: error })
}

const kindOf = (error: Error, code = ''): DatabaseErrorKind => {
  // Only what the server itself reports has a severity; EPIPE looks like a SQLSTATE, but is none.
  if (textOf(error, 'severity') === undefined) return lostConnection.test(code) ? 'unavailable' : 'bug'
  return bySqlState.find(([pattern]) => pattern.test(code))?.[1] ?? 'bug'
}

const lostConnection =
  /^(CONNECTION_(CLOSED|DESTROYED|ENDED)|CONNECT_TIMEOUT|E(?!RR_)[A-Z_]+|ERR_(SOCKET|STREAM|SSL|TLS)_.*)$/

const bySqlState: readonly (readonly [RegExp, DatabaseErrorKind])[] = [
  // Connection failures; shutdown, crash, start; too many connections; cancelled; login refused; database missing.
  [/^(08(?!P01)...|57P0.|53300|57014|28...|3D000)$/, 'unavailable'],
  // Read-only after a failover; idle in transaction and transaction time-outs; completion unknown; input/output errors.
  [/^(25006|25P0[34]|40003|58...)$/, 'unavailable'],
  [/^(40...|55P03)$/, 'conflict'],
  [/^53...$/, 'full'],
  [/^23...$/, 'constraint']
]

const messageOf = (error: Error): string => {
  // Several addresses were tried: the error itself has no text.
  if (error instanceof AggregateError) return error.errors.map(String).join('; ')
  return error.message || error.name
}

const textOf = (error: Error, key: string): string | undefined => {
  const value: unknown = Reflect.get(error, key)
  return typeof value === 'string' ? value : undefined
}
