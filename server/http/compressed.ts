import { promisify } from 'node:util'
import { gzip } from 'node:zlib'
import type { ApiContext } from './api.ts'

/** Shorter answers fit into a packet or two as they are. */
const worthBytes = 1024
const gzipBytes = promisify(gzip)
/** Little is gained by more, and the machine has others to serve. */
const level = 1

/** A body as the client gets it, compressed where that pays and it may be, with the headers that say so. */
export const compressed = async (
  c: ApiContext,
  bytes: Uint8Array
): Promise<{ body: Uint8Array<ArrayBuffer>; headers: Record<string, string> }> => {
  const isWanted = c.req.header('accept-encoding')?.includes('gzip') ?? false
  const isWorthIt = isWanted && bytes.length >= worthBytes
  const body = Uint8Array.from(isWorthIt ? await gzipBytes(bytes, { level }) : bytes)
  return { body, headers: { vary: 'accept-encoding', ...(isWorthIt && { 'content-encoding': 'gzip' }) } }
}
