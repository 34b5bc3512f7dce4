import { join } from 'node:path'
import { type Child, type Ending, spawnChild } from './child.ts'
import { freePort } from './ports.ts'
import { waitUntil } from './wait-until.ts'

const root = join(import.meta.dirname, '../..')
const startTimeoutMs = 30_000
const stopTimeoutMs = 30_000

export interface ServerOptions {
  /** Settings, by their names in the environment. Settings of the machine that runs the tests are not passed on. */
  env?: Record<string, string>
  /** Give this or `dataDir`. */
  databaseUrl?: string
  /** Where it keeps its log without a `databaseUrl`. */
  dataDir?: string
}

/** A Roomlog server as a process of its own, as users run it. */
export interface ServerProcess extends AsyncDisposable {
  /** `http://127.0.0.1:<port>`, the same for life. */
  readonly url: string
  readonly wsUrl: string
  readonly port: number
  /** Changes with each restart. */
  readonly pid: number
  /** The end of its log, which it writes to stdout or stderr. */
  stdout(): string
  stderr(): string
  /** Undefined while it runs. */
  ending(): Ending | undefined
  /** kill -9. */
  kill(): Promise<void>
  /** Sends SIGTERM and resolves with the exit code; null when it had to be killed. */
  stop(): Promise<number | null>
  pause(): void
  resume(): void
  /** Starts it again on the same port and data; stops it before if it runs. Other settings may be given. */
  restart(env?: Record<string, string>): Promise<void>
}

/** @throws Error with the output of the server when it ends before it listens */
export const startServer = async ({
  env = {},
  databaseUrl,
  dataDir
}: ServerOptions): Promise<ServerProcess> => {
  const settings: Record<string, string> = { HOST: '127.0.0.1', ...env }
  if (databaseUrl) settings.DATABASE_URL = databaseUrl
  if (dataDir) settings.ROOMLOG_DATA_DIR = dataDir
  const port = await freePort()
  let child = await run(settings, port)

  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (!child.ending()) {
      child.signal('SIGCONT')
      child.signal(signal)
    }
    return (await child.ended).code
  }
  const stop = async (): Promise<number | null> => {
    const overdue = setTimeout(() => child.signal('SIGKILL'), stopTimeoutMs)
    try {
      return await end('SIGTERM')
    } finally {
      clearTimeout(overdue)
    }
  }
  return {
    url: `http://127.0.0.1:${port}`,
    wsUrl: `ws://127.0.0.1:${port}`,
    port,
    get pid() {
      return child.pid
    },
    stdout: () => child.stdout(),
    stderr: () => child.stderr(),
    ending: () => child.ending(),
    kill: async () => {
      await end('SIGKILL')
    },
    stop,
    pause: () => child.signal('SIGSTOP'),
    resume: () => child.signal('SIGCONT'),
    restart: async (more = {}) => {
      await stop()
      Object.assign(settings, more)
      child = await run(settings, port)
    },
    [Symbol.asyncDispose]: async () => {
      await stop()
    }
  }
}

const run = async (settings: Record<string, string>, port: number): Promise<Child> => {
  const env = { PATH: process.env.PATH, HOME: process.env.HOME, ...settings, PORT: String(port) }
  const child = spawnChild(process.execPath, ['--max-semi-space-size=8', join(root, 'server/main.ts')], {
    cwd: root,
    env
  })
  const isListening = () => /^Roomlog listens on http:/m.test(child.stdout())
  await waitUntil(() => isListening() || child.ending(), {
    about: 'the line "Roomlog listens on http://..."',
    timeoutMs: startTimeoutMs
  })
  if (!child.ending()) return child
  const { code, signal } = await child.ended
  throw new Error(
    `the server ended with ${signal ?? code} before it listened: ${child.stdout()}${child.stderr()}`
  )
}
