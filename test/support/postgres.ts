import { spawnSync } from 'node:child_process'
import { chownSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { type Child, childrenOf, signalIfAlive, spawnChild } from './child.ts'
import { freePort } from './ports.ts'
import { nobody, postgresBinaries } from './postgres-binaries.ts'
import { waitUntil } from './wait-until.ts'

const startTimeoutMs = 30_000
const startAgainAfterMs = 100
/** A longer path of a unix socket is cut off by the system. */
const socketPathMax = 107

export interface PostgresOptions {
  /** Waits for the disk as in production; off by default, for speed. */
  durable?: boolean
  /** Settings of postgresql.conf. */
  settings?: Record<string, string>
}

/** A Postgres of its own, to stop, kill and freeze. What it needs is in a private folder. */
export interface Postgres extends AsyncDisposable {
  /** Over TCP, as superuser, database `postgres`; stays the same for life. */
  readonly url: string
  /** Its unix socket, which the driver takes as the option `path`. */
  readonly socketPath: string
  readonly port: number
  readonly dataDir: string
  /** The end of its log. */
  log(): string
  /** Ends it as an administrator would: connections are cut, everything is written. */
  stop(): Promise<void>
  /** kill -9 of all its processes. */
  kill(): Promise<void>
  /** Freezes all its processes: connections stay open and nothing answers. */
  pause(): void
  resume(): void
  /** Starts it again on the same port and data; stops it before if it runs. */
  restart(): Promise<void>
  /** Stops it and deletes its data. */
  remove(): Promise<void>
}

export const startPostgres = async ({
  durable = false,
  settings = {}
}: PostgresOptions = {}): Promise<Postgres> => {
  const binaries = await postgresBinaries()
  const port = await freePort()
  const folder = privateFolder(port)
  const dataDir = join(folder, 'data')
  initialize(binaries, dataDir, durable)
  const args = serverArguments({ dataDir, socketDir: folder, port, durable, settings })
  const run = () => startServer(join(binaries, 'postgres'), args)
  let child = await run()

  const stop = async (): Promise<void> => {
    if (child.ending()) return
    signalAll(child.pid, 'SIGCONT')
    child.signal('SIGINT')
    await child.ended
  }
  const remove = async (): Promise<void> => {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  }
  return {
    url: `postgres://roomlog@127.0.0.1:${port}/postgres`,
    socketPath: join(folder, `.s.PGSQL.${port}`),
    port,
    dataDir,
    log: () => child.stderr(),
    stop,
    kill: async () => {
      if (child.ending()) return
      signalAll(child.pid, 'SIGSTOP')
      signalAll(child.pid, 'SIGKILL')
      await child.ended
    },
    pause: () => signalAll(child.pid, 'SIGSTOP'),
    resume: () => signalAll(child.pid, 'SIGCONT'),
    restart: async () => {
      await stop()
      child = await run()
    },
    remove,
    [Symbol.asyncDispose]: remove
  }
}

const privateFolder = (port: number): string => {
  const base =
    join(tmpdir(), `roomlog-postgres-XXXXXX/.s.PGSQL.${port}`).length > socketPathMax ? '/tmp' : tmpdir()
  const folder = mkdtempSync(join(base, 'roomlog-postgres-'))
  if (nobody.uid) chownSync(folder, nobody.uid, nobody.gid)
  return folder
}

const environment = { PATH: process.env.PATH, LC_ALL: 'C' }

const initialize = (binaries: string, dataDir: string, durable: boolean): void => {
  const args = [
    '-D',
    dataDir,
    '-U',
    'roomlog',
    '-A',
    'trust',
    '-E',
    'UTF8',
    '--no-locale',
    '--no-instructions'
  ]
  if (!durable) args.push('--no-sync')
  const options = { ...nobody, env: environment, cwd: '/', encoding: 'utf8' } as const
  const { status, error, stderr } = spawnSync(join(binaries, 'initdb'), args, options)
  if (status !== 0) throw new Error(`initdb ended with ${status}: ${error?.message ?? stderr}`)
}

interface ServerArguments extends Required<PostgresOptions> {
  dataDir: string
  socketDir: string
  port: number
}

const serverArguments = ({ dataDir, socketDir, port, durable, settings }: ServerArguments): string[] => {
  const all = {
    listen_addresses: '127.0.0.1',
    max_connections: '200',
    ...(durable ? {} : { fsync: 'off', full_page_writes: 'off' }),
    ...settings
  }
  const asArguments = Object.entries(all).flatMap(([name, value]) => ['-c', `${name}=${value}`])
  return ['-D', dataDir, '-k', socketDir, '-p', String(port), ...asArguments]
}

const startServer = async (postgres: string, args: string[]): Promise<Child> => {
  const deadline = performance.now() + startTimeoutMs
  for (;;) {
    const child = spawnChild(postgres, args, { ...nobody, env: environment, cwd: '/', onOurDeath: 'SIGINT' })
    const isReady = () => child.stderr().includes('ready to accept connections')
    await waitUntil(() => isReady() || child.ending(), {
      about: 'Postgres to accept connections',
      timeoutMs: startTimeoutMs
    })
    if (!child.ending()) return child
    // A killed server holds its lock file and its shared memory until the system has cleared all of it away.
    const isTemporary = /lock file|shared memory/.test(child.stderr())
    if (!isTemporary || performance.now() > deadline)
      throw new Error(`Postgres did not start: ${child.stderr()}`)
    await sleep(startAgainAfterMs)
  }
}

/** The first process before the others, so that it cannot start more of them meanwhile. */
const signalAll = (pid: number, name: NodeJS.Signals): void => {
  const children = childrenOf(pid)
  signalIfAlive(pid, name)
  for (const each of new Set([...children, ...childrenOf(pid)])) signalIfAlive(each, name)
}
