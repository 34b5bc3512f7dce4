/** Builds the apps into client/apps/dist, unless they were built from the same sources before. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, globSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const apps = join(root, 'client/apps')
const stamp = join(apps, 'dist/built-from.txt')

if (!existsSync(join(apps, 'vite.config.ts'))) {
  console.log('There are no apps to build: client/apps/vite.config.ts does not exist.')
} else if (!existsSync(stamp) || readFileSync(stamp, 'utf8') !== hashOfSources()) {
  build()
}

function build(): void {
  console.log('Building the apps ...')
  const started = performance.now()
  const sources = hashOfSources()
  const vite = join(root, 'node_modules/vite/bin/vite.js')
  const args = [vite, 'build', '--logLevel', 'warn']
  const { status, error } = spawnSync(process.execPath, args, { cwd: apps, stdio: 'inherit' })
  if (status !== 0) {
    console.error(`vite build ended with ${error?.message ?? status}; its own message is above.`)
    process.exit(1)
  }
  writeFileSync(stamp, sources)
  console.log(`Built in ${((performance.now() - started) / 1000).toFixed(1)} s.`)
}

function hashOfSources(): string {
  const hash = createHash('sha256').update(readFileSync(join(root, 'package-lock.json')))
  const files = globSync(['client/**/*', 'schema/**/*'], {
    cwd: root,
    withFileTypes: true,
    exclude: ['**/dist']
  })
  for (const path of files
    .filter((file) => file.isFile())
    .map((file) => join(file.parentPath, file.name))
    .sort()) {
    hash.update(path.slice(root.length)).update(readFileSync(path))
  }
  return hash.digest('hex')
}
