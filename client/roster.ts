import { rankOf } from '../schema/access.ts'
import { isRole } from '../schema/define-room.ts'
import { type ErrorCode, isErrorCode } from '../schema/error-codes.ts'
import { isObject } from '../schema/json.ts'
import { compareText } from '../schema/order.ts'
import type { RoomName } from '../schema/room-name.ts'
import type { ClientOptions } from './client.ts'
import { now } from './clock.ts'
import type { Presence, User } from './presence.ts'
import { createStore, type Store } from './store.ts'

/** Somebody who belongs to the room, by a role that they were given, or is in it with one of their token. */
export interface RosterEntry<R extends string = string> {
  readonly userId: string
  /** The one that holds now, which may be taken for a limited time. */
  readonly role: R | 'admin'
  readonly name: string
  readonly online: boolean
  /** When they were last here, to the minute where only the server knows; null while they are online, and where that is not known. */
  readonly lastSeen: Date | null
}

export interface Roster<R extends string> extends Store<readonly RosterEntry<R>[]> {
  /** Who belongs to the room may have changed: asks again, if anybody is looking. */
  refresh(): void
  destroy(): void
}

interface RosterOptions<R extends string> {
  readonly definition: { readonly roles: readonly R[] }
  /** Of the server's socket. */
  readonly url: string
  readonly name: RoomName
  readonly auth: ClientOptions['auth']
  readonly presence: Pick<Presence<unknown, R>, 'self' | 'others'>
  failed(code: ErrorCode, message: string): void
}

interface Member<R extends string> {
  readonly userId: string
  /** Empty where nobody has said it. */
  readonly name: string
  readonly role: R | 'admin'
  /** As the server has it, in milliseconds; null: never, as far as it knows. */
  readonly seenAt: number | null
}

/** Highest roles first, then by name. Asks the server once somebody subscribes; one request at a time. */
export const createRoster = <R extends string>(options: RosterOptions<R>): Roster<R> => {
  const { definition, presence, failed } = options
  const { self, others } = presence
  const roster = createStore<readonly RosterEntry<R>[]>([])
  const seen = new Map<string, number>()
  let members: readonly Member<R>[] = []
  let watchers = 0
  let asking: AbortController | null = null
  let isStale = true

  const merge = (): void => {
    const here = [...(self.get() === null ? [] : [self.get()]), ...others.get()].flatMap((user) =>
      user === null || user.stale ? [] : [user]
    )
    const at = now()
    for (const { id } of here) seen.set(id, at)
    const next = entriesOf(members, here, seen).sort(
      (a, b) =>
        rankOf(definition.roles, a.role) - rankOf(definition.roles, b.role) ||
        a.name.localeCompare(b.name) ||
        compareText(a.userId, b.userId)
    )
    if (!isSameRoster(roster.get(), next)) roster.set(next)
  }
  const ask = async (signal: AbortSignal): Promise<void> => {
    isStale = false
    const answer = await askMembers(options, signal)
    if (signal.aborted) return
    if (Array.isArray(answer)) {
      members = answer
      merge()
    } else failed(answer.code, answer.message)
  }
  const refresh = (): void => {
    isStale = true
    if (watchers === 0 || asking !== null) return
    const controller = new AbortController()
    asking = controller
    void ask(controller.signal).finally(() => {
      if (asking !== controller) return
      asking = null
      if (isStale) refresh()
    })
  }
  const stop = (): void => {
    asking?.abort()
    asking = null
  }
  const leave = [self.subscribe(merge), others.subscribe(merge)]

  return {
    get: roster.get,
    subscribe: (listener) => {
      if (watchers++ === 0) {
        merge()
        refresh()
      }
      const unsubscribe = roster.subscribe(listener)
      return () => {
        unsubscribe()
        if (--watchers === 0) stop()
      }
    },
    refresh,
    destroy: () => {
      watchers = 0
      stop()
      for (const end of leave) end()
    }
  }
}

/** @param socketUrl as in `wss://rooms.example.org/ws` */
export const membersUrl = (socketUrl: string, room: RoomName): string => {
  const url = new URL(`api/rooms/${encodeURIComponent(room)}/members`, socketUrl)
  url.protocol = url.protocol === 'wss:' ? 'https:' : 'http:'
  return url.href
}

const entriesOf = <R extends string>(
  members: readonly Member<R>[],
  here: readonly User<unknown, R>[],
  seen: ReadonlyMap<string, number>
): RosterEntry<R>[] => {
  const online = new Map(here.map((user) => [user.id, user]))
  const known = new Set(members.map(({ userId }) => userId))
  const visitors = here.filter(({ id }) => !known.has(id))
  const lastSeen = ({ userId, seenAt }: Member<R>): Date | null => {
    const at = Math.max(seen.get(userId) ?? 0, seenAt ?? 0)
    return online.has(userId) || at === 0 ? null : new Date(at)
  }
  return [
    ...members.map(({ seenAt, ...member }) => ({
      ...member,
      name: member.name || (online.get(member.userId)?.info.name ?? member.userId),
      online: online.has(member.userId),
      lastSeen: lastSeen({ ...member, seenAt })
    })),
    ...visitors.map(({ id, role, info }) => ({
      userId: id,
      role,
      name: info.name,
      online: true,
      lastSeen: null
    }))
  ]
}

const isSameRoster = (a: readonly RosterEntry[], b: readonly RosterEntry[]): boolean =>
  a.length === b.length && a.every((entry, index) => isSameEntry(entry, b[index]))

const isSameEntry = (a: RosterEntry, b: RosterEntry | undefined): boolean =>
  a.userId === b?.userId &&
  a.role === b.role &&
  a.name === b.name &&
  a.online === b.online &&
  a.lastSeen?.getTime() === b.lastSeen?.getTime()

interface Failed {
  readonly code: ErrorCode
  readonly message: string
}

const askMembers = async <R extends string>(
  { definition, url: socketUrl, name, auth }: RosterOptions<R>,
  signal: AbortSignal
): Promise<Member<R>[] | Failed> => {
  const url = membersUrl(socketUrl, name)
  try {
    const token = (await auth?.(name, { refused: false }))?.token
    const headers: HeadersInit = token === undefined ? {} : { authorization: `Bearer ${token}` }
    const answer = await fetch(url, { headers, signal })
    const body: unknown = await answer.json()
    if (answer.ok && isObject(body) && Array.isArray(body.members))
      return body.members.flatMap((member: unknown) => readMember(definition, member))
    const code = isObject(body) && typeof body.code === 'string' && isErrorCode(body.code) ? body.code : null
    return { code: code ?? 'unavailable', message: `${url} answered ${answer.status}` }
  } catch (error) {
    return {
      code: 'unavailable',
      message: `${url}: ${error instanceof Error ? error.message : String(error)}`
    }
  }
}

/** A role that this version of the kind does not have is nobody's here. */
const readMember = <R extends string>(
  definition: { readonly roles: readonly R[] },
  value: unknown
): Member<R>[] => {
  if (!isObject(value) || typeof value.userId !== 'string') return []
  const role = isObject(value.takes) ? value.takes.role : value.role
  if (typeof role !== 'string' || !isRole(definition, role)) return []
  const name = typeof value.name === 'string' ? value.name : ''
  const seenAt = typeof value.lastSeen === 'string' ? Date.parse(value.lastSeen) : null
  return [{ userId: value.userId, name, role, seenAt }]
}
