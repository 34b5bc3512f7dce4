/**
 * Who is in a room, as stores. Own presence is published at most every 50 ms; somebody whose connection ended stays in
 * sight, marked stale, for 10 s: most come back at once, and a face that blinks says something that is not true.
 */
import type { Awareness } from 'y-protocols/awareness'
import { isRole, type RoomDefinition } from '../schema/define-room.ts'
import {
  type Activity,
  type AwarenessState,
  colorOf,
  type OwnAwareness,
  readAwareness,
  type UserInfo
} from '../schema/presence.ts'
import type { StorageShape } from '../schema/storage-words.ts'
import { createActivity } from './activity.ts'
import { after, monotonic } from './clock.ts'
import { createStore, type Store } from './store.ts'

/** One of a user's connections in the room: a tab, a phone. */
export interface Connection<P> {
  readonly connectionId: number
  readonly presence: Readonly<P>
  readonly activity: Activity
  /** The connection ended less than 10 s ago, and nothing is known of it since. */
  readonly stale: boolean
}

/**
 * Somebody in the room, counted once however many connections they have. Presence, activity and connectionId are those
 * of the connection that changed last. Name, colour and role come from the server.
 */
export interface User<P, R extends string = string> extends Connection<P> {
  readonly id: string
  readonly role: R | 'admin'
  readonly info: { readonly name: string; readonly color: string; readonly avatar?: string | undefined }
  readonly connections: readonly Connection<P>[]
}

export interface Presence<P, R extends string> {
  readonly own: Store<Readonly<P>>
  readonly self: Store<User<P, R> | null>
  readonly others: Store<readonly User<P, R>[]>
  update(patch: Partial<P>): void
  /** Who the server says that you are. */
  identify(user: UserInfo): void
  /** Follows an awareness, instead of the one before. */
  follow(awareness: Awareness): void
  /** Says again what was said before: a server that was just reached has not heard it. */
  announce(): void
  destroy(): void
}

const publishEveryMs = 50
const staleForMs = 10_000

interface Known<P, R extends string> {
  readonly user: UserInfo & { readonly role: R | 'admin' }
  readonly connection: Connection<P>
  /** Grows with each change, so that the newest of a user's connections can be told. */
  readonly turn: number
}

export const createPresence = <St extends StorageShape, P, R extends string>(
  definition: RoomDefinition<St, P, R>,
  initial: P
): Presence<P, R> => {
  const own = createStore<Readonly<P>>(initial)
  const self = createStore<User<P, R> | null>(null)
  const others = createStore<readonly User<P, R>[]>([])
  const activity = createActivity()
  const known = new Map<number, Known<P, R>>()
  const forgetting = new Map<number, () => void>()
  let identity: Known<P, R>['user'] | null = null
  let awareness: Awareness | null = null
  let stopFollowing: () => void = () => {}
  let turn = 0

  const refresh = (): void => {
    const byUser = Map.groupBy(known.values(), ({ user }) => user.id)
    const people = [...byUser.values()].map((connections) => toUser(connections))
    const before = others.get()
    const next = people
      .filter(({ id }) => id !== identity?.id)
      .sort((a, b) => (a.id < b.id ? -1 : 1))
      .map((user) =>
        keepUser(
          before.find(({ id }) => id === user.id),
          user
        )
      )
    if (next.length !== before.length || next.some((user, index) => user !== before[index])) others.set(next)
    refreshSelf(byUser.get(identity?.id ?? '') ?? [])
  }
  const refreshSelf = (elsewhere: readonly Known<P, R>[]): void => {
    if (identity === null || awareness === null) return
    const here: Connection<P> = {
      connectionId: awareness.clientID,
      presence: own.get(),
      activity: activity.get(),
      stale: false
    }
    const tabs = elsewhere.filter(({ connection }) => connection.connectionId !== here.connectionId)
    const user = toUser([...tabs, { user: identity, connection: here, turn: turn + 1 }])
    self.set(keepUser(self.get() ?? undefined, user))
  }

  const learn = (id: number, state: AwarenessState<P> | null): void => {
    forgetting.get(id)?.()
    forgetting.delete(id)
    known.delete(id)
    if (state === null) return
    const { user, presence, activity } = state
    const { role } = user
    if (!isRole(definition, role)) return
    const connection = { connectionId: id, presence, activity, stale: false }
    known.set(id, { user: { ...user, role }, connection, turn: ++turn })
  }
  const miss = (id: number): void => {
    const left = known.get(id)
    if (left === undefined || left.connection.stale) return
    known.set(id, { ...left, connection: { ...left.connection, stale: true } })
    forgetting.set(
      id,
      after(staleForMs, () => forget(id))
    )
  }
  const forget = (id: number): void => {
    forgetting.delete(id)
    known.delete(id)
    refresh()
  }

  const publish = createThrottle(publishEveryMs, () => {
    const state: OwnAwareness<P> = { presence: own.get(), activity: activity.get() }
    awareness?.setLocalState(state)
  })
  const changed = (): void => {
    refresh()
    publish.soon()
  }
  const stopActivity = activity.subscribe(changed)

  return {
    own,
    self,
    others,
    update: (patch) => {
      own.set({ ...own.get(), ...patch })
      changed()
    },
    identify: (user) => {
      const { role } = user
      if (!isRole(definition, role)) return
      identity = { ...user, role }
      refresh()
    },
    follow: (next) => {
      stopFollowing()
      awareness = next
      const heard = ({ added, updated, removed }: AwarenessChange): void => {
        for (const id of [...added, ...updated]) {
          if (id !== next.clientID)
            learn(id, readAwareness(definition.presence, next.getStates().get(id), initial))
        }
        for (const id of removed) miss(id)
        refresh()
      }
      next.on('change', heard)
      stopFollowing = () => next.off('change', heard)
      publish.now()
      refresh()
    },
    announce: publish.now,
    destroy: () => {
      stopFollowing()
      stopActivity()
      activity.destroy()
      publish.cancel()
      for (const cancel of forgetting.values()) cancel()
    }
  }
}

interface AwarenessChange {
  readonly added: readonly number[]
  readonly updated: readonly number[]
  readonly removed: readonly number[]
}

/** A stale connection counts only where there is no other. */
const toUser = <P, R extends string>(all: readonly Known<P, R>[]): User<P, R> => {
  const present = all.filter(({ connection }) => !connection.stale)
  const counted = (present.length > 0 ? present : all).toSorted((a, b) => b.turn - a.turn)
  const newest = counted[0]
  if (newest === undefined) throw new RangeError('nobody has no connections')
  const { user, connection } = newest
  return {
    ...connection,
    id: user.id,
    role: user.role,
    info: { name: user.name, color: user.color ?? colorOf(user.id), avatar: user.avatar },
    connections: counted.map((one) => one.connection).sort((a, b) => a.connectionId - b.connectionId)
  }
}

const keepUser = <P, R extends string>(old: User<P, R> | undefined, next: User<P, R>): User<P, R> => {
  const isSame =
    old !== undefined &&
    old.role === next.role &&
    old.connectionId === next.connectionId &&
    isSameInfo(old.info, next.info) &&
    old.connections.length === next.connections.length &&
    old.connections.every((connection, index) => isSameConnection(connection, next.connections[index]))
  return isSame ? old : next
}

const isSameInfo = (a: User<unknown>['info'], b: User<unknown>['info']): boolean =>
  a.name === b.name && a.color === b.color && a.avatar === b.avatar

const isSameConnection = <P>(a: Connection<P>, b: Connection<P> | undefined): boolean =>
  a.connectionId === b?.connectionId &&
  a.presence === b.presence &&
  a.activity === b.activity &&
  a.stale === b.stale

interface Throttle {
  /** Runs at once if it did not lately, else when the time is up. */
  soon(): void
  now(): void
  cancel(): void
}

const createThrottle = (everyMs: number, run: () => void): Throttle => {
  let ranAt = Number.NEGATIVE_INFINITY
  let cancel: (() => void) | null = null
  const now = (): void => {
    cancel?.()
    cancel = null
    ranAt = monotonic()
    run()
  }
  return {
    now,
    soon: () => {
      if (cancel !== null) return
      const wait = ranAt + everyMs - monotonic()
      if (wait <= 0) now()
      else cancel = after(wait, now)
    },
    cancel: () => cancel?.()
  }
}
