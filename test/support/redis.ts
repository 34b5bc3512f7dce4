import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Child, spawnChild } from './child.ts'
import { freePort } from './ports.ts'
import { findRedis } from './redis-binary.ts'
import { waitUntil } from './wait-until.ts'

/** A Redis of its own, to stop, kill, freeze and wipe. It keeps nothing on disk. */
export interface Redis extends AsyncDisposable {
  /** Stays the same for life. */
  readonly url: string
  readonly port: number
  stop(): Promise<void>
  /** kill -9. */
  kill(): Promise<void>
  /** Freezes it: connections stay open and nothing answers. */
  pause(): void
  resume(): void
  /** Starts it again on the same port, empty; stops it before if it runs. */
  restart(): Promise<void>
}

/** @param more settings, as on its command line @throws Error when there is no Redis on this machine and none can be fetched */
export const startRedis = async (...more: readonly string[]): Promise<Redis> => {
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'roomlog-redis-'))
  const run = () => startServer(port, folder, more)
  let child = await run()

  const end = async (signal: NodeJS.Signals): Promise<void> => {
    if (child.ending()) return
    child.signal('SIGCONT')
    child.signal(signal)
    await child.ended
  }
  const stop = () => end('SIGTERM')
  return {
    url: `redis://127.0.0.1:${port}`,
    port,
    stop,
    kill: () => end('SIGKILL'),
    pause: () => child.signal('SIGSTOP'),
    resume: () => child.signal('SIGCONT'),
    restart: async () => {
      await stop()
      child = await run()
    },
    [Symbol.asyncDispose]: async () => {
      await stop()
      rmSync(folder, { recursive: true, force: true })
    }
  }
}

const startServer = async (port: number, folder: string, more: readonly string[]): Promise<Child> => {
  const { command, env } = await findRedis()
  const settings = ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder, ...more]
  const child = spawnChild(command, settings, { env: { ...process.env, ...env } })
  const isReady = () => child.stdout().includes('Ready to accept connections')
  await waitUntil(() => isReady() || child.ending(), { about: 'Redis to accept connections' })
  if (child.ending()) throw new Error(`Redis did not start: ${child.stdout()}${child.stderr()}`)
  return child
}
