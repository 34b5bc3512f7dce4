import type { IncomingMessage } from 'node:http'
import { describe, expect, it } from 'vitest'
import { createAddressOf, networkOf } from '../server/remote-address.ts'

const asked = (
  peer: string | undefined,
  forwarded?: string
): Pick<IncomingMessage, 'socket' | 'headers'> => ({
  socket: { remoteAddress: peer } as IncomingMessage['socket'],
  headers: forwarded === undefined ? {} : { 'x-forwarded-for': forwarded }
})

describe('the address that somebody asks from', () => {
  const trusted = ['10.0.0.0/8', '192.0.2.7', 'fd00::/8']

  it.each([
    ['is that of the socket where no proxy is trusted', [], '10.0.0.1', '198.51.100.1', '10.0.0.1'],
    [
      'is that of the socket where a stranger says something else',
      trusted,
      '203.0.113.5',
      '198.51.100.1',
      '203.0.113.5'
    ],
    ['is the one that a trusted proxy heard from', trusted, '10.0.0.1', '198.51.100.1', '198.51.100.1'],
    [
      'is the right-most that is no proxy, whatever was claimed before it',
      trusted,
      '10.0.0.1',
      '1.1.1.1, 198.51.100.1, 192.0.2.7, 10.9.9.9',
      '198.51.100.1'
    ],
    ['is the left-most where all are proxies', trusted, '10.0.0.1', '10.0.0.3, 10.0.0.2', '10.0.0.3'],
    ['is the proxy itself where it names nobody', trusted, '10.0.0.1', 'unknown', '10.0.0.1'],
    ['is not looked for behind what is no address', trusted, '10.0.0.1', '1.1.1.1, ?, 10.0.0.2', '10.0.0.2'],
    ['is without its port', trusted, '10.0.0.1', '198.51.100.1:4711', '198.51.100.1'],
    ['is without brackets', trusted, 'fd00::1', '[2001:db8::1]:4711', '2001:db8::1'],
    [
      'is one of IPv4 however it is written',
      trusted,
      '::ffff:10.0.0.1',
      '::ffff:198.51.100.1',
      '198.51.100.1'
    ]
  ])('%s', (_, proxies, peer, forwarded, address) => {
    expect(createAddressOf(proxies)(asked(peer, forwarded))).toBe(address)
  })

  it('is that of the proxy without the header, and nothing where the socket is gone', () => {
    expect(createAddressOf(trusted)(asked('10.0.0.1'))).toBe('10.0.0.1')
    expect(createAddressOf(trusted)(asked(undefined, '198.51.100.1'))).toBe('')
  })

  it('counts with all of its network where a customer gets a network', () => {
    expect(networkOf('2001:db8:1:2::1')).toBe(networkOf('2001:db8:1:2:ffff::1'))
    expect(networkOf('2001:db8:1:2::1')).not.toBe(networkOf('2001:db8:1:3::1'))
    expect(networkOf('::ffff:192.0.2.1')).toBe('192.0.2.1')
    expect(networkOf('fe80::1%eth0')).toBe('fe80:0:0:0::/64')
  })
})
