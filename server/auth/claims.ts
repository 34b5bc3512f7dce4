import type { JWTPayload } from 'jose'
import { z } from 'zod'
import { adminRole } from '../../schema/access.ts'
import { RoomlogError } from '../../schema/error-codes.ts'
import { isRoomPattern } from '../../schema/room-name.ts'
import type { Grant, Identity, User } from './identity.ts'

const grantsMax = 100
const nameLengthMax = 64
const userIdLengthMax = 128
const avatarLengthMax = 512

/** Of a user's name as they may have typed it: one line, no characters that steer a terminal or turn the text around. */
export const cleanName = (text: string): string => {
  const printable = text.replace(/[\p{Cc}\p{Cs}\p{Zl}\p{Zp}\u202a-\u202e\u2066-\u2069]/gu, '')
  return Array.from(printable.trim()).slice(0, nameLengthMax).join('').trim()
}

/**
 * The identity that the claims of a verified token give.
 *
 * @throws RoomlogError 'token-invalid' naming the claim and its value
 */
export const readClaims = (payload: JWTPayload, options: { tokenId: string; isGuest: boolean }): Identity => {
  const result = claimsShape.safeParse(payload)
  if (!result.success) throw new RoomlogError('token-invalid', describe(result.error))
  const claims = result.data
  return {
    user: toUser(claims),
    grants: claims.grants,
    isGuest: options.isGuest,
    isAdmin: claims.grants?.some(isAdminGrant) ?? false,
    issuedAt: claims.iat === undefined ? null : claims.iat * 1000,
    expiresAt: claims.exp * 1000,
    tokenId: claims.jti ?? options.tokenId
  }
}

const isAdminGrant = (grant: Grant): boolean => grant.room === '*' && grant.role === adminRole

const isAvatar = (text: string): boolean => URL.parse(text)?.protocol === 'https:'

// What Postgres cannot keep as text (NUL, half a surrogate pair) must not get as far as the author of an entry.
const identifier = (lengthMax: number) =>
  z
    .string()
    .min(1)
    .max(lengthMax)
    .regex(/^[^\p{Cc}\p{Cs}]*$/u, 'has control characters')

/** The id of a user, as a token may say it. */
export const userIdShape = identifier(userIdLengthMax)

const claimsShape = z.object({
  // Entries of this author are the server's own.
  sub: userIdShape.refine((id) => id !== 'server', 'is how the server calls itself'),
  iat: z.number().optional(),
  exp: z.number(),
  jti: identifier(256).optional(),
  name: z.string().optional(),
  color: z
    .string()
    .regex(/^(#[0-9a-fA-F]{6}|p([1-9]|10))$/, 'is neither #rrggbb nor p1 to p10')
    .nullable()
    .default(null),
  avatar: z.string().max(avatarLengthMax).refine(isAvatar, 'is no https address').nullable().default(null),
  grants: z
    .array(
      z.object({
        room: z.string().refine(isRoomPattern, 'is neither a room name nor kind/* nor *'),
        role: identifier(64)
      })
    )
    .max(grantsMax)
    .nullable()
    .default(null)
})

const toUser = (claims: z.infer<typeof claimsShape>): User => {
  const name = cleanName(claims.name ?? '')
  return {
    id: claims.sub,
    name: name === '' ? cleanName(claims.sub) : name,
    color: claims.color,
    avatar: claims.avatar
  }
}

const describe = (error: z.ZodError): string =>
  error.issues
    .slice(0, 3)
    .map((issue) => `claim ${issue.path.map(String).join('.')}: ${issue.message}`)
    .join('; ')
