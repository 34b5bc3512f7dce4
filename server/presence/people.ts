import type { Attendance } from './presences.ts'
import type { Way } from './statement.ts'

/** Somebody in a room, once, however many tabs and devices they have. */
export interface Attendee {
  readonly user: AttendingUser
  /** Whoever came first stands first. */
  readonly devices: readonly AttendingDevice[]
}

export interface AttendingUser {
  readonly id: string
  readonly name: string
  readonly role: string
  readonly color: string | null
  readonly avatar: string | null
}

export interface AttendingDevice {
  readonly clientId: number
  readonly device: string | null
  readonly via: Way
  readonly since: number
  readonly until: number | null
  /** As they said it, without the user. */
  readonly state: Readonly<Record<string, unknown>>
}

/** Those who are there, by their ids. */
export const attendees = (attendance: Attendance): Attendee[] => {
  const people = new Map<string, { user: AttendingUser; devices: AttendingDevice[] }>()
  const inOrder = [...attendance].sort(([, a], [, b]) => a.since - b.since)
  for (const [clientId, { userId, device, via, since, until, json }] of inOrder) {
    const { user, ...state } = readState(json)
    const known = people.get(userId)
    const devices = [...(known?.devices ?? []), { clientId, device, via, since, until, state }]
    // As they are called now: the newest counts.
    people.set(userId, { user: { ...readUser(user), id: userId }, devices })
  }
  return [...people.values()].sort((a, b) => (a.user.id < b.user.id ? -1 : 1))
}

/** Stamped by a node, so that it is an object with a user. */
const readState = (json: Uint8Array): { user?: unknown } & Record<string, unknown> =>
  JSON.parse(Buffer.from(json).toString())

const readUser = (user: unknown): Omit<AttendingUser, 'id'> => {
  const said: Readonly<Record<string, unknown>> = typeof user === 'object' && user !== null ? { ...user } : {}
  const text = (value: unknown): string | null => (typeof value === 'string' ? value : null)
  return {
    name: text(said.name) ?? '',
    role: text(said.role) ?? '',
    color: text(said.color),
    avatar: text(said.avatar)
  }
}
