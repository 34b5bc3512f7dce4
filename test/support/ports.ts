import { createServer } from 'node:net'

const lowest = 10_000
const highest = 29_999
const triesMax = 100

/**
 * A TCP port of 127.0.0.1 where nothing listens. It is below the range from which the system picks ports by itself,
 * so a server that is stopped can come back on it.
 */
export const freePort = async (): Promise<number> => {
  for (let tries = 0; tries < triesMax; tries++) {
    const port = lowest + Math.floor(Math.random() * (highest - lowest))
    if (await isFree(port)) return port
  }
  throw new Error(`no free port between ${lowest} and ${highest} in ${triesMax} tries`)
}

const isFree = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const server = createServer()
    server.once('error', () => resolve(false))
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)))
  })
