/** What depends on clocks, with clocks that the test moves. */
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import { holdSaved } from '../client/hold-saved.ts'
import { createLostWatch } from '../client/lost-watch.ts'
import { createStore } from '../client/store.ts'
import { createSync } from '../client/sync.ts'
import type { SyncStatus } from '../client/sync-status.ts'
import { answerMs, beat, type Pulse, watchfulMs } from '../client/transport/heartbeat.ts'
import { reactionTo, retryDelay } from '../client/transport/retry.ts'
import { errorCodes, isErrorCode } from '../schema/error-codes.ts'
import { toEpoch, toSeq } from '../schema/room-name.ts'

beforeEach(() => {
  vi.useFakeTimers()
})
afterEach(() => {
  vi.useRealTimers()
})

const proofOf = (seq: number) => ({ seq: toSeq(seq), epoch: toEpoch(1) })

describe('the sync of a room', () => {
  const open = () => {
    const flushes: number[] = []
    const sync = createSync({ sendFlush: (id) => flushes.push(id), confirmed: () => {} })
    const answer = (): void => sync.proved(flushes.at(-1) ?? 0, proofOf(flushes.length))
    sync.linked()
    answer()
    return { sync, flushes, answer }
  }
  /** Microtasks are not on the clock. */
  const change = async (sync: ReturnType<typeof open>['sync']): Promise<void> => {
    sync.changed()
    await Promise.resolve()
  }

  test('a change that nobody confirms is waited for within 5 s', async () => {
    const { sync } = open()
    await change(sync)
    vi.advanceTimersByTime(4_500)
    expect(sync.status.get().state).toBe('saving')
    vi.advanceTimersByTime(499)
    expect(sync.status.get()).toEqual({ state: 'waiting', pending: 1 })
  })

  test('the 5 s are those of the oldest change that is unconfirmed, however many are confirmed meanwhile', async () => {
    const { sync, answer } = open()
    await change(sync)
    vi.advanceTimersByTime(3_000)
    await change(sync)
    vi.advanceTimersByTime(500)
    await change(sync)
    vi.advanceTimersByTime(500)
    answer()
    await Promise.resolve()
    vi.advanceTimersByTime(3_500)
    expect(sync.status.get().state).toBe('saving')
    vi.advanceTimersByTime(499)
    expect(sync.status.get()).toEqual({ state: 'waiting', pending: 2 })
    answer()
    expect(sync.status.get().state).toBe('saved')
  })

  test('somebody who types without a pause and is confirmed all along never waits', async () => {
    const { sync, answer } = open()
    const said = new Set<string>()
    sync.status.subscribe(() => said.add(sync.status.get().state))
    for (let second = 0; second < 20; second++) {
      await change(sync)
      await change(sync)
      vi.advanceTimersByTime(500)
      answer()
      vi.advanceTimersByTime(500)
    }
    expect([...said]).not.toContain('waiting')
  })

  test('a connection that is away for less than a second is not worth a word', () => {
    const { sync } = open()
    sync.unlinked()
    vi.advanceTimersByTime(900)
    expect(sync.status.get().state).toBe('saved')
    sync.linked()
    vi.advanceTimersByTime(900)
    expect(sync.status.get().state).toBe('saved')
    sync.unlinked()
    vi.advanceTimersByTime(1_100)
    expect(sync.status.get()).toEqual({ state: 'offline', pending: 0, storedLocally: true })
  })

  test('what was sent before the connection ended is unconfirmed after it', async () => {
    const { sync, flushes, answer } = open()
    await change(sync)
    sync.unlinked()
    answer()
    expect(sync.status.get()).toEqual({ state: 'saving', pending: 1 })
    const sent = flushes.length
    sync.linked()
    expect(flushes).toHaveLength(sent + 1)
    answer()
    expect(sync.status.get().state).toBe('saved')
  })

  test('who waits for a flush of a room that starts over is told why it will not come', async () => {
    const { sync } = open()
    const flushed = sync.flush()
    sync.startOver(null)
    await expect(flushed).rejects.toThrow(expect.objectContaining({ reason: 'resync' }))
  })
})

describe('saved, held back', () => {
  const saved: SyncStatus = { state: 'saved', savedAt: new Date(0), seq: toSeq(1) }
  const saving: SyncStatus = { state: 'saving', pending: 1 }

  test('comes 400 ms after saving, and saving at once', () => {
    const status = createStore<SyncStatus>(saved)
    const held = holdSaved(status)
    const said: string[] = []
    held.subscribe(() => said.push(held.get().state))
    status.set(saving)
    expect(said).toEqual(['saving'])
    status.set(saved)
    vi.advanceTimersByTime(399)
    expect(said).toEqual(['saving'])
    vi.advanceTimersByTime(1)
    expect(said).toEqual(['saving', 'saved'])
  })

  test('does not flicker while somebody types', () => {
    const status = createStore<SyncStatus>(saved)
    const held = holdSaved(status)
    const said: string[] = []
    held.subscribe(() => said.push(held.get().state))
    for (let stroke = 0; stroke < 20; stroke++) {
      status.set({ ...saving })
      vi.advanceTimersByTime(20)
      status.set({ ...saved })
      vi.advanceTimersByTime(100)
    }
    vi.advanceTimersByTime(400)
    expect(said.filter((state) => state === 'saved')).toHaveLength(1)
  })

  test('is not held after anything else', () => {
    const status = createStore<SyncStatus>({ state: 'offline', pending: 0, storedLocally: true })
    const held = holdSaved(status)
    status.set(saved)
    expect(held.get().state).toBe('saved')
  })
})

describe('a lost connection', () => {
  test('is told after 5 s, and its return only if the loss was told', () => {
    const told: string[] = []
    const watch = createLostWatch((event) => told.push(event))
    watch.expect()
    vi.advanceTimersByTime(4_900)
    watch.linked()
    expect(told).toEqual([])
    watch.expect()
    vi.advanceTimersByTime(5_100)
    watch.linked()
    expect(told).toEqual(['lost', 'restored'])
  })
})

describe('the heartbeat', () => {
  const heard: Pulse = { heardAt: 0, askedAt: null, isAskedTwice: false }

  test('rests while something is heard, then asks', () => {
    expect(beat(heard, watchfulMs - 1, watchfulMs)).toBe('rest')
    expect(beat(heard, watchfulMs, watchfulMs)).toBe('ask')
  })

  test('asks a second time, in another way, before it gives the link up', () => {
    const asked: Pulse = { ...heard, askedAt: 1_000 }
    expect(beat(asked, 2_000, watchfulMs)).toBe('rest')
    expect(beat(asked, 4_000, watchfulMs)).toBe('ask-again')
    expect(beat({ ...asked, isAskedTwice: true }, 4_000, watchfulMs)).toBe('rest')
    expect(beat({ ...asked, isAskedTwice: true }, 1_000 + answerMs, watchfulMs)).toBe('cut')
  })

  test('gives up at once a link that was silent while the machine slept', () => {
    expect(beat({ ...heard, askedAt: 1_000 }, 60 * 60_000, watchfulMs)).toBe('cut')
  })
})

describe('trying again', () => {
  test('is decided by the name of the refusal, whatever the close code says', () => {
    for (const name of Object.keys(errorCodes).filter(isErrorCode)) {
      const { reaction } = reactionTo(name, 4403)
      expect(reaction).toBe(name === 'token-invalid' ? 'refresh' : errorCodes[name].retry ? 'retry' : 'stop')
    }
  })

  test('is decided by the close code where there is no name', () => {
    expect(reactionTo('', 1012)).toMatchObject({ code: 'draining', reaction: 'retry' })
    expect(reactionTo('', 4401)).toMatchObject({ code: 'token-invalid', reaction: 'refresh' })
    expect(reactionTo('', 4422).reaction).toBe('stop')
    expect(reactionTo('', 4413).reaction).toBe('stop')
    expect(reactionTo('', 4403).reaction).toBe('stop')
  })

  test('goes on after what cannot be told, and after a code whose names disagree', () => {
    expect(reactionTo('', 1006)).toMatchObject({ code: 'unavailable', reaction: 'retry' })
    expect(reactionTo('no such name', undefined).reaction).toBe('retry')
    expect(reactionTo('', 4404).reaction).toBe('retry')
  })

  test('does not begin before the time that the server named for a limit', () => {
    const told = reactionTo('too-many: 812 frames/s > 500; retry in 12 s', 4529)
    expect(told).toEqual({ code: 'too-many', reaction: 'retry', delayMsMin: 12_000 })
    expect(reactionTo('too-many', 4529).delayMsMin).toBe(0)
  })

  test('begins within a second, spread, and waits 30 s at most', () => {
    expect([0, 0.5, 1].map((random) => retryDelay(0, random))).toEqual([0, 500, 1_000])
    for (let attempt = 1; attempt < 2_000; attempt++) {
      expect(retryDelay(attempt, 0)).toBeGreaterThanOrEqual(1_000)
      expect(retryDelay(attempt, 1)).toBeLessThanOrEqual(30_000)
    }
  })
})
