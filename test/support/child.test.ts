import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { spawnChild } from './child.ts'
import { ifThere } from './if-there.ts'
import { waitUntil } from './wait-until.ts'

/** One that has ended but was not yet asked for its exit code does not run. */
const isRunning = (pid: number): boolean => {
  const status = ifThere(() => readFileSync(`/proc/${pid}/status`, 'utf8'))
  return status !== undefined && !/^State:\s+Z/m.test(status)
}

test('a child ends with the process that started it, even when that is killed', async () => {
  const script = `
    const { spawnChild } = await import(${JSON.stringify(join(import.meta.dirname, 'child.ts'))})
    console.log(spawnChild('sleep', ['600']).pid)
  `
  const parent = spawnChild(process.execPath, ['--input-type=module', '--eval', script])
  const pid = await waitUntil(() => Number(parent.stdout()), { about: 'the pid of the child' })
  expect(isRunning(pid)).toBe(true)
  parent.signal('SIGKILL')
  await waitUntil(() => !isRunning(pid), { about: 'the child to end' })
})

test('a program that cannot be started has ended', async () => {
  const child = spawnChild('no-such-program-anywhere', [])
  expect((await child.ended).code).not.toBe(0)
})

test('of what a child writes the end is kept', async () => {
  const child = spawnChild(process.execPath, ['--eval', `console.log('x'.repeat(100_000) + 'last')`])
  await child.ended
  expect(child.stdout()).toHaveLength(64 * 1024)
  expect(child.stdout()).toMatch(/last\n$/)
})
