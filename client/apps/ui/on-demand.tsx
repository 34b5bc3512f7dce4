import { type ComponentType, type ReactNode, useEffect, useLayoutEffect } from 'react'
import { after } from '../../clock.ts'
import { useStore } from '../../react/index.ts'
import { createStore, type Store } from '../../store.ts'
import { Button } from './button.tsx'

export type Coming<T> =
  | { readonly state: 'unasked' | 'coming' | 'failed' }
  | { readonly state: 'here'; readonly it: T }

/** What the page does not wait for: it comes when somebody needs it, or before. */
export interface OnDemand<T> extends Store<Coming<T>> {
  /** Fetches it unless it is here or on its way. What fails is told by the store, and can be fetched again. */
  fetch(): Promise<void>
}

export const onDemand = <T,>(load: () => Promise<T>): OnDemand<T> => {
  const store = createStore<Coming<T>>({ state: 'unasked' })
  const fetch = async (): Promise<void> => {
    const { state } = store.get()
    if (state === 'here' || state === 'coming') return
    store.set({ state: 'coming' })
    try {
      store.set({ state: 'here', it: await load() })
    } catch {
      store.set({ state: 'failed' })
    }
  }
  return { get: store.get, subscribe: store.subscribe, fetch }
}

export interface PartProps<Props> {
  readonly of: OnDemand<ComponentType<Props>>
  readonly props: Props
  /** What stands in its place, around the words when it cannot be fetched; they are null while it comes. */
  until?(words: ReactNode): ReactNode
}

/** A part of the page that is fetched on its own. Once it is here it is shown at once: nothing blinks. */
export function Part<Props extends object>({ of, props, until = plainly }: PartProps<Props>) {
  const coming = useStore(of)
  // Before the first picture: what could not be fetched earlier is fetched again.
  useLayoutEffect(() => void of.fetch(), [of])
  if (coming.state === 'here') return <coming.it {...props} />
  return until(coming.state === 'failed' ? <NotFetched of={of} /> : null)
}

const plainly = (words: ReactNode): ReactNode => words

function NotFetched({ of }: { of: OnDemand<unknown> }) {
  return (
    <div role="alert" className="grid justify-items-start gap-2 px-4 py-3 text-sm">
      <p>This part of the page could not be fetched. The rest goes on working.</p>
      <Button onClick={() => void fetchAgain(of)}>Try again</Button>
    </div>
  )
}

/**
 * Some browsers remember that a module failed until the page is opened anew, and a new version has other files: when
 * it fails again although the server answers, the page is opened anew.
 */
const fetchAgain = async (wanted: OnDemand<unknown>): Promise<void> => {
  await wanted.fetch()
  if (wanted.get().state === 'failed' && (await isServerThere())) location.reload()
}

const isServerThere = async (): Promise<boolean> => {
  try {
    return (await fetch(location.href, { method: 'HEAD', headers: { accept: 'text/html' } })).ok
  } catch {
    return false
  }
}

/** Fetches what may be needed next once the page has nothing else to do, so that it is there without a connection too. */
export const useFetchedWhenIdle = (parts: readonly Pick<OnDemand<unknown>, 'fetch'>[]): void =>
  useEffect(() => {
    const fetchAll = async () => {
      for (const each of parts) await each.fetch()
    }
    return whenIdle(() => void fetchAll())
  }, [parts])

const idleMs = 2000

/** Safari does not tell. */
const whenIdle = (run: () => void): (() => void) => {
  if (typeof requestIdleCallback === 'undefined') return after(idleMs, run)
  const waiting = requestIdleCallback(run, { timeout: idleMs })
  return () => cancelIdleCallback(waiting)
}
