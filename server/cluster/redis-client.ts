/** Connections to Redis, whatever kind of Redis it is. What cannot be sent now is dropped: nothing waits for a Redis that is away. */
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { randomBelow } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { RedisAddress } from './redis-address.ts'

const retryMsMax = 1_000

/** Soon, then once a second, each node at a moment of its own. */
const retryStrategy = (times: number): number =>
  Math.min(retryMsMax, 50 * 2 ** Math.min(times, 6)) * (0.5 + randomBelow(0.5))

const optionsOf = ({ username, password, db, isEncrypted }: RedisAddress): RedisOptions => ({
  ...(username === undefined ? {} : { username }),
  ...(password === undefined ? {} : { password }),
  ...(isEncrypted ? { tls: {} } : {}),
  db,
  enableOfflineQueue: false,
  enableAutoPipelining: true,
  autoResubscribe: false,
  maxRetriesPerRequest: 0,
  connectTimeout: 3_000,
  retryStrategy,
  connectionName: 'roomlog'
})

export const connectRedis = (address: RedisAddress): Redis => {
  const [first] = address.hosts
  if (address.mode === 'sentinel') {
    const { username: _user, password: _password, ...options } = optionsOf(address)
    return new Redis({
      ...options,
      ...(address.password === undefined
        ? {}
        : { password: address.password, sentinelPassword: address.password }),
      sentinels: address.hosts.map(({ host, port }) => ({ host, port })),
      name: address.masterName,
      sentinelRetryStrategy: retryStrategy
    })
  }
  return new Redis({ ...optionsOf(address), host: first?.host ?? '', port: first?.port ?? 0 })
}

export const connectCluster = (address: RedisAddress): Cluster => {
  const {
    db: _,
    retryStrategy: __,
    enableOfflineQueue: ___,
    autoResubscribe: ____,
    ...redisOptions
  } = optionsOf(address)
  return new Cluster([...address.hosts], {
    redisOptions: { ...redisOptions, maxRetriesPerRequest: 1 },
    enableOfflineQueue: false,
    shardedSubscribers: true,
    clusterRetryStrategy: retryStrategy,
    clusterNodeRetryStrategy: retryStrategy,
    slotsRefreshInterval: 2_000
  })
}

/**
 * What kind of Redis this is, with the name of the master where it is a Sentinel.
 *
 * @throws Error of the connection, or where a Sentinel watches several masters and none was named
 */
export const resolveAddress = async (address: RedisAddress, logger: Logger): Promise<RedisAddress> => {
  if (address.mode === 'cluster' || (address.mode === 'sentinel' && address.masterName !== '')) return address
  const probe = new Redis({
    ...optionsOf({ ...address, mode: 'standalone' }),
    host: address.hosts[0]?.host ?? '',
    port: address.hosts[0]?.port ?? 0,
    db: 0,
    lazyConnect: true,
    retryStrategy: null,
    commandTimeout: 3_000
  })
  // The rejection of `connect` says the same.
  probe.on('error', (error) => logger.debug({ err: error }, 'redis probe failed'))
  try {
    await probe.connect()
    const info = String(await probe.call('INFO', 'server'))
    const mode = /redis_mode:(\w+)/.exec(info)?.[1]
    if (mode === 'cluster') return { ...address, mode }
    if (mode === 'sentinel') return { ...address, mode, masterName: await onlyMaster(probe) }
    return { ...address, mode: 'standalone' }
  } finally {
    probe.disconnect()
  }
}

const onlyMaster = async (sentinel: Redis): Promise<string> => {
  const masters: unknown = await sentinel.call('SENTINEL', 'MASTERS')
  const names = Array.isArray(masters)
    ? masters.map((fields: unknown) => (Array.isArray(fields) ? String(fields[1]) : ''))
    : []
  const [name] = names
  if (name === undefined || names.length > 1)
    throw new Error(
      `the Sentinel watches ${names.length} masters (${names.join(', ')}): name one, as in redis+sentinel://host/name`
    )
  return name
}
