import type { StandardSchemaV1 } from '@standard-schema/spec'

export type Checked<T = unknown> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly detail: string }

/** What a schema says of a value, with its complaints as one line: each by where in the value it is, as in `start.date`. */
export const checkValue = <T>(schema: StandardSchemaV1<unknown, T>, value: unknown): Checked<T> => {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) throw new TypeError('schemas of a storage must validate at once')
  if (result.issues) return { ok: false, detail: result.issues.map(describe).join('; ') }
  return { ok: true, value: result.value }
}

const describe = ({ path = [], message }: StandardSchemaV1.Issue): string => {
  const place = path.map((step) => String(typeof step === 'object' ? step.key : step)).join('.')
  return place === '' ? message : `${place}: ${message}`
}
