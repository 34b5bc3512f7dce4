import { createHash } from 'node:crypto'
import { adminRole, type WriteScope, writeScope } from '../../schema/access.ts'
import { isRole, type RoomDefinition } from '../../schema/define-room.ts'
import { RoomlogError } from '../../schema/error-codes.ts'
import { kindOf, type RoomName } from '../../schema/room-name.ts'
import { readClaims } from '../auth/claims.ts'
import { createGuests } from '../auth/guests.ts'
import { createRevocations, type Revocation } from '../auth/revocations.ts'
import { createStandings } from '../auth/standings.ts'
import { createVerifiedTokens, isExpired } from '../auth/verified-tokens.ts'
import { createVerifier } from '../auth/verify-token.ts'
import type { Config } from '../config.ts'
import type { Queryable } from '../database/database.ts'
import { asUnavailable } from '../unavailable.ts'

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

/** What somebody may do in one room. */
export interface Access {
  readonly identity: Identity
  readonly room: RoomName
  readonly role: string
  readonly mayWrite: boolean
  readonly scope: WriteScope
  readonly definition: RoomDefinition
}

export interface Authority {
  /** True where no auth is configured: an empty token is an anonymous guest. */
  readonly takesGuests: boolean

  /**
   * Who the token speaks for.
   *
   * @throws RoomlogError 'token-invalid'; 'unavailable' while the keys to check it cannot be read
   */
  identify(token: string): Promise<Identity>

  /**
   * What they may do in the room, which need not exist yet: known within 3 s of a change in Postgres.
   *
   * @throws RoomlogError 'forbidden', 'kind-unknown', 'room-deleted', 'token-invalid' once it expired or was revoked;
   *   'unavailable' while Postgres cannot be asked
   */
  authorize(identity: Identity, room: RoomName): Promise<Access>

  /** Asks nobody. @throws RoomlogError 'token-invalid' once the token expired or was revoked */
  assertGood(identity: Identity): void

  /** A token for a new guest of this name. @throws RoomlogError 'forbidden' where auth is configured */
  guestToken(name: string): Promise<{ token: string; user: User }>

  /**
   * Refuses the token, or the tokens that the user was issued up to this second, on this node until it restarts.
   *
   * @throws RoomlogError 'too-many' at 100,000
   */
  revoke(what: Revocation): void

  /** Tells of each revocation which identities it ends, so that their connections end. The result stops that. */
  onRevoked(listener: (isAffected: (identity: Identity) => boolean) => void): () => void

  /** The room was created or deleted here, or its members changed: the next `authorize` asks Postgres. */
  forget(room: RoomName): void
}

export interface AuthorityParts {
  readonly database: Queryable
  readonly config: Pick<Config, 'authSecret' | 'authJwksUrl' | 'authIssuer' | 'authAudience'>
  readonly kinds: ReadonlyMap<string, RoomDefinition>
  /** How long a key set is not asked for again because a token names an unknown key. */
  readonly jwksCooldownMs?: number
}

const tokenBytesMax = 8_192
const verifiedTokensMax = 10_000

export const createAuthority = ({
  database,
  config,
  kinds,
  jwksCooldownMs = 10_000
}: AuthorityParts): Authority => {
  const reachable = answerable(database)
  const guests = config.authSecret === null && config.authJwksUrl === null ? createGuests(reachable) : null
  const verify =
    guests?.verify ??
    createVerifier({
      secret: config.authSecret,
      jwksUrl: config.authJwksUrl,
      issuer: config.authIssuer,
      audience: config.authAudience,
      jwksCooldownMs
    })
  const verifiedTokens = createVerifiedTokens(verifiedTokensMax)
  const revocations = createRevocations()
  const standings = createStandings(reachable)

  const assertGood = (identity: Identity): void => {
    if (isExpired(identity)) throw new RoomlogError('token-invalid', `expired at ${identity.expiresAt}`)
    if (revocations.has(identity)) throw new RoomlogError('token-invalid', 'the token was revoked')
  }

  return {
    takesGuests: guests !== null,
    assertGood,
    async identify(token) {
      if (token === '' && guests) return guests.anonymous()
      const bytes = Buffer.byteLength(token)
      if (bytes === 0) throw new RoomlogError('token-invalid', 'no token')
      if (bytes > tokenBytesMax) throw new RoomlogError('token-invalid', `${bytes} bytes > ${tokenBytesMax}`)
      const digest = createHash('sha256').update(token).digest('base64url')
      const known = verifiedTokens.get(digest)
      const options = { tokenId: digest, isGuest: guests !== null }
      const identity = known ?? readClaims(await verify(token), options)
      assertGood(identity)
      if (!known) verifiedTokens.add(digest, identity)
      return identity
    },
    async authorize(identity, room) {
      const rules = rulesOf(kinds, room)
      const granted = grantedRole(identity, room)
      const isMember = granted === null && !isAnonymous(identity)
      const standing = await standings.find(room, isMember ? identity.user.id : null)
      // The token may have expired or been revoked while Postgres was asked.
      assertGood(identity)
      if (standing.isDeleted) throw new RoomlogError('room-deleted', `${room} was deleted`)
      const role = granted ?? standing.role ?? (identity.isGuest ? rules.guests : null)
      return accessOf(identity, room, rules, assertRole(role, rules, room))
    },
    async guestToken(name) {
      if (guests) return guests.issue(name)
      throw new RoomlogError('forbidden', 'auth is configured: tokens come from its issuer')
    },
    revoke: revocations.add,
    onRevoked: revocations.listen,
    forget: standings.forget
  }
}

const answerable = (database: Queryable): Queryable => ({
  async query(text, params) {
    try {
      return await database.query(text, params)
    } catch (error) {
      throw asUnavailable(error)
    }
  }
})

const rulesOf = (kinds: ReadonlyMap<string, RoomDefinition>, room: RoomName): RoomDefinition => {
  const rules = kinds.get(kindOf(room))
  if (rules) return rules
  throw new RoomlogError('kind-unknown', `${room}: the kinds are ${[...kinds.keys()].join(', ')}`)
}

const grantedRole = (identity: Identity, room: RoomName): string | null => {
  if (identity.isAdmin) return adminRole
  return identity.grants?.find((grant) => covers(grant, room))?.role ?? null
}

const covers = (grant: Grant, room: RoomName): boolean =>
  grant.room === '*' || grant.room === room || grant.room === `${kindOf(room)}/*`

// An anonymous guest is somebody new each time: a member of nothing.
const isAnonymous = (identity: Identity): boolean => identity.isGuest && identity.expiresAt === null

const accessOf = (identity: Identity, room: RoomName, definition: RoomDefinition, role: string): Access => {
  const scope = writeScope(definition, role, identity.user.id)
  return { identity, room, role, mayWrite: !scope.isNone, scope, definition }
}

const assertRole = (role: string | null, definition: RoomDefinition, room: RoomName): string => {
  if (role === null) {
    throw new RoomlogError('forbidden', `${room}: no grant of the token covers it, and the user is no member`)
  }
  if (!isRole(definition, role)) {
    throw new RoomlogError('forbidden', `${room}: role ${role} is none of ${definition.roles.join(', ')}`)
  }
  if (definition.access[role]?.read === false) {
    throw new RoomlogError('forbidden', `${room}: role ${role} may not read it`)
  }
  return role
}
