import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { networkOf } from '../remote-address.ts'
import { tooMany } from '../too-many.ts'

/** How often somebody may try a code: nobody finds a short one by trying. */
export interface JoinAttempts {
  /**
   * Counts an attempt before it is made, so that a thousand at once are as many as a thousand in a row.
   *
   * @throws RoomlogError 'too-many' with the time to wait
   */
  take(address: string): Promise<void>
  /** It was no guess: the code was good. */
  giveBack(address: string): Promise<void>
}

/**
 * All addresses together have so many times what one of them has: whoever has many addresses tries no more than that.
 * At the default, of the 34 million short codes 2,000 are tried while one is good for ten minutes.
 */
const everybodyFactor = 20
const windowSeconds = 60

export const createJoinAttempts = ({ perMinuteMax }: { perMinuteMax: number }): JoinAttempts => {
  const limits = [
    { what: 'codes a minute from', most: perMinuteMax, keyOf: networkOf },
    { what: 'codes a minute from', most: perMinuteMax * everybodyFactor, keyOf: () => 'everybody' }
  ].map((limit) => ({
    ...limit,
    limiter: new RateLimiterMemory({ points: limit.most, duration: windowSeconds })
  }))
  return {
    async take(address) {
      for (const { what, most, keyOf, limiter } of limits) {
        try {
          await limiter.consume(keyOf(address))
        } catch (used) {
          if (!(used instanceof RateLimiterRes)) throw used
          // What was not tried does not count.
          await limiter.reward(keyOf(address))
          const retrySeconds = Math.max(1, Math.ceil(used.msBeforeNext / 1_000))
          throw tooMany({ what: `${what} ${keyOf(address)}`, found: used.consumedPoints, most, retrySeconds })
        }
      }
    },
    async giveBack(address) {
      for (const { keyOf, limiter } of limits) await limiter.reward(keyOf(address))
    }
  }
}
