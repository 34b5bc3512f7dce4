/**
 * A connection's awareness state, typed. The server stamps `user` from the token; the connection itself owns
 * `presence` (of the kind's shape) and `activity`.
 */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import * as z from 'zod/mini'

const activities = ['active', 'idle', 'away'] as const

/** active; idle: no input for 60 s; away: the page was hidden for 10 s. */
export type Activity = (typeof activities)[number]

/** Who somebody is, as the server says. */
export interface UserInfo {
  readonly id: string
  readonly role: string
  readonly name: string
  /** `#rrggbb` or `p1` to `p10` of the palette; without one everybody takes `colorOf`. */
  readonly color?: string | undefined
  readonly avatar?: string | undefined
}

/** Where somebody's text cursor is: a root text, and two positions in it that move with the text. */
export const caret = z.object({ text: z.string(), anchor: z.unknown(), head: z.unknown() })
export type Caret = z.infer<typeof caret>

/** What a connection publishes; the server adds `user`. */
export interface OwnAwareness<P> {
  readonly presence: P
  readonly activity: Activity
}

export interface AwarenessState<P> extends OwnAwareness<P> {
  readonly user: UserInfo
}

/** The place of a user in the palette, `p1` to `p10`: the same for everybody who sees them. */
export const colorOf = (userId: string): string => {
  let hash = 0x811c9dc5
  for (const unit of userId) hash = Math.imul(hash ^ (unit.codePointAt(0) ?? 0), 0x01000193)
  return `p${((hash >>> 0) % paletteSize) + 1}`
}

const paletteSize = 10

/**
 * The typed state, or null for one that the server did not stamp or whose presence does not fit the kind.
 *
 * @param absent of somebody who says nothing of it: a screen that is only there, a provider that knows no kinds
 */
export const readAwareness = <P>(
  schema: StandardSchemaV1<unknown, P>,
  state: unknown,
  absent: P
): AwarenessState<P> | null => {
  const known = envelope.safeParse(state)
  if (!known.success) return null
  if (known.data.presence === undefined)
    return { user: known.data.user, activity: known.data.activity, presence: absent }
  const presence = schema['~standard'].validate(known.data.presence)
  if (presence instanceof Promise || presence.issues) return null
  return { user: known.data.user, activity: known.data.activity, presence: presence.value }
}

/** Who the server says that this is, or null for a state that it did not stamp. */
export const readUser = (state: unknown): UserInfo | null => {
  const known = z.object({ user: userInfo }).safeParse(state)
  return known.success ? known.data.user : null
}

const userInfo = z.object({
  id: z.string(),
  role: z.string(),
  name: z.string(),
  color: z.optional(z.string()),
  avatar: z.optional(z.string())
})

const envelope = z.object({
  user: userInfo,
  presence: z.optional(z.unknown()),
  activity: z._default(z.catch(z.enum(activities), 'active'), 'active')
})
