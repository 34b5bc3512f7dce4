import {
  createRemoteJWKSet,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify
} from 'jose'
import { RoomlogError } from '../../schema/error-codes.ts'
import { now } from '../clock.ts'
import { TokenRefusal } from './token-refusal.ts'
import { createHmacVerifier } from './verify-hmac.ts'

export interface VerifierOptions {
  /** For tokens of HS256. */
  readonly secret: string | null
  /** Where the public keys are, for tokens of any other algorithm. */
  readonly jwksUrl: string | null
  readonly issuer: string | null
  readonly audience: string | null
  /** A key set is not asked for again within this time, however many tokens name an unknown key. */
  readonly jwksCooldownMs: number
}

/**
 * Takes a token, gives its claims, of which none needs to be there.
 *
 * @throws RoomlogError 'token-invalid'; 'unavailable' while the key set cannot be read
 */
export type Verify = (token: string) => Promise<JWTPayload>

const jwksTimeoutMs = 5_000
const jwksCacheAgeMaxMs = 600_000
// Between the issuer's clock and ours, for `nbf` alone: `exp` is taken at its word.
const clockToleranceSeconds = 5

// A key set is public: an HMAC algorithm beside it would make a public key a secret that everybody knows.
const keySetAlgorithms = [
  'RS256',
  'RS384',
  'RS512',
  'PS256',
  'PS384',
  'PS512',
  'ES256',
  'ES384',
  'ES512',
  'EdDSA',
  'Ed25519'
]

export const createVerifier = (options: VerifierOptions): Verify => {
  const secret = options.secret === null ? null : new TextEncoder().encode(options.secret)
  const keySet = options.jwksUrl === null ? null : createKeySet(options.jwksUrl, options.jwksCooldownMs)
  const algorithms = [...(secret ? ['HS256'] : []), ...(keySet ? keySetAlgorithms : [])]
  const keyOf: JWTVerifyGetKey = (header, token) => {
    const key = header.alg === 'HS256' ? secret : keySet?.(header, token)
    if (!key) throw new errors.JOSEAlgNotAllowed(`no key for ${String(header.alg)}`)
    return key
  }
  const verifyHmac = options.secret === null ? null : createHmacVerifier(options.secret)
  return async (token) => {
    const wanted = {
      algorithms,
      clockTolerance: clockToleranceSeconds,
      currentDate: new Date(now()),
      ...(options.issuer === null ? {} : { issuer: options.issuer }),
      ...(options.audience === null ? {} : { audience: options.audience })
    }
    try {
      return verifyHmac?.(token, wanted) ?? (await jwtVerify(token, keyOf, wanted)).payload
    } catch (error) {
      if (!(error instanceof errors.JOSEError)) throw error
      const detail = `${error.message} (${algorithmOf(token)})`
      // Claims are read once the signature was found good.
      const subject = error instanceof errors.JWTExpired ? error.payload.sub : undefined
      if (subject !== undefined) throw new TokenRefusal(subject, detail, { cause: error })
      throw new RoomlogError('token-invalid', detail, { cause: error })
    }
  }
}

const createKeySet = (url: string, cooldownMs: number): JWTVerifyGetKey => {
  const keySet = createRemoteJWKSet(new URL(url), {
    timeoutDuration: jwksTimeoutMs,
    cooldownDuration: cooldownMs,
    cacheMaxAge: jwksCacheAgeMaxMs
  })
  return async (header, token) => {
    try {
      return await keySet(header, token)
    } catch (error) {
      // These are about the token; whatever else fails here is about the key set, and the token may be a good one.
      if (error instanceof errors.JWKSNoMatchingKey) throw error
      if (error instanceof errors.JWKSMultipleMatchingKeys) throw error
      if (error instanceof errors.JOSENotSupported) throw error
      throw new RoomlogError('unavailable', `the key set at ${url} cannot be read: ${String(error)}`, {
        cause: error
      })
    }
  }
}

const algorithmOf = (token: string): string => {
  try {
    return `alg ${String(decodeProtectedHeader(token).alg).slice(0, 16)}`
  } catch (error) {
    if (error instanceof TypeError) return 'not a JWT'
    throw error
  }
}
