/**
 * All responses to a form, kept up to date: the list is asked for every few seconds while the page is in sight, what has
 * changed is read, and those that somebody is filling in are entered like any room, so that every key press is seen.
 *
 *   list ──▶ new heads ──▶ read over HTTP ─┐
 *     └────▶ drafts at work ──▶ entered ───┴──▶ store
 */
import { after, now } from '../../../clock.ts'
import type { Client } from '../../../index.ts'
import { createStore, type Store } from '../../../store.ts'
import { Refusal } from '../../api.ts'
import { readForm, readResponse } from '../../respond/on-server.ts'
import type { ResponseSnapshot } from '../../respond/response-room.ts'
import type { FormSnapshot } from '../arrangement.ts'
import { createLiveResponses, type Filling, type LiveResponses } from './live-responses.ts'
import { type ListedRoom, listResponses } from './responses-on-server.ts'

export interface Response {
  readonly id: string
  /** The number of its newest entry. */
  readonly head: number
  readonly given: ResponseSnapshot
  /** null: nobody is filling it in. */
  readonly filling: Filling | null
}

export interface Responses {
  /** Those that are filled in now, then those that were sent, the newest first, then what was begun and left. */
  readonly responses: readonly Response[]
  /** The forms as they stood when responses were begun, by their seq, as far as they were read. */
  readonly forms: ReadonlyMap<number, FormSnapshot>
  /** How many of how many were read; null once all were. */
  readonly reading: { readonly done: number; readonly of: number } | null
  /** Why the list is not up to date: what `callApi` throws; null: it is. */
  readonly problem: unknown
}

export interface FeedOptions {
  readonly client: Client
  readonly token: string
  /** Of the form. */
  readonly id: string
}

const askAgainMs = 3_000
/** The server looks at the rights in each of them: many are asked for less often. */
const askAgainPerResponseMs = 15
const publishEveryMs = 100
const atOnce = 4
/** So many are entered at once, and no draft that nothing was written to for so long. */
const liveMax = 12
const atWorkMs = 10 * 60_000

export const nothingRead: Responses = {
  responses: [],
  forms: new Map(),
  reading: { done: 0, of: 0 },
  problem: null
}

export class ResponseFeed implements Store<Responses> {
  readonly #options: FeedOptions
  readonly #store = createStore(nothingRead)
  readonly #live: LiveResponses
  readonly #ended = new AbortController()
  readonly #known = new Map<string, { readonly head: number; readonly given: ResponseSnapshot }>()
  #listed: readonly ListedRoom[] = []
  #cancelPublish: (() => void) | null = null
  #cancelAsk: (() => void) | null = null
  #isAsking = false

  /** Asks at once, and again and again until `end`. */
  constructor(options: FeedOptions) {
    this.#options = options
    this.#live = createLiveResponses(options.client, () => this.#publishSoon())
    document.addEventListener('visibilitychange', this.#askIfSeen, { signal: this.#ended.signal })
    this.#askIfSeen()
  }

  readonly get = (): Responses => this.#store.get()

  readonly subscribe = (listener: () => void): (() => void) => this.#store.subscribe(listener)

  end(): void {
    this.#ended.abort()
    this.#cancelAsk?.()
    this.#cancelPublish?.()
    this.#live.watch([])
  }

  readonly #askIfSeen = (): void => {
    if (!this.#isAsking && !document.hidden) void this.#ask()
  }

  async #ask(): Promise<void> {
    this.#isAsking = true
    this.#cancelAsk?.()
    try {
      await this.#refresh()
      this.#publish({ reading: null, problem: null })
    } catch (problem) {
      if (!this.#ended.signal.aborted) this.#publish({ problem })
    } finally {
      this.#isAsking = false
      const wait = Math.max(askAgainMs, this.#listed.length * askAgainPerResponseMs)
      if (!this.#ended.signal.aborted) this.#cancelAsk = after(wait, this.#askIfSeen)
    }
  }

  async #refresh(): Promise<void> {
    const { token, id } = this.#options
    const { signal } = this.#ended
    this.#listed = await listResponses(token, id, signal)
    const stale = this.#listed.filter((room) => this.#isStale(room))
    const of = this.#listed.length
    let done = of - stale.length
    await inLanes(stale, async (room) => {
      const given = await ifThere(readResponse(token, room.id, signal))
      if (given !== null) this.#known.set(room.id, { head: room.head, given })
      done++
      if (this.get().reading !== null) this.#publish({ reading: { done, of } })
    })
    if (signal.aborted) return
    this.#live.watch(this.#atWork())
    await this.#readForms()
  }

  #isStale({ id, head }: ListedRoom): boolean {
    return this.#known.get(id)?.head !== head && this.#live.get(id) === null
  }

  /** The drafts that somebody is at, as far as the list can tell: own connections count too. */
  #atWork(): readonly string[] {
    const since = now() - atWorkMs
    return this.#listed
      .filter(({ id, changedAt, connections }) => {
        const isOpen = connections > (this.#live.has(id) ? 1 : 0)
        return this.#known.get(id)?.given.status.state === 'draft' && (isOpen || changedAt > since)
      })
      .sort((a, b) => b.changedAt - a.changedAt)
      .slice(0, liveMax)
      .map(({ id }) => id)
  }

  /** The forms that were answered, each once: what stood at a seq never changes. */
  async #readForms(): Promise<void> {
    const { token, id } = this.#options
    const seqs = new Set([...this.#known.values()].map(({ given }) => given.definitionSeq))
    const unread = [...seqs].filter((seq) => !this.get().forms.has(seq)).sort((a, b) => b - a)
    await inLanes(unread, async (seq) => {
      const form = await ifThere(readForm(token, id, seq, this.#ended.signal))
      if (form !== null) this.#publish({ forms: new Map(this.get().forms).set(seq, form) })
    })
  }

  #publishSoon(): void {
    this.#cancelPublish ??= after(publishEveryMs, () => {
      this.#cancelPublish = null
      this.#publish()
    })
  }

  #publish(more: Partial<Responses> = {}): void {
    const responses = this.#listed.flatMap(({ id, head }): Response[] => {
      const live = this.#live.get(id)
      const before = this.#known.get(id)
      // What was seen last stays when the room is left, until the list says that there is more.
      if (live !== null) this.#known.set(id, { head: before?.head ?? 0, given: live.given })
      const given = live?.given ?? before?.given
      return given === undefined ? [] : [{ id, head, given, filling: live?.filling ?? null }]
    })
    this.#store.set({ ...this.get(), responses: responses.sort(byUrgency), ...more })
  }
}

const byUrgency = (a: Response, b: Response): number =>
  rank(a) - rank(b) || (b.given.sentAt ?? 0) - (a.given.sentAt ?? 0) || (a.id < b.id ? -1 : 1)

const rank = ({ filling, given }: Response): number =>
  given.status.state !== 'draft' ? 1 : filling !== null ? 0 : 2

const inLanes = async <T>(items: readonly T[], run: (item: T) => Promise<void>): Promise<void> => {
  const waiting = [...items]
  const next = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await run(item)
  }
  await Promise.all(Array.from({ length: atOnce }, next))
}

/** null for what was taken away, or from whoever asks, since it was listed. */
const ifThere = async <T>(reading: Promise<T>): Promise<T | null> => {
  try {
    return await reading
  } catch (error) {
    if (error instanceof Refusal && gone.has(error.code)) return null
    throw error
  }
}

const gone: ReadonlySet<string> = new Set(['forbidden', 'room-not-found', 'room-deleted', 'seq-ahead'])
