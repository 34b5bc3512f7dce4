import { response } from '../../../../schema/kinds/response.ts'
import type { Client } from '../../../index.ts'
import { initialPresence, type ResponseSnapshot } from '../../respond/response-room.ts'

/** Somebody has their response open, to fill it in. */
export interface Filling {
  readonly answered: number
  readonly asked: number
  /** The answer that they are in, as in `answers/f1`. */
  readonly focus: string | null
}

export interface LiveResponse {
  readonly given: ResponseSnapshot
  /** null: the respondent is not there. */
  readonly filling: Filling | null
}

/** Responses that are entered like any room. */
export interface LiveResponses {
  /** Enters these, and leaves all others. */
  watch(ids: readonly string[]): void
  has(id: string): boolean
  /** null: it is not entered, or not read yet. */
  get(id: string): LiveResponse | null
}

interface Watched {
  get(): LiveResponse | null
  leave(): void
}

/** @param changed called after each change in any of them */
export const createLiveResponses = (client: Client, changed: () => void): LiveResponses => {
  const watched = new Map<string, Watched>()
  return {
    watch: (ids) => {
      for (const [id, { leave }] of watched) {
        if (ids.includes(id)) continue
        watched.delete(id)
        leave()
      }
      for (const id of ids) if (!watched.has(id)) watched.set(id, enter(client, id, changed))
    },
    has: (id) => watched.has(id),
    get: (id) => watched.get(id)?.get() ?? null
  }
}

const enter = (client: Client, id: string, changed: () => void): Watched => {
  // A copy of what others answer is not kept on this device.
  const { room, leave } = client.enter(response, id, { initialPresence, offline: false })
  const stores = [room.ready, room.snapshot, room.others]
  const stop = stores.map((store) => store.subscribe(changed))
  return {
    get: () => {
      if (!room.ready.get()) return null
      const given = room.snapshot.get()
      return { given, filling: fillingIn(given.respondent, room.others.get()) }
    },
    leave: () => {
      for (const each of stop) each()
      leave()
    }
  }
}

interface There {
  readonly id: string
  readonly stale: boolean
  readonly presence: { readonly focus: string | null; readonly progress: Omit<Filling, 'focus'> }
}

const fillingIn = (respondent: string, others: readonly There[]): Filling | null => {
  const there = others.find(({ id, stale }) => id === respondent && !stale)
  return there === undefined ? null : { ...there.presence.progress, focus: there.presence.focus }
}
