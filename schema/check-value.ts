import type { StandardSchemaV1 } from '@standard-schema/spec'

export type Checked<T = unknown> =
  | { readonly ok: true; readonly value: T }
  | { readonly ok: false; readonly detail: string }

/** What a schema says of a value, with its complaints as one line. */
export const checkValue = <T>(schema: StandardSchemaV1<unknown, T>, value: unknown): Checked<T> => {
  const result = schema['~standard'].validate(value)
  if (result instanceof Promise) throw new TypeError('schemas of a storage must validate at once')
  if (result.issues) return { ok: false, detail: result.issues.map((issue) => issue.message).join('; ') }
  return { ok: true, value: result.value }
}
