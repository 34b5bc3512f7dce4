import type { RedisAddress } from '../cluster/redis-address.ts'
import { checkRedis } from '../cluster/redis-check.ts'
import type { Logger } from '../logger.ts'
import { type Finding, judgeClock, messageOf, ok, problem } from './finding.ts'

/** Whether the Redis that REDIS_URL names carries what nodes tell each other. */
export const examineRedis = async (address: RedisAddress, logger: Logger): Promise<readonly Finding[]> => {
  const about = 'Redis'
  try {
    const { mode, version, evictionPolicy, roundTripMs, clock } = await checkRedis(address, logger)
    return [
      ok(about, `version ${version}, ${mode}, maxmemory-policy ${evictionPolicy} (nothing is kept there)`),
      roundTripMs === null
        ? problem('messages', 'what was published did not arrive', 'May this user publish and subscribe?')
        : ok('messages', `${roundTripMs.toFixed(1)} ms from one node to the next`),
      judgeClock('Redis', clock.theirs, clock)
    ]
  } catch (error) {
    const advice =
      'Is it running, and is REDIS_URL right? Without it nodes find out from Postgres, seconds later'
    return [problem(about, `cannot be asked: ${messageOf(error)}`, advice)]
  }
}
