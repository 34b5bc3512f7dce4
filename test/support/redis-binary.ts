import { execFile, spawnSync } from 'node:child_process'
import { existsSync, globSync, mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { cacheFolder, onceFilled } from './cache.ts'

const execute = promisify(execFile)
const fetchTimeoutMs = 120_000

export interface RedisBinary {
  readonly command: string
  readonly env: Record<string, string>
}

/**
 * The `redis-server` of this machine, or one fetched from the packages of its Debian or Ubuntu into our cache: that
 * needs no root and leaves the system as it is.
 *
 * @throws Error that says what was tried
 */
export const findRedis = async (): Promise<RedisBinary> => {
  if (spawnSync('redis-server', ['--version']).status === 0) return { command: 'redis-server', env: {} }
  const folder = join(cacheFolder, 'redis')
  if (!existsSync(folder)) {
    if (spawnSync('apt-get', ['--version']).status !== 0) {
      throw new Error('no Redis: no redis-server on the PATH, and no apt-get to fetch one with')
    }
    await onceFilled(cacheFolder, 'redis', fetchRedis)
  }
  const libraries = globSync('{usr/,}lib/*-linux-gnu*', { cwd: folder }).map((path) => join(folder, path))
  return { command: join(folder, 'usr/bin/redis-server'), env: { LD_LIBRARY_PATH: libraries.join(':') } }
}

/** apt works on lists and archives of its own, in a temporary folder. */
const fetchRedis = async (folder: string): Promise<void> => {
  const state = mkdtempSync(join(tmpdir(), 'roomlog-apt-'))
  mkdirSync(join(state, 'lists/partial'), { recursive: true })
  mkdirSync(join(state, 'cache/archives/partial'), { recursive: true })
  const options = [
    `Dir::State::Lists=${state}/lists`,
    `Dir::Cache=${state}/cache`,
    'Debug::NoLocking=1',
    'APT::Sandbox::User='
  ].flatMap((option) => ['-o', option])
  const apt = (...args: string[]) => execute('apt-get', [...options, ...args], { timeout: fetchTimeoutMs })
  try {
    await apt('update')
    // Resolves what this machine lacks; nothing is installed.
    await apt('install', '--yes', '--download-only', '--no-install-recommends', 'redis-server')
    for (const archive of globSync('cache/archives/*.deb', { cwd: state })) {
      await execute('dpkg', ['--extract', join(state, archive), folder])
    }
  } catch (error) {
    throw new Error('no Redis: no redis-server on the PATH, and fetching one with apt-get failed', {
      cause: error
    })
  } finally {
    rmSync(state, { recursive: true, force: true })
  }
}
