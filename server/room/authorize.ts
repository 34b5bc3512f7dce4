import { hash } from 'node:crypto'
import type { RoomDefinition } from '../../schema/define-room.ts'
import { RoomlogError } from '../../schema/error-codes.ts'
import type { RoomName } from '../../schema/room-name.ts'
import { toAccess, toCreation } from '../auth/access.ts'
import { readClaims } from '../auth/claims.ts'
import { createGuests } from '../auth/guests.ts'
import { type Access, type Identity, isAnonymous, type User } from '../auth/identity.ts'
import { lineageOf } from '../auth/lineage.ts'
import { createRevocations, type Revocation } from '../auth/revocations.ts'
import { grantedRole, type RoleQuestion, rolesIn } from '../auth/role.ts'
import { createStandings } from '../auth/standings.ts'
import { TokenRefusal } from '../auth/token-refusal.ts'
import { createVerifiedTokens, isExpired } from '../auth/verified-tokens.ts'
import { createVerifier } from '../auth/verify-token.ts'
import { now } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Queryable } from '../database/database.ts'
import type { Logger } from '../logger.ts'
import { asUnavailable } from '../unavailable.ts'

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
   * What they may do in the room: known within 3 s of a change in Postgres, in a recheck within half a second. The room need not exist yet, unless its
   * kind says how rooms are created.
   *
   * @throws RoomlogError 'forbidden', 'kind-unknown', 'room-name-invalid', 'room-not-found', 'room-deleted',
   *   'token-invalid' once it expired or was revoked; 'unavailable' while Postgres cannot be asked
   */
  authorize(identity: Identity, room: RoomName, options?: { readonly isRecheck: boolean }): Promise<Access>

  /**
   * What they may do in a room that they are about to create: its creator's role. For one that is there already, what
   * `authorize` says.
   *
   * @throws RoomlogError as `authorize`; 'room-not-found' also where the room that it would belong to is not there
   */
  authorizeCreation(identity: Identity, room: RoomName): Promise<Access>

  /** The role that a user has for good and without a token's grants: as a member, or by the room that it belongs to; null: none. */
  lastingRole(room: RoomName, userId: string): Promise<string | null>

  /** The rooms whose members have a say in this one: itself, then the one that it belongs to, and so on. */
  lineage(room: RoomName): readonly RoomName[]

  /** True for a token that was found good here before and has not expired: it is no guess. */
  knows(token: string): boolean

  /** Asks nobody. @throws RoomlogError 'token-invalid' once the token expired or was revoked */
  assertGood(identity: Identity): void

  /** A token for a new guest of this name. @throws RoomlogError 'forbidden' where auth is configured */
  guestToken(name: string): Promise<{ token: string; user: User }>

  /**
   * Refuses the token, or the tokens that the user was issued up to this second: here at once, and when this resolves
   * also after a restart, and on every other node within seconds.
   *
   * @throws RoomlogError 'too-many' at 100,000; 'unavailable': only this node knows of it
   */
  revoke(what: Revocation): Promise<void>

  /** Reads what was revoked before, here and elsewhere; calls itself again every few seconds until `close`. */
  loadRevocations(): Promise<void>

  /** Another node has revoked something: reads what, now. */
  refreshRevocations(): Promise<void>

  /** Tells of each revocation which identities it ends, so that their connections end. The result stops that. */
  onRevoked(listener: (isAffected: (identity: Identity) => boolean) => void): () => void

  /** The room was created or deleted here, or its members changed: the next `authorize` asks Postgres. */
  forget(room: RoomName): void

  close(): Promise<void>
}

export interface AuthorityParts {
  readonly database: Queryable
  readonly config: Pick<Config, 'authSecret' | 'authJwksUrl' | 'authIssuer' | 'authAudience'>
  readonly kinds: ReadonlyMap<string, RoomDefinition>
  readonly logger: Logger
  /** How long a key set is not asked for again because a token names an unknown key. */
  readonly jwksCooldownMs?: number
}

const tokenBytesMax = 8_192
const verifiedTokensMax = 10_000

export const createAuthority = (parts: AuthorityParts): Authority => {
  const { config, kinds, logger } = parts
  const reachable = answerable(parts.database)
  const guests = config.authSecret === null && config.authJwksUrl === null ? createGuests(reachable) : null
  const verify = guests?.verify ?? verifierOf(parts)
  const verifiedTokens = createVerifiedTokens(verifiedTokensMax)
  const revocations = createRevocations(reachable, logger)
  const standings = createStandings(reachable)

  const assertGood = (identity: Identity): void => {
    const { id } = identity.user
    if (isExpired(identity)) throw new TokenRefusal(id, `expired at ${identity.expiresAt}`)
    if (revocations.has(identity)) throw new TokenRefusal(id, 'the token was revoked')
  }
  const question = async (identity: Identity, room: RoomName, isRecheck = false): Promise<RoleQuestion> => {
    const lineage = lineageOf(kinds, room)
    const found = lineage.map(({ room: each }) => {
      const isAsked = grantedRole(identity, each) === null && !isAnonymous(identity)
      return standings.find(each, isAsked ? identity.user.id : null, isRecheck)
    })
    const asked = { identity, lineage, standings: await Promise.all(found), at: now() }
    // The token may have expired or been revoked while Postgres was asked.
    assertGood(identity)
    return asked
  }

  return {
    takesGuests: guests !== null,
    assertGood,
    knows: (token) => {
      if (token === '' || token.length > tokenBytesMax) return false
      const known = verifiedTokens.get(digestOf(token))
      return known !== null && !revocations.has(known)
    },
    async identify(token) {
      if (token === '' && guests) return guests.anonymous()
      const bytes = Buffer.byteLength(token)
      if (bytes === 0) throw new RoomlogError('token-invalid', 'no token')
      if (bytes > tokenBytesMax) throw new RoomlogError('token-invalid', `${bytes} bytes > ${tokenBytesMax}`)
      const digest = digestOf(token)
      const known = verifiedTokens.get(digest)
      const options = { tokenId: digest, isGuest: guests !== null }
      const identity = known ?? readClaims(await verify(token), options)
      assertGood(identity)
      if (!known) verifiedTokens.add(digest, identity)
      return identity
    },
    authorize: async (identity, room, { isRecheck } = { isRecheck: false }) =>
      toAccess(await question(identity, room, isRecheck)),
    authorizeCreation: async (identity, room) => toCreation(await question(identity, room)),
    lastingRole: async (room, userId) => rolesIn(await question(nobodyBut(userId), room)).lastingRole,
    lineage: (room) => lineageOf(kinds, room).map((ancestor) => ancestor.room),
    async guestToken(name) {
      if (guests) return guests.issue(name)
      throw new RoomlogError('forbidden', 'auth is configured: tokens come from its issuer')
    },
    revoke: revocations.add,
    loadRevocations: revocations.load,
    refreshRevocations: revocations.refresh,
    onRevoked: revocations.listen,
    forget: standings.forget,
    close: revocations.close
  }
}

/** A user as the tables know them, whatever their token would say. */
const nobodyBut = (userId: string): Identity => ({
  user: { id: userId, name: '', color: null, avatar: null },
  grants: null,
  isGuest: false,
  isAdmin: false,
  issuedAt: Number.POSITIVE_INFINITY,
  expiresAt: null,
  tokenId: ''
})

const verifierOf = ({ config, jwksCooldownMs = 10_000 }: AuthorityParts) =>
  createVerifier({
    secret: config.authSecret,
    jwksUrl: config.authJwksUrl,
    issuer: config.authIssuer,
    audience: config.authAudience,
    jwksCooldownMs
  })

const digestOf = (token: string): string => hash('sha256', token, 'base64url')

const answerable = (database: Queryable): Queryable => ({
  async query(text, params) {
    try {
      return await database.query(text, params)
    } catch (error) {
      throw asUnavailable(error)
    }
  }
})
