import fc from 'fast-check'
import { describe, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import { createBarrier, type Proof } from '../client/barrier.ts'
import {
  initialFacts,
  nextFacts,
  pendingOf,
  type SyncEvent,
  type SyncFacts,
  type SyncStatus,
  statusOf
} from '../client/sync-status.ts'
import { toEpoch, toSeq } from '../schema/room-name.ts'

const proof = { at: 1_000, seq: toSeq(5) }
const refusal = {
  code: 'read-only',
  reason: 'no',
  path: 'title',
  keptEdits: [{ path: 'title', value: 'mine' }],
  keptText: 'mine',
  keptDocument: new Y.Doc()
} as const

/** A room in each state, as it comes to be. */
const situations = {
  loading: initialFacts,
  /** Read from the device, and the server has not been reached: it is not known whether it is saved. */
  opening: { ...initialFacts, isReady: true },
  saved: { ...initialFacts, isReady: true, link: 'up', proof },
  saving: { ...initialFacts, isReady: true, link: 'up', proof, made: 2, confirmed: 1 },
  waiting: { ...initialFacts, isReady: true, link: 'up', proof, made: 2, confirmed: 1, isOverdue: true },
  blink: { ...initialFacts, isReady: true, link: 'lost', proof },
  offline: { ...initialFacts, isReady: true, link: 'down', proof },
  offlinePending: { ...initialFacts, isReady: true, link: 'down', proof, made: 2, confirmed: 1, stored: 1 },
  rejected: { ...initialFacts, isReady: true, link: 'up', proof, refusal },
  /** To this user, with everything confirmed. */
  closed: { ...initialFacts, link: 'down', proof, isClosed: true }
} as const satisfies Record<string, SyncFacts>

const events = {
  ready: { type: 'ready' },
  changed: { type: 'changed' },
  restored: { type: 'restored', count: 3 },
  stored: { type: 'stored', upTo: 2 },
  linked: { type: 'linked' },
  lost: { type: 'lost' },
  missed: { type: 'missed' },
  confirmed: { type: 'confirmed', upTo: 2, seq: toSeq(6), at: 2_000 },
  confirmedInPart: { type: 'confirmed', upTo: 1, seq: toSeq(6), at: 2_000 },
  overdue: { type: 'overdue' },
  refused: { type: 'refused', refusal },
  emptied: { type: 'emptied' },
  closed: { type: 'closed' },
  discarded: { type: 'discarded' }
} as const satisfies Record<string, SyncEvent>

type State = SyncStatus['state']

/** What each state becomes with each event; a missing cell does not compile. */
const table: Record<keyof typeof situations, Record<keyof typeof events, State>> = {
  loading: {
    ready: 'loading',
    changed: 'loading',
    restored: 'loading',
    stored: 'loading',
    linked: 'loading',
    lost: 'loading',
    missed: 'loading',
    confirmed: 'loading',
    confirmedInPart: 'loading',
    overdue: 'loading',
    refused: 'rejected',
    emptied: 'loading',
    closed: 'loading',
    discarded: 'loading'
  },
  opening: {
    ready: 'loading',
    changed: 'saving',
    restored: 'saving',
    stored: 'loading',
    linked: 'loading',
    lost: 'loading',
    missed: 'offline',
    confirmed: 'saved',
    confirmedInPart: 'saved',
    overdue: 'loading',
    refused: 'rejected',
    emptied: 'loading',
    closed: 'loading',
    discarded: 'loading'
  },
  saved: {
    ready: 'saved',
    changed: 'saving',
    restored: 'saving',
    stored: 'saved',
    linked: 'saved',
    lost: 'saved',
    missed: 'saved',
    confirmed: 'saved',
    confirmedInPart: 'saved',
    overdue: 'saved',
    refused: 'rejected',
    emptied: 'loading',
    closed: 'saved',
    discarded: 'saved'
  },
  saving: {
    ready: 'saving',
    changed: 'saving',
    restored: 'saving',
    stored: 'saving',
    linked: 'saving',
    lost: 'saving',
    missed: 'saving',
    confirmed: 'saved',
    confirmedInPart: 'saving',
    overdue: 'waiting',
    refused: 'rejected',
    emptied: 'loading',
    closed: 'loading',
    discarded: 'saving'
  },
  waiting: {
    ready: 'waiting',
    changed: 'waiting',
    restored: 'waiting',
    stored: 'waiting',
    linked: 'waiting',
    lost: 'saving',
    missed: 'waiting',
    confirmed: 'saved',
    confirmedInPart: 'saving',
    overdue: 'waiting',
    refused: 'rejected',
    emptied: 'loading',
    closed: 'loading',
    discarded: 'waiting'
  },
  blink: {
    ready: 'saved',
    changed: 'saving',
    restored: 'saving',
    stored: 'saved',
    linked: 'saved',
    lost: 'saved',
    missed: 'offline',
    confirmed: 'saved',
    confirmedInPart: 'saved',
    overdue: 'saved',
    refused: 'rejected',
    emptied: 'loading',
    closed: 'saved',
    discarded: 'saved'
  },
  offline: {
    ready: 'offline',
    changed: 'offline',
    restored: 'offline',
    stored: 'offline',
    linked: 'saved',
    lost: 'offline',
    missed: 'offline',
    confirmed: 'offline',
    confirmedInPart: 'offline',
    overdue: 'offline',
    refused: 'rejected',
    emptied: 'loading',
    closed: 'saved',
    discarded: 'offline'
  },
  offlinePending: {
    ready: 'offline',
    changed: 'offline',
    restored: 'offline',
    stored: 'offline',
    linked: 'saving',
    lost: 'offline',
    missed: 'offline',
    confirmed: 'offline',
    confirmedInPart: 'offline',
    overdue: 'offline',
    refused: 'rejected',
    emptied: 'loading',
    closed: 'loading',
    discarded: 'offline'
  },
  rejected: {
    ready: 'rejected',
    changed: 'rejected',
    restored: 'rejected',
    stored: 'rejected',
    linked: 'rejected',
    lost: 'rejected',
    missed: 'rejected',
    confirmed: 'rejected',
    confirmedInPart: 'rejected',
    overdue: 'rejected',
    refused: 'rejected',
    emptied: 'rejected',
    closed: 'rejected',
    discarded: 'saved'
  },
  closed: {
    ready: 'offline',
    changed: 'loading',
    restored: 'loading',
    stored: 'saved',
    linked: 'loading',
    lost: 'saved',
    missed: 'saved',
    confirmed: 'saved',
    confirmedInPart: 'saved',
    overdue: 'saved',
    refused: 'rejected',
    emptied: 'loading',
    closed: 'saved',
    discarded: 'saved'
  }
}

const show = (facts: SyncFacts): SyncStatus => statusOf(facts, () => {})

describe('the sync status', () => {
  for (const [situation, row] of Object.entries(table)) {
    for (const [event, expected] of Object.entries(row)) {
      test(`${situation}, then ${event}: ${expected}`, () => {
        const facts = situations[situation as keyof typeof situations]
        expect(show(nextFacts(facts, events[event as keyof typeof events])).state).toBe(expected)
      })
    }
  }

  test('counts what is unconfirmed, whatever of it was sent', () => {
    expect(show(situations.saving)).toEqual({ state: 'saving', pending: 1 })
    expect(show(nextFacts(situations.saving, events.restored))).toEqual({ state: 'saving', pending: 4 })
  })

  test('says of pending changes that they are on this device only once all of them are', () => {
    expect(show(situations.offlinePending)).toEqual({ state: 'offline', pending: 1, storedLocally: false })
    const stored = nextFacts(situations.offlinePending, { type: 'stored', upTo: 2 })
    expect(show(stored)).toMatchObject({ storedLocally: true })
    expect(show(nextFacts(stored, events.changed))).toMatchObject({ pending: 2, storedLocally: false })
  })

  test('keeps the time of saving when the same is confirmed again', () => {
    const again = nextFacts(situations.saved, { type: 'confirmed', upTo: 0, seq: toSeq(5), at: 9_000 })
    expect(again).toBe(situations.saved)
    const newer = nextFacts(situations.saved, { type: 'confirmed', upTo: 0, seq: toSeq(6), at: 9_000 })
    expect(show(newer)).toEqual({ state: 'saved', savedAt: new Date(9_000), seq: toSeq(6) })
  })

  const anyEvent: fc.Arbitrary<SyncEvent> = fc.oneof(
    fc.constantFrom(...Object.values<SyncEvent>(events)),
    fc.nat(20).map((upTo) => ({ type: 'confirmed' as const, upTo, seq: toSeq(upTo), at: upTo })),
    fc.nat(20).map((upTo) => ({ type: 'stored' as const, upTo }))
  )

  test('after any events, saved is said only when a confirmation covers every change since the last start', () => {
    fc.assert(
      fc.property(fc.array(anyEvent, { maxLength: 60 }), (happened) => {
        let facts = initialFacts
        let made = 0
        let covered = 0
        let isProved = false
        for (const event of happened) {
          facts = nextFacts(facts, event)
          if (event.type === 'changed') made++
          if (event.type === 'restored') made += event.count
          if (event.type === 'confirmed') {
            covered = Math.max(covered, Math.min(event.upTo, made))
            isProved = true
          }
          if (event.type === 'emptied' || event.type === 'closed') {
            isProved &&= event.type === 'closed' && made === covered
            made = 0
            covered = 0
          }
          const status = show(facts)
          expect(pendingOf(facts)).toBe(made - covered)
          if (status.state === 'saved') expect([made - covered, isProved]).toEqual([0, true])
          if ('pending' in status) expect(status.pending).toBe(made - covered)
        }
      }),
      { numRuns: 1_000 }
    )
  })
})

describe('the barrier', () => {
  const answer: Proof = { seq: toSeq(7), epoch: toEpoch(1) }
  const open = () => {
    const state = { made: 0, sent: [] as number[], confirmed: [] as number[] }
    const barrier = createBarrier({
      send: (id) => state.sent.push(id),
      made: () => state.made,
      confirmed: (upTo) => state.confirmed.push(upTo)
    })
    return { state, barrier }
  }

  test('has one flush on its way and one wanted, however many changes there are', () => {
    const { state, barrier } = open()
    barrier.opened()
    for (state.made = 1; state.made <= 50; state.made++) barrier.request()
    expect(state.sent).toHaveLength(1)
    barrier.answered(1, answer)
    expect(state.sent).toHaveLength(2)
    barrier.answered(2, answer)
    expect(state.sent).toHaveLength(2)
  })

  test('confirms what had been made when the flush went out, and no more', () => {
    const { state, barrier } = open()
    state.made = 3
    barrier.opened()
    state.made = 5
    barrier.answered(1, answer)
    expect(state.confirmed).toEqual([3])
  })

  test('an answer to a flush of an earlier connection confirms nothing', () => {
    const { state, barrier } = open()
    state.made = 1
    barrier.opened()
    barrier.closed()
    barrier.answered(1, answer)
    expect(state.confirmed).toEqual([])
    barrier.opened()
    barrier.answered(1, answer)
    expect(state.confirmed).toEqual([])
    barrier.answered(2, answer)
    expect(state.confirmed).toEqual([1])
  })

  test('who waits gets the proof of a flush that was sent afterwards', async () => {
    const { state, barrier } = open()
    barrier.opened()
    const resolved = vi.fn()
    const waiting = barrier.wait().then(resolved)
    barrier.answered(1, answer)
    await Promise.resolve()
    expect(resolved).not.toHaveBeenCalled()
    expect(state.sent).toEqual([1, 2])
    barrier.answered(2, answer)
    await waiting
    expect(resolved).toHaveBeenCalledWith(answer)
  })

  test('who waits across a lost connection gets the proof of the next', async () => {
    const { barrier } = open()
    barrier.opened()
    barrier.answered(1, answer)
    const first = barrier.wait()
    barrier.closed()
    const second = barrier.wait()
    barrier.opened()
    barrier.answered(3, answer)
    expect(await Promise.all([first, second])).toEqual([answer, answer])
  })
})
