#!/usr/bin/env node
/** Starts `main.ts` with a Node that runs TypeScript: this one, or the one that the packages brought. */
import { spawnSync } from 'node:child_process'
import { existsSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const [major = 0, minor = 0] = process.versions.node.split('.').map(Number)
const isNewEnough = major > 22 || (major === 22 && minor >= 18)
const own = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url))

if (isNewEnough) {
  await import('./main.ts')
} else if (existsSync(own)) {
  const program = fileURLToPath(new URL('./main.ts', import.meta.url))
  const { status } = spawnSync(own, [program, ...process.argv.slice(2)], { stdio: 'inherit' })
  process.exitCode = status ?? 1
} else {
  console.error(
    `roomlog-bench needs Node 22.18 or later, this is ${process.version}; \`npm start\` once brings one`
  )
  process.exitCode = 2
}
