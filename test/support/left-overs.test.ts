import { existsSync, mkdtempSync, rmSync, utimesSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { spawnChild } from './child.ts'
import { removeLeftOvers } from './left-overs.ts'
import { waitUntil } from './wait-until.ts'

const folderOf = (hoursAgo: number): string => {
  const folder = mkdtempSync(join(tmpdir(), 'roomlog-report-'))
  const then = new Date(Date.now() - hoursAgo * 3_600_000)
  utimesSync(folder, then, then)
  return folder
}

test('only old folders of test runs that have ended are removed', async () => {
  const [ended, fresh, used] = [folderOf(25), folderOf(23), folderOf(25)]
  const user = spawnChild(process.execPath, [
    '--eval',
    'console.log("here"); setInterval(() => {}, 1000)',
    used
  ])
  try {
    await waitUntil(() => user.stdout(), { about: 'the user of the folder to run' })
    removeLeftOvers()
    expect([ended, fresh, used].map((folder) => existsSync(folder))).toEqual([false, true, true])
  } finally {
    user.signal('SIGKILL')
    await user.ended
    for (const folder of [fresh, used]) rmSync(folder, { recursive: true })
  }
})
