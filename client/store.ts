/** A value that changes over time: the shape of `useSyncExternalStore`, usable without React. */
export interface Store<T> {
  /** The value of now; the same reference until it changes. */
  get(): T
  /** Calls `listener` after each change until the returned function is called. */
  subscribe(listener: () => void): () => void
}

export interface Writable<T> extends Store<T> {
  /** Tells the listeners unless the value is the same. */
  set(value: T): void
}

/** A store to be written by whoever made it. A listener that throws does not keep the others from being told. */
export const createStore = <T>(initial: T): Writable<T> => {
  let value = initial
  const listeners = createListeners<[]>()
  return {
    get: () => value,
    set: (next) => {
      if (Object.is(next, value)) return
      value = next
      listeners.tell()
    },
    subscribe: listeners.add
  }
}

export interface Relay<T> extends Store<T> {
  /** Shows another store from now on. */
  follow(store: Store<T>): void
}

/** A store that stands for others, one after the other. */
export const createRelay = <T>(first: Store<T>): Relay<T> => {
  const listeners = createListeners<[]>()
  let current = first
  let leave = first.subscribe(listeners.tell)
  return {
    get: () => current.get(),
    subscribe: listeners.add,
    follow: (store) => {
      leave()
      current = store
      leave = store.subscribe(listeners.tell)
      listeners.tell()
    }
  }
}

export interface Listeners<A extends unknown[]> {
  add(listener: (...args: A) => void): () => void
  tell(...args: A): void
  readonly size: number
}

/** Who wants to know. What a listener throws is its own fault and is reported as an uncaught error. */
export const createListeners = <A extends unknown[]>(): Listeners<A> => {
  const listeners = new Set<{ call(...args: A): void }>()
  return {
    add: (call) => {
      const entry = { call }
      listeners.add(entry)
      return () => void listeners.delete(entry)
    },
    tell: (...args) => {
      for (const listener of [...listeners]) {
        try {
          listener.call(...args)
        } catch (error) {
          reportError(error)
        }
      }
    },
    get size() {
      return listeners.size
    }
  }
}

const reportError = (error: unknown): void => {
  queueMicrotask(() => {
    throw error
  })
}
