import { createHmac, createSecretKey, timingSafeEqual } from 'node:crypto'
import { decodeProtectedHeader, type JWTPayload, type JWTVerifyOptions, UnsecuredJWT } from 'jose'

/**
 * Checks a token of HS256 in a tenth of the time that an asynchronous check takes, which in a storm of newcomers is most
 * of what they cost. What its claims say is jose's to judge.
 *
 * @returns null for whatever is not a plain token of this secret: jose knows what is wrong with it
 * @throws JOSEError the signature is good, the claims are not
 */
export type VerifyHmac = (token: string, options: JWTVerifyOptions) => JWTPayload | null

export const createHmacVerifier = (secret: string): VerifyHmac => {
  const key = createSecretKey(Buffer.from(secret))
  /** Almost all tokens have the same one. */
  let plainHeader: string | null = null
  return (token, options) => {
    const [header, payload, signature, ...more] = token.split('.')
    if (header === undefined || payload === undefined || signature === undefined || more.length > 0)
      return null
    if (header !== plainHeader && !isPlain(token)) return null
    plainHeader = header
    const theirs = Buffer.from(signature, 'base64url')
    const ours = createHmac('sha256', key).update(`${header}.${payload}`).digest()
    if (theirs.length !== ours.length || !timingSafeEqual(theirs, ours)) return null
    return UnsecuredJWT.decode(`${unsecuredHeader}.${payload}.`, options).payload
  }
}

/** Nothing in it changes how the token is to be read. */
const isPlain = (token: string): boolean => {
  try {
    const { alg, crit, b64 } = decodeProtectedHeader(token)
    return alg === 'HS256' && crit === undefined && b64 === undefined
  } catch {
    return false
  }
}

const unsecuredHeader = Buffer.from(JSON.stringify({ alg: 'none' })).toString('base64url')
