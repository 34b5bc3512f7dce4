import { useEffect, useMemo, useRef, useSyncExternalStore } from 'react'
import type { Store } from '../store.ts'

/** Re-renders when `store` changes. Every hook in this folder is this one plus a name. */
export const useStore = <T>(store: Store<T>): T => useSyncExternalStore(store.subscribe, store.get, store.get)

/** Re-renders when what `select` takes from `store` changes; keeps the old reference while the two are equal. */
export const useSelected = <T, S>(
  store: Store<T>,
  select: (value: T) => S,
  isEqual: (a: S, b: S) => boolean = Object.is
): S => {
  const shown = useRef<{ readonly selection: S } | null>(null)
  const get = useMemo(() => {
    let last: { readonly value: T; readonly selection: S } | null = null
    return (): S => {
      const value = store.get()
      if (last !== null && Object.is(last.value, value)) return last.selection
      const next = select(value)
      const before = last ?? shown.current
      const selection = before !== null && isEqual(before.selection, next) ? before.selection : next
      last = { value, selection }
      return selection
    }
  }, [store, select, isEqual])
  const selection = useSyncExternalStore(store.subscribe, get, get)
  useEffect(() => {
    shown.current = { selection }
  })
  return selection
}
