/**
 * Is anybody there? A link can be dead for half a minute before the machine notices. Whenever nothing was heard for a
 * while the client asks for something that is answered at once, and after 5 s without a sound the link counts as dead.
 *
 * Any frame counts as an answer. The first question is a `flush` (small), which a server without its database does not
 * answer in time; the second asks for presence, which needs no database.
 */
export interface Pulse {
  readonly heardAt: number
  /** When the first question since then went out. */
  readonly askedAt: number | null
  readonly isAskedTwice: boolean
}

export type Beat = 'rest' | 'ask' | 'ask-again' | 'cut'

/** How long nothing may be heard before the client asks: in a page that somebody sees or that has something to send. */
export const watchfulMs = 5000
/** The same for a page in the background: often enough to keep the connection. */
export const drowsyMs = 25_000
export const answerMs = 5000
const secondQuestionMs = 2500

export const beat = (pulse: Pulse, now: number, quietMs: number): Beat => {
  if (pulse.askedAt === null) return now - pulse.heardAt >= quietMs ? 'ask' : 'rest'
  const waited = now - pulse.askedAt
  if (waited >= answerMs) return 'cut'
  return waited >= secondQuestionMs && !pulse.isAskedTwice ? 'ask-again' : 'rest'
}
