import { useSyncExternalStore } from 'react'
import type { Store } from '../store.ts'

/** Re-renders when `store` changes. Every hook in this folder is this one plus a name. */
export const useStore = <T>(store: Store<T>): T => useSyncExternalStore(store.subscribe, store.get, store.get)
