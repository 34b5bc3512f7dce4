/** Calls `send` with 0, 1, 2 … evenly, `perSecond` times a second, until the result is called. A late timer catches up. */
export const pace = (perSecond: number, send: (index: number) => void): (() => void) => {
  const start = performance.now()
  let next = 0
  const timer = setInterval(() => {
    const due = ((performance.now() - start) / 1000) * perSecond
    while (next < due) send(next++)
  }, 1)
  return () => clearInterval(timer)
}

/** The typing has begun; the part that is measured begins; it is over. */
export type Phase = 'typing' | 'measuring' | 'measured'

/** Tells who started the generator where it is. */
export type Announce = (phase: Phase) => void
