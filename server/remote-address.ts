/** From where somebody asks, as far as we can know: the peer of the socket, or whom a proxy that is ours names. */
import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'

/** The address that limits count by and that the audit records; empty for a socket that is gone already. */
export type AddressOf = (request: Pick<IncomingMessage, 'socket' | 'headers'>) => string

/**
 * `X-Forwarded-For` is a list to which each proxy adds at the right whom it heard from, and anybody may begin it: the
 * right-most address that is no proxy of ours counts.
 *
 * @param trusted addresses and networks of our proxies, as `10.0.0.0/8`; with none, the header is not read
 */
export const createAddressOf = (trusted: readonly string[]): AddressOf => {
  const proxies = blockListOf(trusted)
  const isProxy = (address: string): boolean => proxies.check(address, familyOf(address))
  return ({ socket, headers }) => {
    const peer = plain(socket.remoteAddress ?? '')
    if (trusted.length === 0 || isIP(peer) === 0 || !isProxy(peer)) return peer
    let address = peer
    for (const forwarded of forwardedBy(headers).reverse()) {
      // Beyond what is no address nothing can be believed: it counts against the proxy that passed it on.
      if (isIP(forwarded) === 0) return address
      address = forwarded
      if (!isProxy(address)) return address
    }
    return address
  }
}

/** What limits count as one: an IPv4 address itself, but of an IPv6 address the /64, which one customer of a provider gets. */
export const networkOf = (address: string): string => {
  const [unzoned = ''] = plain(address).split('%')
  if (!unzoned.includes(':')) return unzoned
  const [head = '', tail] = unzoned.toLowerCase().split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = new Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`
}

/** An IPv4 address as such where a socket for both versions writes it as one of IPv6. */
const plain = (address: string): string => address.replace(/^::ffff:(?=\d+\.)/i, '')

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

const blockListOf = (networks: readonly string[]): BlockList => {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', bits] = network.split('/')
    if (bits === undefined) list.addAddress(address, familyOf(address))
    else list.addSubnet(address, Number(bits), familyOf(address))
  }
  return list
}

/** A longer list is not read to its beginning: no chain of proxies is that long. */
const forwardedMax = 32

/** From left to right, without ports and brackets. */
const forwardedBy = (headers: IncomingMessage['headers']): string[] =>
  [headers['x-forwarded-for'] ?? []]
    .flat()
    .join(',')
    .split(',')
    .slice(-forwardedMax)
    .map((text) => {
      const word = text.trim()
      const [, bracketed] = /^\[([^\]]+)\](?::\d+)?$/.exec(word) ?? []
      const [, withPort] = /^([\d.]+):\d+$/.exec(word) ?? []
      return plain(bracketed ?? withPort ?? word)
    })
