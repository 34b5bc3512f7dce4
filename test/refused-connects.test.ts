/**
 * Promise G7. Whoever is not let in leaves nothing behind, however many they are: ROOMLOG_TEST_CONNECTS=100000 is the soak.
 */
import { once } from 'node:events'
import { connect, type Socket } from 'node:net'
import { describe, expect, it } from 'vitest'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { authMessage } from './support/raw-messages.ts'
import { type SessionWorld, startSessionWorld, tokenFor } from './support/session-world.ts'
import { seconds, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'

const connects = Number(process.env.ROOMLOG_TEST_CONNECTS ?? 1_500)
const atOnce = 64
const silentAtOnce = 512
const MiB = 1024 ** 2

/** Pages, sockets and tables that the first connects make, and that stay. */
const warmUp = Math.ceil(connects / 10)
/** What a connect may leave behind, on the average: less than any object that stands for one. */
const bytesPerConnectMax = 50
const noiseBytes = 4 * MiB
/** What was garbage for a while, and what the system was not given back. */
const rssGrowthMax = 256 * MiB

interface Way {
  readonly headers: Record<string, string>
  readonly path: string
  /** What is said once the socket is open; null: nothing, until the server has had enough. */
  readonly message: Uint8Array | null
}

/** All ways to be turned away, in turns; each from another address. */
const createWays = async (): Promise<(index: number) => Way> => {
  const dead = await signToken({ sub: 'ada', exp: seconds() - 60 })
  const good = await tokenFor('ada', 'writer', { exp: seconds() + 3_600 })
  const say = (message: Uint8Array | null, more: Partial<Way> = {}): Way => ({
    headers: {},
    path: '/ws',
    message,
    ...more
  })
  const ways: readonly ((index: number) => Way)[] = [
    (index) => say(authMessage(newRoom(), `guess-${index}`)),
    () => say(authMessage(newRoom(), dead)),
    () => say(authMessage('nonsense/1', good)),
    () => say(authMessage('no room', good)),
    () => say(Uint8Array.of(1, 2, 3)),
    () => say(null),
    () => say(null, { headers: { origin: 'https://evil.example' } }),
    () => say(null, { path: '/elsewhere' })
  ]
  return (index) => {
    const way = ways[index % ways.length]?.(index) ?? say(null)
    return { ...way, headers: { ...way.headers, 'x-forwarded-for': addressOf(index) } }
  }
}

const addressOf = (index: number): string => `10.${(index >> 16) & 255}.${(index >> 8) & 255}.${index & 255}`

const request = ({ path, headers }: Way): string =>
  [
    `GET ${path} HTTP/1.1`,
    'Host: 127.0.0.1',
    'Connection: Upgrade',
    'Upgrade: websocket',
    'Sec-WebSocket-Version: 13',
    'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
    ...Object.entries(headers).map(([name, value]) => `${name}: ${value}`),
    '\r\n'
  ].join('\r\n')

const masked = (payload: Uint8Array): Buffer => {
  const header =
    payload.length < 126
      ? [0x82, 0x80 | payload.length]
      : [0x82, 0xfe, payload.length >> 8, payload.length & 255]
  return Buffer.concat([Buffer.from([...header, 0, 0, 0, 0]), payload])
}

/** Resolves when the server has answered as it should and the socket is gone. */
const beRefused = async (port: number, way: Way): Promise<void> => {
  const socket: Socket = connect({ port, host: '127.0.0.1' })
  let heard = ''
  const closed = once(socket, 'close')
  socket.on('error', (error) => {
    heard += String(error)
  })
  socket.on('data', (data) => {
    heard += data.toString('latin1')
    const isOpen = heard.includes('\r\n\r\n') && heard.startsWith('HTTP/1.1 101')
    const isRefused = /token-invalid|kind-unknown|room-name-invalid|too-many/.test(heard)
    // A page that is told that its token is bad leaves.
    if (isOpen && isRefused) socket.destroy()
    // The server has closed; we have nothing more to say either.
    else if (isOpen && /auth-timeout|message-malformed/.test(heard)) socket.end()
  })
  socket.write(request(way))
  if (way.message !== null) socket.write(masked(way.message))
  await closed
  expect(heard).toMatch(
    /token-invalid|kind-unknown|room-name-invalid|too-many|auth-timeout|message-malformed|403|404/
  )
}

const inParallel = async (
  count: number,
  width: number,
  run: (index: number) => Promise<void>
): Promise<void> => {
  let next = 0
  const workers = Array.from({ length: width }, async () => {
    while (next < count) await run(next++)
  })
  await Promise.all(workers)
}

interface Memory {
  readonly heapUsedBytes: number
  readonly rssBytes: number
}

/** What the server holds when it has forgotten what it can. */
const weigh = async (world: SessionWorld): Promise<Memory> => {
  await waitUntil(async () => (await world.stats()).sessions === 0, { about: 'all sessions to be gone' })
  let least = Number.POSITIVE_INFINITY
  for (let round = 0; round < 5; round++) {
    process.kill(world.server.pid, 'SIGUSR2')
    const { memory } = await world.stats()
    least = Math.min(least, memory.heapUsedBytes)
  }
  const { memory } = await world.stats()
  return { heapUsedBytes: least, rssBytes: memory.rssBytes }
}

describe.skipIf(missing('postgres'))('whoever is not let in', () => {
  it(
    `leaves nothing behind in memory: ${connects} connects`,
    async () => {
      await using world = await startSessionWorld({
        LOG_LEVEL: 'warn',
        NODE_OPTIONS: `--import=${new URL('./support/gc-on-signal.ts', import.meta.url).href}`,
        ROOMLOG_AUTH_TIMEOUT_MS: '100',
        ROOMLOG_TRUSTED_PROXIES: '127.0.0.1'
      })
      const wayOf = await createWays()
      let made = 0
      const refuse = async (count: number): Promise<void> => {
        const first = made
        made += count
        const isSilent = (index: number): boolean =>
          wayOf(index).message === null && wayOf(index).path === '/ws' && !('origin' in wayOf(index).headers)
        const all = Array.from({ length: count }, (_, index) => first + index)
        const [silent, others] = [all.filter(isSilent), all.filter((index) => !isSilent(index))]
        const run = (of: readonly number[]) => (at: number) =>
          beRefused(world.server.port, wayOf(of[at] ?? 0))
        await Promise.all([
          inParallel(silent.length, silentAtOnce, run(silent)),
          inParallel(others.length, atOnce, run(others))
        ])
      }
      await refuse(warmUp)
      const before = await weigh(world)
      await refuse(connects)
      const after = await weigh(world)
      console.info(
        `${connects} refused connects: heap ${before.heapUsedBytes} -> ${after.heapUsedBytes}, rss ${before.rssBytes} -> ${after.rssBytes}`
      )
      expect(after.heapUsedBytes - before.heapUsedBytes).toBeLessThan(
        noiseBytes + connects * bytesPerConnectMax
      )
      expect(after.rssBytes - before.rssBytes).toBeLessThan(rssGrowthMax)
      expect(world.server.ending()).toBeUndefined()
    },
    20 * 60_000
  )
})
