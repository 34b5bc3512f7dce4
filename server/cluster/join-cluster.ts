import type { Config } from '../config.ts'
import type { Logger } from '../logger.ts'
import { type Bus, createNoBus } from './bus.ts'
import { type Cluster, createCluster } from './cluster.ts'
import { createRedisBus, type RedisBusParts } from './redis-bus.ts'

export interface JoinParts {
  readonly config: Pick<Config, 'redis' | 'heartbeatMs'>
  readonly logger: Logger
  /** Instead of that of the settings. */
  readonly bus?: Bus
}

/** The other nodes, if there is anything between them and this one. */
export const joinCluster = (
  { config: { redis, heartbeatMs }, logger, bus }: JoinParts,
  { messaged }: { readonly messaged: RedisBusParts['counted'] }
): Cluster => {
  const own = (): Bus =>
    redis === null ? createNoBus() : createRedisBus({ address: redis, logger, counted: messaged })
  return createCluster({ bus: bus ?? own(), heartbeatMs, logger })
}
