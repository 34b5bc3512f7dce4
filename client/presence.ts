import type { Activity } from '../schema/presence.ts'

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
