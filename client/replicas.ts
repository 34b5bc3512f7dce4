import type { StorageShape, StorageSnapshot } from '../schema/storage-words.ts'
import type { Replica } from './replica.ts'
import { createRelay, type Store } from './store.ts'
import type { UndoHistory } from './undo.ts'

/** The replica in sight and the one that is connected: the same, except while a room starts over. */
export interface Replicas<St extends StorageShape> {
  /** What the app sees and changes; while the room starts over, what it saw before. */
  readonly shown: Replica<St>
  /** What is connected and stored. */
  readonly live: Replica<St>
  /** Follow the one in sight. */
  readonly snapshot: Store<StorageSnapshot<St>>
  readonly history: UndoHistory
  /** Puts a new one in the place of the connected one. @returns the one before */
  renew(): Replica<St>
  /** Puts the connected one in sight. */
  show(): void
  destroy(): void
}

export const createReplicas = <St extends StorageShape>(create: () => Replica<St>): Replicas<St> => {
  let live = create()
  let shown = live
  const snapshot = createRelay(live.mirror)
  const history = createRelay(live.history)
  return {
    get shown() {
      return shown
    },
    get live() {
      return live
    },
    snapshot,
    history: {
      get: history.get,
      subscribe: history.subscribe,
      undo: () => shown.history.undo(),
      redo: () => shown.history.redo(),
      pause: () => shown.history.pause(),
      resume: () => shown.history.resume(),
      clear: () => shown.history.clear()
    },
    renew: () => {
      const old = live
      live = create()
      if (old !== shown) old.destroy()
      return old
    },
    show: () => {
      if (live === shown) return
      const old = shown
      shown = live
      snapshot.follow(live.mirror)
      history.follow(live.history)
      old.destroy()
    },
    destroy: () => {
      live.destroy()
      if (shown !== live) shown.destroy()
    }
  }
}
