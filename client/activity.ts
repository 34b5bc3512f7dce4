import type { Activity } from '../schema/presence.ts'
import { every, monotonic } from './clock.ts'
import { createStore, type Store } from './store.ts'
import { page } from './transport/page.ts'

const idleAfterMs = 60_000
const awayAfterMs = 10_000
const lookEveryMs = 1000

/** Whether somebody is at the page. Outside a browser, always. */
export const createActivity = (): Store<Activity> & { destroy(): void } => {
  const activity = createStore<Activity>('active')
  let actedAt = monotonic()
  let hiddenAt: number | null = null

  const look = (): void => {
    const now = monotonic()
    if (page.isVisible) hiddenAt = null
    else hiddenAt ??= now
    if (hiddenAt !== null && now - hiddenAt >= awayAfterMs) activity.set('away')
    else activity.set(now - actedAt >= idleAfterMs ? 'idle' : 'active')
  }
  const stopListening = page.onActivity(() => {
    actedAt = monotonic()
    if (activity.get() !== 'active') look()
  })
  const stopLooking = page.isThere ? every(lookEveryMs, look) : () => {}
  return {
    get: activity.get,
    subscribe: activity.subscribe,
    destroy: () => {
      stopListening()
      stopLooking()
    }
  }
}
