/** Where connections come from: the system has some 28,000 ports for each address, and one machine many addresses. */
import type { Target } from './client.ts'

const clientsPerAddress = 5_000
const isLoopback = (host: string): boolean => host === 'localhost' || /^127(\.\d{1,3}){3}$/.test(host)

/** The address from which the n-th client of a machine comes: all of loopback is ours, elsewhere the system chooses. */
export const localAddressOf = ({ host }: Pick<Target, 'host'>, index: number): string | undefined =>
  isLoopback(host) ? `127.0.0.${1 + Math.floor(index / clientsPerAddress)}` : undefined
