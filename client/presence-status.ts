/**
 * Who is in some rooms, for pages that do not enter them: asked for again and again, once for all who want to know.
 *
 *   watched ──▶ due ──▶ one request per token ──▶ fresh ──▶ due again after `everyMs`
 *                ▲                           └──▶ failed: stale, again after a delay that doubles
 *                └─────────────────────────────────┘      the token is refused: a new one once, then refused
 */
import { type ErrorCode, errorCodes, RoomlogError } from '../schema/error-codes.ts'
import { parseRoomName, type RoomName } from '../schema/room-name.ts'
import { askPresence, type PresenceAnswer, type RoomPresence, roomsAtOnce } from './ask-presence.ts'
import type { ClientOptions } from './client.ts'
import { after, monotonic, randomBelow } from './clock.ts'
import { createListeners, type Store } from './store.ts'
import { page } from './transport/page.ts'
import { retryDelay } from './transport/retry.ts'

export interface PresenceStatus {
  /** stale: what the server said last; it cannot be asked now, or has not been lately. refused: no token is good. */
  readonly status: 'loading' | 'fresh' | 'stale' | 'refused'
  /** By the names of the rooms, as far as something is known. */
  readonly rooms: Readonly<Record<string, RoomPresence>>
}

export interface PresenceStatusOptions {
  /** Milliseconds between two answers: 10,000, and 1,000 at least. */
  readonly everyMs?: number
}

export interface PresenceStatuses {
  /** Asks while somebody subscribes. @throws RoomlogError 'room-name-invalid' */
  of(rooms: readonly string[], options?: PresenceStatusOptions): Store<PresenceStatus>
  /** Asks now, also those that were refused. */
  retryNow(): void
  close(): void
}

interface Watched {
  readonly room: RoomName
  /** How often each of those who watch it wants to know. */
  readonly everyMs: number[]
  answer: RoomPresence | null
  state: 'loading' | 'fresh' | 'stale' | 'refused'
  /** By the monotonic clock. */
  dueAt: number
}

const usualMs = 10_000
const leastMs = 1_000
/** What is known of rooms that nobody watches any more is kept of so many. */
const keptMax = 200

export const createPresenceStatuses = ({
  url,
  auth
}: Pick<ClientOptions, 'url' | 'auth'>): PresenceStatuses => {
  const all = new Map<RoomName, Watched>()
  const changed = createListeners<[]>()
  const isWatched = ({ everyMs }: Watched): boolean => everyMs.length > 0
  let asking: AbortController | null = null
  let failures = 0
  let notBefore = 0
  let cancel = (): void => {}

  const schedule = (): void => {
    cancel()
    const due = [...all.values()].filter((one) => isWatched(one) && one.state !== 'refused')
    if (asking !== null || due.length === 0 || !page.isVisible) return
    const dueAt = Math.max(notBefore, Math.min(...due.map((one) => one.dueAt)))
    cancel = after(Math.max(0, dueAt - monotonic()), ask)
  }
  const ask = (): void => {
    const at = monotonic()
    // Those that are due a little later are asked for along with the others.
    const due = [...all.values()].filter(
      (one) => isWatched(one) && one.state !== 'refused' && one.dueAt <= at + leastMs / 2
    )
    const controller = new AbortController()
    asking = controller
    void askAll(due, controller.signal).finally(() => {
      if (asking !== controller) return
      asking = null
      schedule()
    })
  }
  const askAll = async (due: readonly Watched[], signal: AbortSignal): Promise<void> => {
    for (const isRefused of [false, true]) {
      const left = due.filter(({ state, dueAt }) => state !== 'refused' && dueAt <= monotonic() + leastMs / 2)
      const results = await askByToken({ url, auth }, left, { isRefused, signal })
      if (signal.aborted) return
      const refused = results.filter(({ answer }) => 'failed' in answer && answer.failed === 'token-invalid')
      for (const { watched, answer } of results)
        if (isRefused || !refused.some((one) => one.answer === answer)) take(watched, answer)
      changed.tell()
      if (refused.length === 0 || auth === undefined) return
    }
  }
  const take = (watched: readonly Watched[], answer: PresenceAnswer): void => {
    if ('failed' in answer) return fail(watched, answer.failed, answer.delayMsMin)
    failures = 0
    for (const one of watched) {
      const told = answer.rooms.get(one.room) ?? null
      // The same as before is the same object, so that nobody draws it again.
      if (JSON.stringify(told) !== JSON.stringify(one.answer)) one.answer = told
      one.state = 'fresh'
      one.dueAt = monotonic() + Math.min(...one.everyMs, Number.MAX_SAFE_INTEGER)
    }
  }
  const fail = (watched: readonly Watched[], code: ErrorCode, delayMsMin: number): void => {
    const isForGood = code === 'token-invalid' || !errorCodes[code].retry
    if (!isForGood) {
      failures++
      notBefore = monotonic() + Math.max(delayMsMin, retryDelay(failures, randomBelow(1)))
    }
    for (const one of watched) one.state = isForGood ? 'refused' : one.answer === null ? 'loading' : 'stale'
  }
  const watch = (room: RoomName, everyMs: number): (() => void) => {
    const known = all.get(room)
    const one = known ?? { room, everyMs: [], answer: null, state: 'loading' as const, dueAt: 0 }
    all.set(room, one)
    one.everyMs.push(everyMs)
    if (one.state === 'refused') one.state = one.answer === null ? 'loading' : 'stale'
    one.dueAt = Math.min(one.dueAt, monotonic() + everyMs)
    return () => {
      one.everyMs.splice(one.everyMs.indexOf(everyMs), 1)
      if (isWatched(one)) return
      if (one.state === 'fresh') one.state = 'stale'
      one.dueAt = 0
      forgetSome()
    }
  }
  const forgetSome = (): void => {
    for (const [room, one] of all) {
      if (all.size <= keptMax) return
      if (!isWatched(one)) all.delete(room)
    }
  }
  const stopIfAlone = (): void => {
    if ([...all.values()].some(isWatched)) return
    asking?.abort()
    asking = null
    cancel()
  }
  const retryNow = (): void => {
    notBefore = 0
    for (const one of all.values()) {
      one.dueAt = 0
      if (one.state === 'refused') one.state = one.answer === null ? 'loading' : 'stale'
    }
    schedule()
  }
  const stopWaking = page.onWake(retryNow)

  return {
    of(rooms, { everyMs = usualMs } = {}) {
      const names = rooms.map(toRoomName)
      const view = createView(() =>
        names.map((room) => all.get(room) ?? { room, answer: null, state: 'loading' })
      )
      return {
        get: view,
        subscribe: (listener) => {
          const ends = names.map((room) => watch(room, Math.max(leastMs, everyMs)))
          const end = changed.add(listener)
          schedule()
          return () => {
            end()
            for (const each of ends.splice(0)) each()
            stopIfAlone()
          }
        }
      }
    },
    retryNow,
    close() {
      stopWaking()
      cancel()
      asking?.abort()
      all.clear()
    }
  }
}

const toRoomName = (text: string): RoomName => {
  const name = parseRoomName(text)
  if (name === null) throw new RoomlogError('room-name-invalid', `${text} is no room name`)
  return name
}

/** The same object until something of it changes. */
const createView = (
  read: () => readonly Pick<Watched, 'room' | 'answer' | 'state'>[]
): (() => PresenceStatus) => {
  let last: { readonly key: readonly unknown[]; readonly value: PresenceStatus } | null = null
  return () => {
    const watched = read()
    const status = statusOf(watched.map(({ state }) => state))
    const key = [status, ...watched.map(({ answer }) => answer)]
    if (last?.key.every((part, index) => part === key[index])) return last.value
    const known = watched.flatMap(({ room, answer }) => (answer === null ? [] : [[room, answer] as const]))
    last = { key, value: { status, rooms: Object.fromEntries(known) } }
    return last.value
  }
}

/** What is worst of any room holds for all of them. */
const statusOf = (states: readonly PresenceStatus['status'][]): PresenceStatus['status'] =>
  (['refused', 'loading', 'stale'] as const).find((state) => states.includes(state)) ?? 'fresh'

interface Asked {
  readonly watched: readonly Watched[]
  readonly answer: PresenceAnswer
}

/** The rooms that have one token are asked for together. */
const askByToken = async (
  { url, auth }: Pick<ClientOptions, 'url' | 'auth'>,
  watched: readonly Watched[],
  { isRefused, signal }: { readonly isRefused: boolean; readonly signal: AbortSignal }
): Promise<readonly Asked[]> => {
  const byToken = new Map<string | undefined, Watched[]>()
  const withoutToken: Watched[] = []
  for (const one of watched) {
    try {
      const token = (await auth?.(one.room, { refused: isRefused }))?.token
      byToken.set(token, [...(byToken.get(token) ?? []), one])
    } catch {
      withoutToken.push(one)
    }
  }
  const failed: PresenceAnswer = { failed: 'unavailable', delayMsMin: 0 }
  const asked: Asked[] = withoutToken.length === 0 ? [] : [{ watched: withoutToken, answer: failed }]
  for (const [token, those] of byToken) {
    for (let from = 0; from < those.length && !signal.aborted; from += roomsAtOnce) {
      const some = those.slice(from, from + roomsAtOnce)
      try {
        asked.push({
          watched: some,
          answer: await askPresence(
            url,
            some.map(({ room }) => room),
            { token, signal }
          )
        })
      } catch (error) {
        if (!signal.aborted) throw error
      }
    }
  }
  return asked
}
