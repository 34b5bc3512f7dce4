/** Who somebody is, and what they may do in one room. */
import type { WriteScope } from '../../schema/access.ts'
import type { RoomDefinition } from '../../schema/define-room.ts'
import type { RoomName } from '../../schema/room-name.ts'

/** Who somebody is, as the token says it: read once, carried everywhere, never taken from what a client sends. */
export interface User {
  readonly id: string
  /** For people to read: 1-64 characters without control characters. */
  readonly name: string
  /** `#rrggbb`, or `p1` to `p10` of the palette. */
  readonly color: string | null
  /** An https address. */
  readonly avatar: string | null
}

/** `room` is a room name, `kind/*` or `*`; the role is one of the kind's, or `admin` together with `*`. */
export interface Grant {
  readonly room: string
  readonly role: string
}

export interface Identity {
  readonly user: User
  /** In the order of the token, the first that matches a room counts; null where the token has none. */
  readonly grants: readonly Grant[] | null
  /** True where no auth is configured: a visitor who says their own name. */
  readonly isGuest: boolean
  /** True for a token with the grant of `admin` for `*`, wherever it stands: it may do everything everywhere. */
  readonly isAdmin: boolean
  /** Milliseconds since 1970; null where the token does not say, and for a guest without a token. */
  readonly issuedAt: number | null
  /** Milliseconds since 1970; null for a guest without a token. */
  readonly expiresAt: number | null
  /** The claim `jti`, or a digest of a token that has none. */
  readonly tokenId: string
}

/** A role that somebody has taken for a limited time. */
export interface Escalation {
  /** Of this room, or of one that it belongs to: there the role is one of that room's. */
  readonly room: RoomName
  readonly userId: string
  readonly name: string
  readonly role: string
  readonly reason: string
  /** Milliseconds since 1970, like `until`. */
  readonly at: number
  readonly until: number
}

/** What somebody may do in one room. */
export interface Access {
  readonly identity: Identity
  readonly room: RoomName
  readonly role: string
  /** The role that is left when everything that was taken for a time has ended; null: none is. */
  readonly lastingRole: string | null
  readonly mayWrite: boolean
  readonly scope: WriteScope
  readonly definition: RoomDefinition
  /** Those in force, of anybody, in this room and in those that it belongs to. */
  readonly escalations: readonly Escalation[]
}

/** Do they allow the same? Then the one that there is may stay, and the other is forgotten while it is young. */
export const isSameAccess = (a: Access, b: Access): boolean =>
  a.identity === b.identity &&
  a.role === b.role &&
  a.lastingRole === b.lastingRole &&
  a.mayWrite === b.mayWrite &&
  a.scope === b.scope &&
  a.definition === b.definition &&
  a.escalations.length + b.escalations.length === 0

export const hasSameRights = (a: Access, b: Access): boolean => a.role === b.role && a.mayWrite === b.mayWrite

/** An anonymous guest is somebody new each time: a member of nothing. */
export const isAnonymous = (identity: Identity): boolean => identity.isGuest && identity.expiresAt === null
