import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from 'react'

type Urgency = 'polite' | 'assertive'
type Announce = (text: string, urgency?: Urgency) => void

const AnnounceContext = createContext<Announce | null>(null)

/** The one place of the app that speaks to a screen reader. What is said polite waits, what is assertive interrupts. */
export function Announcer({ children }: { children: ReactNode }) {
  const [said, setSaid] = useState({ polite: '', assertive: '' })
  const announce = useCallback<Announce>((text, urgency = 'polite') => {
    // A region is read when its text changes: said twice, the same words need to differ.
    setSaid((before) => ({ ...before, [urgency]: before[urgency] === text ? `${text}\u00a0` : text }))
  }, [])
  return (
    <AnnounceContext value={useMemo(() => announce, [announce])}>
      {children}
      <p className="sr-only" role="status" aria-live="polite">
        {said.polite}
      </p>
      <p className="sr-only" role="alert" aria-live="assertive">
        {said.assertive}
      </p>
    </AnnounceContext>
  )
}

/** @throws Error outside of `<Announcer>` */
export const useAnnounce = (): Announce => {
  const announce = useContext(AnnounceContext)
  if (announce === null) throw new Error('useAnnounce needs an <Announcer> above it')
  return announce
}
