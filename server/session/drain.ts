import { randomBelow, sleep } from '../clock.ts'
import type { Session } from './session.ts'

/** As fast as the nodes that they go to can let them in. */
const msPerSession = 2
const sliceMs = 50

/**
 * Asks sessions to come back elsewhere: not all at once, for they come back all at once then. Each goes at a moment that
 * is up to chance, within a time that grows with their number. Resolves when all have been asked.
 */
export const endInSlices = async (sessions: readonly Session[], msMax: number): Promise<void> => {
  const slices = Math.max(1, Math.ceil(Math.min(msMax, sessions.length * msPerSession) / sliceMs))
  const sliceOf = Map.groupBy(sessions, () => Math.floor(randomBelow(slices)))
  for (let slice = 0; slice < slices; slice++) {
    if (slice > 0) await sleep(sliceMs)
    for (const session of sliceOf.get(slice) ?? []) session.end('draining', 'this node is about to stop')
  }
}
