import { RateLimiterMemory } from 'rate-limiter-flexible'

export interface Attempts {
  /** Seconds until this address may try a token again; 0: it may now. */
  waitSeconds(address: string): Promise<number>
  /** Counts one refused token against the address. */
  fail(address: string): Promise<void>
}

/** Counts the refused tokens of an address within a minute: nobody gets to guess at the speed of the wire. */
export const createAttempts = (options: { perMinuteMax: number }): Attempts => {
  const limiter = new RateLimiterMemory({ points: options.perMinuteMax, duration: 60 })
  return {
    async waitSeconds(address) {
      const used = await limiter.get(networkOf(address))
      if (used === null || used.consumedPoints < options.perMinuteMax) return 0
      return Math.max(1, Math.ceil(used.msBeforeNext / 1000))
    },
    async fail(address) {
      await limiter.penalty(networkOf(address))
    }
  }
}

/** An IPv4 address itself, but of an IPv6 address the /64: that is what one customer of a provider gets. */
export const networkOf = (address: string): string => {
  const [plain = ''] = address.replace(/^::ffff:(?=\d+\.)/i, '').split('%')
  if (!plain.includes(':')) return plain
  const [head = '', tail] = plain.toLowerCase().split('::')
  const before = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  const zeros = new Array<string>(Math.max(0, 8 - before.length - after.length)).fill('0')
  return `${[...before, ...zeros, ...after].slice(0, 4).join(':')}::/64`
}
