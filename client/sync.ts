/** Keeps a room's sync facts: what happens to local changes, the proofs of it, and the clocks it is measured by. */
import { RoomlogError } from '../schema/error-codes.ts'
import { createBarrier, type Proof } from './barrier.ts'
import { after, monotonic, now } from './clock.ts'
import { holdSaved } from './hold-saved.ts'
import { createStore, type Store } from './store.ts'
import {
  initialFacts,
  nextFacts,
  pendingOf,
  type Refusal,
  type SyncEvent,
  type SyncFacts,
  type SyncStatus,
  statusOf
} from './sync-status.ts'
import type { RefusedUpdate } from './transport/room-session.ts'

export interface Sync {
  readonly status: Store<SyncStatus>
  readonly smooth: Store<SyncStatus>
  facts(): SyncFacts
  /** Something was read; a number of changes in it are unconfirmed. */
  restored(count: number): void
  ready(): void
  /** @returns the number of the local change */
  changed(): number
  stored(upTo: number): void
  linked(): void
  unlinked(): void
  proved(id: number, proof: Proof): void
  /** Asks for a proof, unless one is asked for already. */
  probe(): boolean
  flush(): Promise<Proof>
  /** The room begins anew: who waits for a proof is told why. */
  startOver(why: RefusedUpdate | null): void
  /** The room is closed to this user. */
  close(): void
  /** What was refused before the room began anew. */
  refused(refusal: Refusal): void
  /** Nothing more will be proved. */
  fail(error: RoomlogError): void
  destroy(): void
}

interface SyncOptions {
  sendFlush(id: number): void
  confirmed(upTo: number): void
}

/** No connection for so long is worth a word; less is a blink. */
const missedAfterMs = 1000
/** 5 s, less what it takes to put it on the screen. */
const overdueAfterMs = 4800

export const createSync = ({ sendFlush, confirmed }: SyncOptions): Sync => {
  let facts = initialFacts
  const status = createStore<SyncStatus>({ state: 'loading' })
  const smooth = holdSaved(status)
  const missed = createTimer(() => happened({ type: 'missed' }))
  const overdue = createTimer(() => happened({ type: 'overdue' }))
  /** When the oldest unconfirmed change was made; when the oldest was that the flush under way does not cover. */
  let oldestAt: number | null = null
  let uncoveredAt: number | null = null

  const happened = (event: SyncEvent): void => {
    facts = nextFacts(facts, event)
    const next = statusOf(facts, discard)
    if (!isSameStatus(status.get(), next)) status.set(next)
  }
  const discard = (): void => happened({ type: 'discarded' })
  const watchOverdue = (): void => {
    if (facts.link !== 'up' || oldestAt === null) overdue.stop()
    else overdue.start(oldestAt + overdueAfterMs - monotonic())
  }

  const barrier = createBarrier({
    send: (id) => {
      uncoveredAt = null
      sendFlush(id)
    },
    made: () => facts.made,
    confirmed: (upTo, { seq }) => {
      happened({ type: 'confirmed', upTo, seq, at: now() })
      oldestAt = pendingOf(facts) > 0 ? uncoveredAt : null
      watchOverdue()
      confirmed(upTo)
    }
  })
  const unconfirmed = (): void => {
    const at = monotonic()
    uncoveredAt ??= at
    if (oldestAt === null) {
      oldestAt = at
      watchOverdue()
    }
    // The frame of the change leaves in this turn, before the flush that covers it.
    queueMicrotask(barrier.request)
  }
  const forget = (): void => {
    overdue.stop()
    oldestAt = null
    uncoveredAt = null
  }
  missed.start(missedAfterMs)

  return {
    status,
    smooth,
    facts: () => facts,
    restored: (count) => {
      happened({ type: 'restored', count })
      unconfirmed()
    },
    ready: () => happened({ type: 'ready' }),
    changed: () => {
      happened({ type: 'changed' })
      unconfirmed()
      return facts.made
    },
    stored: (upTo) => happened({ type: 'stored', upTo }),
    linked: () => {
      missed.stop()
      happened({ type: 'linked' })
      oldestAt = pendingOf(facts) > 0 ? monotonic() : null
      watchOverdue()
      barrier.opened()
    },
    unlinked: () => {
      barrier.closed()
      happened({ type: 'lost' })
      overdue.stop()
      missed.start(missedAfterMs)
    },
    proved: barrier.answered,
    probe: () => {
      if (barrier.isAsking) return false
      barrier.request()
      return barrier.isAsking
    },
    flush: barrier.wait,
    startOver: (why) => {
      forget()
      barrier.fail(new RoomlogError(why?.code ?? 'resync', why?.reason ?? 'the room began anew'))
      happened({ type: 'emptied' })
      if (facts.link !== 'down') missed.start(missedAfterMs)
    },
    close: () => {
      forget()
      happened({ type: 'closed' })
    },
    refused: (refusal) => happened({ type: 'refused', refusal }),
    fail: barrier.fail,
    destroy: () => {
      barrier.fail(new RoomlogError('unavailable', 'the room was left'))
      missed.stop()
      overdue.stop()
      smooth.destroy()
    }
  }
}

const isSameStatus = (a: SyncStatus, b: SyncStatus): boolean => {
  switch (a.state) {
    case 'loading':
      return b.state === a.state
    case 'saving':
    case 'waiting':
      return b.state === a.state && b.pending === a.pending
    case 'saved':
      return b.state === a.state && b.seq === a.seq && b.savedAt.getTime() === a.savedAt.getTime()
    case 'offline':
      return b.state === a.state && b.pending === a.pending && b.storedLocally === a.storedLocally
    case 'rejected':
      return b.state === a.state && b.keptDocument === a.keptDocument
  }
}

/** One timer at a time: starting it again forgets the time that was set before. */
const createTimer = (run: () => void) => {
  let cancel: () => void = () => {}
  return {
    start: (ms: number): void => {
      cancel()
      cancel = after(Math.max(0, ms), run)
    },
    stop: (): void => cancel()
  }
}
