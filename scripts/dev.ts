/** Runs the server, restarted when its sources change, and the apps with hot reload; Ctrl-C ends both. */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '..')
const apps = join(root, 'client/apps')

const programs: ChildProcess[] = [start(root, '--watch', 'server/main.ts')]
if (existsSync(join(apps, 'vite.config.ts'))) {
  programs.push(start(apps, join(root, 'node_modules/vite/bin/vite.js'), '--clearScreen', 'false'))
} else {
  console.log('There are no apps to serve: client/apps/vite.config.ts does not exist.')
}

let isEnding = false
const end = (): void => {
  isEnding = true
  for (const program of programs) {
    program.kill('SIGTERM')
  }
}
process.on('SIGINT', end)
process.on('SIGTERM', end)

/** In a group of its own: a Ctrl-C that reaches the server twice makes it stop without writing what it holds. */
function start(cwd: string, ...args: string[]): ChildProcess {
  const program = spawn(process.execPath, args, {
    cwd,
    detached: true,
    stdio: ['ignore', 'inherit', 'inherit']
  })
  program.once('exit', (code) => {
    if (isEnding) return
    process.exitCode = code ?? 1
    end()
  })
  return program
}
