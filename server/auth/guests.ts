import { SignJWT } from 'jose'
import { now, randomCode } from '../clock.ts'
import type { Queryable } from '../database/database.ts'
import { cleanName } from './claims.ts'
import type { Identity, User } from './identity.ts'
import { createVerifier, type Verify } from './verify-token.ts'

export interface Guests {
  /** A guest who said nothing about themselves; each call is somebody else. */
  anonymous(): Identity
  /** A token for a new guest of this name, good for 30 days on every node of this database. */
  issue(name: string): Promise<{ token: string; user: User }>
  readonly verify: Verify
}

const tokenDaysMax = 30
const anonymousName = 'Guest'

export const createGuests = (database: Queryable): Guests => {
  let secret: Promise<string> | null = null
  const readSecret = (): Promise<string> => {
    // A failure is not remembered: the database may be there the next time.
    secret ??= readSharedSecret(database).catch((error: unknown) => {
      secret = null
      throw error
    })
    return secret
  }
  let verifier: Verify | null = null
  return {
    anonymous() {
      const user = guestNamed('', `${anonymousPrefix}${randomCode(idLength)}`)
      const claims = { grants: null, issuedAt: null, expiresAt: null, tokenId: user.id }
      return { user, isGuest: true, isAdmin: false, ...claims }
    },
    async issue(name) {
      const user = guestNamed(name, `${guestPrefix}${randomCode(idLength)}`)
      const issuedAt = Math.floor(now() / 1000)
      const token = await new SignJWT({ name: user.name })
        .setProtectedHeader({ alg: 'HS256' })
        .setSubject(user.id)
        .setJti(randomCode(16))
        .setIssuedAt(issuedAt)
        .setExpirationTime(issuedAt + tokenDaysMax * 86_400)
        .sign(new TextEncoder().encode(await readSecret()))
      return { token, user }
    },
    async verify(token) {
      verifier ??= createVerifier({
        secret: await readSecret(),
        jwksUrl: null,
        issuer: null,
        audience: null,
        jwksCooldownMs: 0
      })
      return verifier(token)
    }
  }
}

const guestNamed = (name: string, id: string): User => ({
  id,
  name: cleanName(name) || anonymousName,
  color: null,
  avatar: null
})

const idLength = 16
const guestPrefix = 'guest-'
const anonymousPrefix = `${guestPrefix}anonymous-`

/** Somebody without a token: whoever they were the last time, nobody knows. */
export const isAnonymousId = (userId: string): boolean =>
  userId.startsWith(anonymousPrefix) && userId.length > guestPrefix.length + idLength

/** Whichever node asks first makes it; all nodes read the same. */
const readSharedSecret = async (database: Queryable): Promise<string> => {
  await database.query(
    `insert into secret (name, value) values ('guest-token', $1) on conflict (name) do nothing`,
    [randomCode(43)]
  )
  const [row] = await database.query<{ value: string }>(
    `select value from secret where name = 'guest-token'`,
    []
  )
  if (!row) throw new Error('the secret guest-token is not in table secret')
  return row.value
}
