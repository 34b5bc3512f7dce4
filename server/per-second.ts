import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible'
import { tooMany } from './too-many.ts'

/** Counts what is done within a second, for each of many who do it. */
export interface PerSecond {
  /** Counts one more of this key. @throws RoomlogError 'too-many' above what one may do within a second */
  take(key: string): Promise<void>
}

/** A key that is counted is forgotten after its second: as many are held as come within one. */
export const createPerSecond = ({ what, most }: { what: string; most: number }): PerSecond => {
  const limiter = new RateLimiterMemory({ points: most, duration: 1 })
  return {
    async take(key) {
      try {
        await limiter.consume(key)
      } catch (used) {
        if (!(used instanceof RateLimiterRes)) throw used
        throw tooMany({ what, found: used.consumedPoints, most, retrySeconds: 1 })
      }
    }
  }
}
