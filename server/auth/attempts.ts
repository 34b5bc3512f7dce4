import { RateLimiterMemory } from 'rate-limiter-flexible'
import { networkOf } from '../remote-address.ts'
import { tooMany } from '../too-many.ts'

export interface Attempts {
  /** Seconds until this address, or this user from wherever, may try again; 0: now. */
  waitSeconds(address: string, userId?: string | null): Promise<number>
  /** @throws RoomlogError 'too-many' while this address, or this user from wherever, has to wait */
  assertMayTry(address: string, userId?: string | null): Promise<void>
  /** Counts one refused attempt against the address, and against the user whose token or code it was, where that is known. */
  fail(address: string, userId?: string | null): Promise<void>
}

/** Counts what was refused within a minute: nobody gets to guess at the speed of the wire. Keys are forgotten after it. */
export const createAttempts = ({ perMinuteMax }: { perMinuteMax: number }): Attempts => {
  const limiter = new RateLimiterMemory({ points: perMinuteMax, duration: 60 })
  const waitOf = async ({ key }: Counted): Promise<number> => {
    const used = await limiter.get(key)
    if (used === null || used.consumedPoints < perMinuteMax) return 0
    return Math.max(1, Math.ceil(used.msBeforeNext / 1000))
  }
  return {
    async waitSeconds(address, userId = null) {
      return Math.max(...(await Promise.all(countedBy(address, userId).map(waitOf))))
    },
    async assertMayTry(address, userId = null) {
      for (const counted of countedBy(address, userId)) {
        const retrySeconds = await waitOf(counted)
        if (retrySeconds === 0) continue
        const what = `refused attempts a minute ${counted.whose}`
        throw tooMany({ what, found: perMinuteMax + 1, most: perMinuteMax, retrySeconds })
      }
    },
    async fail(address, userId = null) {
      await Promise.all(countedBy(address, userId).map(({ key }) => limiter.penalty(key)))
    }
  }
}

interface Counted {
  readonly key: string
  readonly whose: string
}

const countedBy = (address: string, userId: string | null): readonly Counted[] => {
  const network = networkOf(address)
  const from = { key: network, whose: `from ${network}` }
  // No address has a space in it.
  return userId === null ? [from] : [from, { key: `user ${userId}`, whose: 'of this user' }]
}
