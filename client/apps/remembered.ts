import type * as z from 'zod/mini'
import { createStore, type Writable } from '../store.ts'

/** A value that this browser keeps under `key`; what is kept there and does not fit is as if it were not there. */
export const createRemembered = <T>(key: string, shape: z.ZodMiniType<T>, initial: T): Writable<T> => {
  const store = createStore(read(key, shape) ?? initial)
  return {
    ...store,
    set: (value) => {
      store.set(value)
      keep(key, value)
    }
  }
}

const read = <T>(key: string, shape: z.ZodMiniType<T>): T | null => {
  const text = localStorage.getItem(key)
  if (text === null) return null
  try {
    const parsed = shape.safeParse(JSON.parse(text))
    return parsed.success ? parsed.data : null
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}

/** A browser that has no room for it keeps it as long as this tab is open. */
const keep = (key: string, value: unknown): void => {
  try {
    localStorage.setItem(key, JSON.stringify(value))
  } catch (error) {
    if (!(error instanceof DOMException)) throw error
  }
}
