/**
 * Where Redis is, as `REDIS_URL` says it:
 *
 *     redis://[user:password@]host[:port][/db]        one server; rediss:// with TLS
 *     redis://host1:port,host2:port,host3:port        a Redis Cluster, by some of its nodes
 *     redis+sentinel://host1:port,host2:port/name     the master of that name, found by Sentinel
 *
 * One server that says of itself that it belongs to a cluster, or is a Sentinel, is taken for what it says.
 */
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
