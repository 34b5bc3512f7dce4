/** A value or an id that the storage does not take; nothing was written. */
export class StorageError extends Error {
  override readonly name = 'StorageError'
  /** As in `fields/f1/type`. */
  readonly path: string
  readonly value: unknown

  constructor(path: string, detail: string, value: unknown) {
    super(`${path}: ${detail}; got ${JSON.stringify(value) ?? String(value)}`)
    this.path = path
    this.value = value
  }
}
