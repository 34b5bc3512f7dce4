import { sleep } from '../clock.ts'
import { DatabaseError } from './database.ts'

export interface Pool<T> {
  /** Lends one to `work`; waits while all are lent. */
  use<R>(work: (item: T) => Promise<R>): Promise<R>
  /** Rejects those who wait and those who come, and resolves when nothing is lent any more, or after `timeoutMs`. */
  close(timeoutMs: number): Promise<void>
}

interface Waiter<T> {
  resolve(item: T): void
  reject(error: DatabaseError): void
}

const waitersMax = 10_000

/** Up to `max` connections, made when they are needed and reused, the last used first. */
export const createPool = <T>(max: number, make: () => T): Pool<T> => {
  const idle: T[] = []
  const waiters: Waiter<T>[] = []
  let made = 0
  let isClosed = false
  let onAllBack = () => {}

  const take = async (): Promise<T> => {
    if (isClosed) throw new DatabaseError('unavailable', 'the database is closed')
    const item = idle.pop()
    if (item !== undefined) return item
    if (made < max) {
      made += 1
      return make()
    }
    if (waiters.length >= waitersMax) {
      throw new DatabaseError('unavailable', `${waitersMax} statements wait for ${max} connections`)
    }
    return new Promise((resolve, reject) => waiters.push({ resolve, reject }))
  }
  const give = (item: T): void => {
    const waiter = waiters.shift()
    if (waiter) waiter.resolve(item)
    else idle.push(item)
    if (idle.length === made) onAllBack()
  }
  return {
    use: async (work) => {
      const item = await take()
      try {
        return await work(item)
      } finally {
        give(item)
      }
    },
    close: async (timeoutMs) => {
      isClosed = true
      for (const { reject } of waiters.splice(0))
        reject(new DatabaseError('unavailable', 'the database is closed'))
      const patience = new AbortController()
      onAllBack = () => patience.abort()
      if (idle.length < made) await sleep(timeoutMs, patience.signal)
    }
  }
}
