/** The server on its port: listening, and empty again. */
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { monotonic, sleep } from './clock.ts'
import type { Config } from './config.ts'

const pollMs = 10

/** Resolves when nobody is left, or after `ms`. */
export const emptied = async (sessions: ReadonlySet<unknown>, ms: number): Promise<void> => {
  for (const deadline = monotonic() + ms; sessions.size > 0 && monotonic() < deadline; ) await sleep(pollMs)
}

/** @throws when the port is taken */
export const listen = (server: Server, { host, port }: Config): Promise<void> =>
  new Promise((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, () => {
      server.off('error', reject)
      resolve()
    })
  })

export const urlOf = ({ address, family, port }: AddressInfo): string =>
  `http://${family === 'IPv6' ? `[${address}]` : address}:${port}`
