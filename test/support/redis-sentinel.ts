import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnChild } from './child.ts'
import { freePort } from './ports.ts'
import { type Redis, startRedis } from './redis.ts'
import { findRedis } from './redis-binary.ts'
import { waitUntil } from './wait-until.ts'

/** A master and its replica, and a Sentinel that makes the one the other's successor. */
export interface WatchedRedis extends AsyncDisposable {
  readonly master: Redis
  /** Of the Sentinel, with the name of the master and without. */
  readonly url: string
  readonly urlWithoutName: string
}

export const startWatchedRedis = async (): Promise<WatchedRedis> => {
  const master = await startRedis()
  const replica = await startRedis('--replicaof', '127.0.0.1', String(master.port))
  const port = await freePort()
  const folder = mkdtempSync(join(tmpdir(), 'roomlog-sentinel-'))
  const settings = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder}`,
    `sentinel monitor main 127.0.0.1 ${master.port} 1`,
    'sentinel down-after-milliseconds main 500',
    'sentinel failover-timeout main 2000'
  ]
  // It writes what it learns into the file.
  writeFileSync(join(folder, 'sentinel.conf'), settings.join('\n'))
  const { command, env } = await findRedis()
  const child = spawnChild(command, [join(folder, 'sentinel.conf'), '--sentinel'], {
    env: { ...process.env, ...env }
  })
  await waitUntil(() => child.stdout().includes('+slave slave'), {
    about: 'the Sentinel to know the replica',
    timeoutMs: 20_000
  })
  return {
    master,
    url: `redis+sentinel://127.0.0.1:${port}/main`,
    urlWithoutName: `redis://127.0.0.1:${port}`,
    [Symbol.asyncDispose]: async () => {
      child.signal('SIGTERM')
      await child.ended
      await Promise.all([master, replica].map((one) => one[Symbol.asyncDispose]()))
      rmSync(folder, { recursive: true, force: true })
    }
  }
}
