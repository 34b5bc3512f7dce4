import { fileURLToPath } from 'node:url'
import { type Child, spawnChild } from '../../test/support/child.ts'
import { waitUntil } from '../../test/support/wait-until.ts'
import { startDeadlineMs, stopDeadlineMs } from '../config.ts'
import type { Target } from '../load/client.ts'
import { portIn } from './listening.ts'
import type { Peer } from './peers.ts'

const root = fileURLToPath(new URL('../../', import.meta.url))

export interface RunningServer extends AsyncDisposable {
  readonly pid: number
  readonly target: Target
  /** Asks it to stop, after a deadline kills it; resolves when it is gone, also when it was already. */
  stop(): Promise<void>
}

/**
 * Starts a peer in a process of its own; resolves when it listens.
 *
 * @throws Error with what it printed when it ends or says nothing before the deadline
 */
export const startServer = async (peer: Peer, databaseUrl: string | null): Promise<RunningServer> => {
  const child = spawnChild(process.execPath, [...(peer.flags ?? []), peer.program], {
    cwd: root,
    env: environmentOf(peer, databaseUrl)
  })
  await waitUntil(() => portIn(child.stdout()) ?? child.ending(), {
    about: `${peer.name} to listen`,
    timeoutMs: startDeadlineMs
  })
  const port = portIn(child.stdout())
  if (port === null) throw new Error(`${peer.name} did not start: ${child.stdout()}${child.stderr()}`)
  const stop = () => stopServer(child)
  return {
    pid: child.pid,
    target: { protocol: peer.protocol, host: '127.0.0.1', port, isSecure: false, path: peer.path },
    stop,
    [Symbol.asyncDispose]: stop
  }
}

/** Settings of whoever runs the benchmark are no part of it, except what Node itself is told (to profile, say). */
const environmentOf = (peer: Peer, databaseUrl: string | null): NodeJS.ProcessEnv => ({
  PATH: process.env.PATH,
  HOME: process.env.HOME,
  ...(process.env.NODE_OPTIONS === undefined ? {} : { NODE_OPTIONS: process.env.NODE_OPTIONS }),
  ...(databaseUrl === null ? {} : { DATABASE_URL: databaseUrl }),
  ...peer.environment
})

const stopServer = async (child: Child): Promise<void> => {
  if (child.ending() === undefined) child.signal('SIGTERM')
  const late = setTimeout(() => child.signal('SIGKILL'), stopDeadlineMs)
  await child.ended
  clearTimeout(late)
}
