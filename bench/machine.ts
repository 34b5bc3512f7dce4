import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { cpus, totalmem, type } from 'node:os'
import { fileURLToPath } from 'node:url'

const root = fileURLToPath(new URL('../', import.meta.url))

/** What a figure depends on, beside the code: each a name and a value, for the report. */
export const describeMachine = (): readonly (readonly [string, string])[] => {
  const [cpu] = cpus()
  return [
    ['commit', commit()],
    ['processor', `${cpu?.model.trim() ?? 'unknown'}, ${cpus().length} cores`],
    ['memory', `${Math.round(totalmem() / 2 ** 30)} GiB`],
    ['system', `${type()} ${process.arch}`],
    ['Node', process.version],
    ...[
      '@hocuspocus/server',
      '@hocuspocus/extension-database',
      'y-websocket-server',
      'ws',
      'yjs',
      'postgres'
    ].map((name) => [name === 'y-websocket-server' ? 'y-websocket' : name, versionOf(name)] as const)
  ]
}

const commit = (): string => {
  const git = (...words: string[]) =>
    execFileSync('git', words, { cwd: root, encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] }).trim()
  try {
    const changed = git(
      'status',
      '--porcelain',
      '--',
      'server',
      'schema',
      'bench',
      'package-lock.json',
      ':!bench/RESULTS.md'
    )
    return `${git('rev-parse', '--short=12', 'HEAD')}${changed === '' ? '' : ', with changes that are not committed'}`
  } catch (error) {
    // A copy without its repository can be measured too.
    return `unknown (${error instanceof Error ? error.message.split('\n', 1)[0] : error})`
  }
}

const versionOf = (name: string): string => {
  const manifest: unknown = JSON.parse(readFileSync(`${root}node_modules/${name}/package.json`, 'utf8'))
  const isManifest = (value: unknown): value is { version: string } =>
    typeof value === 'object' && value !== null && 'version' in value && typeof value.version === 'string'
  return isManifest(manifest) ? manifest.version : 'unknown'
}
