import { setTimeout as sleep } from 'node:timers/promises'

interface WaitOptions {
  /** What is waited for, as it reads after "waited for"; part of the error. */
  about: string
  timeoutMs?: number
  everyMs?: number
}

/**
 * Resolves with the first truthy value of `condition`, which may be async and may throw meanwhile.
 *
 * @throws Error after `timeoutMs` (10 s) that says what was waited for, and the last value or error
 */
export const waitUntil = async <T>(
  condition: () => T | Promise<T>,
  { about, timeoutMs = 10_000, everyMs = 10 }: WaitOptions
): Promise<NonNullable<T>> => {
  const deadline = performance.now() + timeoutMs
  for (;;) {
    const last = await attempt(condition)
    if (last.value) return last.value
    if (performance.now() >= deadline) {
      throw new Error(`waited ${timeoutMs} ms for ${about}; last: ${show(last)}`, { cause: last.error })
    }
    await sleep(everyMs)
  }
}

interface Attempt<T> {
  value?: T
  error?: unknown
}

const attempt = async <T>(condition: () => T | Promise<T>): Promise<Attempt<T>> => {
  try {
    return { value: await condition() }
  } catch (error) {
    return { error }
  }
}

const show = ({ value, error }: Attempt<unknown>): string => {
  if (error !== undefined) return String(error)
  return typeof value === 'object' ? JSON.stringify(value) : String(value)
}
