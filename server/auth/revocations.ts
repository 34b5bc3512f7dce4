import { RoomlogError } from '../../schema/error-codes.ts'
import { now } from '../clock.ts'
import type { Identity } from '../room/authorize.ts'

export interface Revocation {
  readonly userId?: string | undefined
  readonly tokenId?: string | undefined
}

export interface Revocations {
  /**
   * From now on refuses the token, or all tokens of the user that were issued up to this second: a token issued
   * in a later one is good.
   *
   * @throws RoomlogError 'too-many' at the bound, because a revocation must not be forgotten for a newer one
   */
  add(what: Revocation): void
  has(identity: Identity): boolean
  /** Tells of each revocation which identities it ends. The returned function stops that. */
  listen(listener: (isAffected: (identity: Identity) => boolean) => void): () => void
}

const revocationsMax = 100_000

export const createRevocations = (): Revocations => {
  const users = new Map<string, number>()
  const tokens = new Set<string>()
  const listeners = new Set<(isAffected: (identity: Identity) => boolean) => void>()
  return {
    add({ userId, tokenId }) {
      if (users.size + tokens.size >= revocationsMax) {
        throw new RoomlogError('too-many', `${revocationsMax} revocations are kept at most`)
      }
      if (userId !== undefined) users.set(userId, now())
      if (tokenId !== undefined) tokens.add(tokenId)
      for (const listener of listeners) {
        listener(({ user, tokenId: id }) => user.id === userId || id === tokenId)
      }
    },
    has({ user, tokenId, issuedAt }) {
      if (tokens.has(tokenId)) return true
      const revokedAt = users.get(user.id)
      // A token says when it was issued in whole seconds.
      return revokedAt !== undefined && (issuedAt ?? 0) <= revokedAt
    },
    listen(listener) {
      listeners.add(listener)
      return () => listeners.delete(listener)
    }
  }
}
