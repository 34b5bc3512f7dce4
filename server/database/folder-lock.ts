import { mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface FolderLock {
  release(): void
}

const sqliteBusy = 5

/**
 * Makes the folder and takes it for this process, until it releases it or dies.
 *
 * What is locked is a file, by the operating system: nothing is left behind by kill -9, no pid can be mistaken for
 * another, and two processes in different containers see each other. Node has no call for that; its SQLite has.
 *
 * @throws Error that names folder and owner while another process, or this one, has it
 */
export const lockFolder = (folder: string, pid: number | undefined): FolderLock => {
  mkdirSync(folder, { recursive: true, mode: 0o700 })
  const pidFile = join(folder, 'pid')
  let file: DatabaseSync | undefined
  try {
    file = new DatabaseSync(join(folder, 'lock'))
    file.exec('begin exclusive')
  } catch (error) {
    file?.close()
    const problem = isBusy(error)
      ? `is in use by process ${ownerIn(pidFile)}: stop it, or choose another folder`
      : `cannot be locked: ${String(error)}`
    throw new Error(`the folder ${resolve(folder)} ${problem}`, { cause: error })
  }
  writeFileSync(pidFile, `${pid ?? 'unknown'}\n`)
  return { release: () => file.close() }
}

const isBusy = (error: unknown): boolean =>
  error instanceof Error && 'errcode' in error && error.errcode === sqliteBusy

const ownerIn = (pidFile: string): string => {
  try {
    return readFileSync(pidFile, 'utf8').trim()
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return '(not yet written)'
    throw error
  }
}
