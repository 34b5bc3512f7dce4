import { after } from './clock.ts'
import type { Store } from './store.ts'
import type { SyncStatus } from './sync-status.ts'

const heldMs = 400

/**
 * `status`, with `saved` held back for 400 ms after something was said to be pending: nobody can read a word that is
 * shown for less, and a word that flickers says nothing. Everything else is passed on at once.
 */
export const holdSaved = (status: Store<SyncStatus>): Store<SyncStatus> & { destroy(): void } => {
  let shown = status.get()
  let cancel: (() => void) | null = null
  const listeners = new Set<() => void>()
  const show = (next: SyncStatus): void => {
    cancel?.()
    cancel = null
    if (shown === next) return
    shown = next
    for (const listener of [...listeners]) listener()
  }
  const follow = (): void => {
    const next = status.get()
    const isHeld = next.state === 'saved' && (shown.state === 'saving' || shown.state === 'waiting')
    if (!isHeld) show(next)
    else cancel ??= after(heldMs, () => show(status.get()))
  }
  const leave = status.subscribe(follow)
  return {
    get: () => shown,
    subscribe: (listener) => {
      listeners.add(listener)
      return () => void listeners.delete(listener)
    },
    destroy: () => {
      leave()
      cancel?.()
    }
  }
}
