import { type CommittedParts, withCommitted } from '../committed.ts'
import type { RoomWatch } from '../load-room.ts'
import { type BehaviourParts, type Behaviours, createBehaviours } from './behaviours.ts'
import { createDerivations, type DerivationParts } from './derivations.ts'
import { createIdleness, type IdlenessParts } from './idleness.ts'

export interface RunningKinds extends Behaviours {
  readonly watch: RoomWatch
  /** Begins nothing more; resolves when what runs has ended. */
  close(): Promise<void>
}

type Parts = Omit<BehaviourParts & DerivationParts & IdlenessParts, 'stateAt'> & CommittedParts

/** Runs what the kinds of this node do by themselves, until `close`. */
export const startKinds = (own: Parts): RunningKinds => {
  const stateAt: BehaviourParts['stateAt'] = (name, seq, read) => withCommitted(own, name, seq, read)
  const parts = { ...own, stateAt }
  const derivations = createDerivations(parts)
  const idleness = createIdleness(parts)
  return {
    ...createBehaviours(parts),
    watch: {
      watcher: derivations.watcher,
      async opened(room, byPeople) {
        await idleness.opened(room)
        if (byPeople) derivations.opened(room)
      }
    },
    async close() {
      await Promise.all([derivations.close(), idleness.close()])
    }
  }
}
