/**
 * Connections to Redis, whatever kind of Redis it is:
 *
 *     redis://[user:password@]host[:port][/db]        one server; rediss:// with TLS
 *     redis://host1:port,host2:port,host3:port        a Redis Cluster, by some of its nodes
 *     redis+sentinel://host1:port,host2:port/name     the master of that name, found by Sentinel
 *
 * One server that says of itself that it belongs to a cluster, or is a Sentinel, is taken for what it says.
 */
import { Cluster, Redis, type RedisOptions } from 'ioredis'
import { randomBelow } from '../clock.ts'

export type RedisMode = 'standalone' | 'cluster' | 'sentinel'

export interface RedisAddress {
  /** null: one server is named, which may turn out to be of any kind. */
  readonly mode: RedisMode | null
  readonly hosts: readonly { readonly host: string; readonly port: number }[]
  /** Of the master, where a Sentinel is asked; empty: the only one that it watches. */
  readonly masterName: string
  readonly username: string | undefined
  readonly password: string | undefined
  readonly db: number
  readonly isEncrypted: boolean
}

const pattern =
  /^(?<scheme>rediss?)(?:\+(?<mode>cluster|sentinel))?:\/\/(?:(?<username>[^:@/]*)(?::(?<password>[^@/]*))?@)?(?<hosts>[^/?]+)(?:\/(?<path>[^/?]*))?$/
const ports = { standalone: 6379, cluster: 6379, sentinel: 26_379 }

/** null: this is no address of a Redis. */
export const parseRedisUrl = (text: string): RedisAddress | null => {
  const { scheme, mode, username, password, hosts, path = '' } = pattern.exec(text)?.groups ?? {}
  if (scheme === undefined || hosts === undefined) return null
  const parts = hosts.split(',')
  const isSentinel = mode === 'sentinel'
  const kind = isSentinel ? 'sentinel' : mode === 'cluster' || parts.length > 1 ? 'cluster' : null
  const named = parts.map((part) => parseHost(part, ports[kind ?? 'standalone']))
  const found = named.filter((host) => host !== null)
  if (found.length !== named.length || (!isSentinel && !/^\d{0,4}$/.test(path))) return null
  return {
    mode: kind,
    hosts: found,
    masterName: isSentinel ? decodeURIComponent(path) : '',
    username: username ? decodeURIComponent(username) : undefined,
    password: password ? decodeURIComponent(password) : undefined,
    db: isSentinel ? 0 : Number(path),
    isEncrypted: scheme === 'rediss'
  }
}

const parseHost = (text: string, port: number): { host: string; port: number } | null => {
  const [, host, given] = /^(\[[0-9a-fA-F:]+\]|[^:]+)(?::(\d{1,5}))?$/.exec(text) ?? []
  if (host === undefined || Number(given ?? port) > 65_535) return null
  return { host: host.replace(/^\[|\]$/g, ''), port: Number(given ?? port) }
}

const retryMsMax = 1_000

/** Soon, then once a second, each node at a moment of its own. */
const retryStrategy = (times: number): number =>
  Math.min(retryMsMax, 50 * 2 ** Math.min(times, 6)) * (0.5 + randomBelow(0.5))

/** What cannot be sent now is dropped: nothing waits here for a Redis that is away. */
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
export const resolveAddress = async (address: RedisAddress): Promise<RedisAddress> => {
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
  probe.on('error', () => {})
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
