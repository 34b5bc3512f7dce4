/** A copy of the server with a bug in it, and stories played there. */
import { cpSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { spawnChild } from '../support/child.ts'

const root = join(import.meta.dirname, '../..')

export interface PlantedBug {
  readonly name: string
  readonly file: string
  /** Stands once in the file. */
  readonly right: string
  readonly wrong: string
}

export interface Findings {
  readonly code: number | null
  readonly output: string
}

/** Plays the stories of these seeds, up to the first in which something does not hold. */
export const playWith = async (
  bug: PlantedBug,
  options: readonly string[],
  serverUrl: string
): Promise<Findings> => {
  const folder = mkdtempSync(join(tmpdir(), 'roomlog-planted-'))
  try {
    for (const part of ['schema', 'server', 'test/support', 'test/simulation', 'package.json'])
      cpSync(join(root, part), join(folder, part), { recursive: true })
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'))
    plant(bug, folder)
    const child = spawnChild(
      process.execPath,
      [join(folder, 'test/simulation/run.ts'), '--fast', ...options],
      {
        cwd: folder,
        env: { ...process.env, ROOMLOG_TEST_DATABASE_URL: serverUrl }
      }
    )
    const { code } = await child.ended
    return { code, output: child.stdout() + child.stderr() }
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

/** @throws RangeError the place is not there, or there is more than one: the code has moved on, and the bug with it */
const plant = ({ name, file, right, wrong }: PlantedBug, folder: string): void => {
  const path = join(folder, file)
  const parts = readFileSync(path, 'utf8').split(right)
  if (parts.length !== 2)
    throw new RangeError(`${name}: ${file} has ${parts.length - 1} places for it, not one`)
  writeFileSync(path, parts.join(wrong))
}
