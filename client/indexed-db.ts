/** The little of IndexedDB that we use, as promises. */

/** Opens a database that has the stores, making it and them if need be. */
export const openDatabase = (name: string, stores: readonly string[]): Promise<IDBDatabase> => {
  const opening = indexedDB.open(name, 1)
  opening.onupgradeneeded = () => {
    for (const store of stores) opening.result.createObjectStore(store, { autoIncrement: true })
  }
  return result(opening)
}

export const result = <T>(request: IDBRequest<T>): Promise<T> =>
  new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result)
    request.onerror = () => reject(request.error)
  })

/** Resolves when the device has the transaction, all of it; rejects when it has none of it. */
export const finished = (transaction: IDBTransaction): Promise<void> =>
  new Promise((resolve, reject) => {
    transaction.oncomplete = () => resolve()
    transaction.onabort = () => reject(transaction.error)
  })

/** Deletes all entries up to and with `last`. */
export const deleteUpTo = (store: IDBObjectStore, last: IDBValidKey): void => {
  store.delete(IDBKeyRange.upperBound(last))
}
