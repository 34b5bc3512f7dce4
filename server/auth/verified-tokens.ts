import { now } from '../clock.ts'
import type { Identity } from './identity.ts'

export interface VerifiedTokens {
  get(digest: string): Identity | null
  add(digest: string, identity: Identity): void
}

/** Remembers at most `max` tokens by their digest, each until it expires; the one not seen for longest goes first. */
export const createVerifiedTokens = (max: number): VerifiedTokens => {
  const identities = new Map<string, Identity>()
  return {
    get(digest) {
      const identity = identities.get(digest)
      if (!identity) return null
      identities.delete(digest)
      if (isExpired(identity)) return null
      identities.set(digest, identity)
      return identity
    },
    add(digest, identity) {
      identities.delete(digest)
      identities.set(digest, identity)
      if (identities.size <= max) return
      for (const oldest of identities.keys()) {
        identities.delete(oldest)
        return
      }
    }
  }
}

export const isExpired = ({ expiresAt }: Identity): boolean => expiresAt !== null && expiresAt <= now()
