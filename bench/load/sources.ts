/** Where connections come from: the system has some 28,000 ports for each address, and one machine many addresses. */
import type { Target } from './client.ts'

const clientsPerAddress = 5_000

export const isLoopback = (host: string): boolean =>
  host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host)

/**
 * The address from which the n-th client of a machine comes: all of loopback is ours, elsewhere the system chooses. Each
 * server has its own, for the system keeps a port for a minute after its connection has ended.
 */
export const localAddressOf = (
  { host, port }: Pick<Target, 'host' | 'port'>,
  index: number
): string | undefined =>
  /^127\./.test(host) ? `127.0.${1 + (port % 250)}.${1 + Math.floor(index / clientsPerAddress)}` : undefined
