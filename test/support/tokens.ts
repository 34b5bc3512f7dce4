import { type JWTPayload, SignJWT } from 'jose'

/** What the servers of the tests take as AUTH_SECRET. */
export const authSecret = 'a secret of at least thirty-two characters'

export const seconds = (): number => Math.floor(Date.now() / 1000)

/** A token for `ada`, good for a minute, unless the claims say otherwise. */
export const signToken = (
  claims: JWTPayload = {},
  { alg = 'HS256', key = authSecret } = {}
): Promise<string> =>
  new SignJWT({ sub: 'ada', exp: seconds() + 60, ...claims })
    .setProtectedHeader({ alg })
    .sign(new TextEncoder().encode(key))
