import { existsSync, mkdirSync, mkdtempSync, renameSync, rmSync } from 'node:fs'
import { join } from 'node:path'

/** Where large things that were unpacked once are kept; `npm ci` empties it. */
export const cacheFolder = join(import.meta.dirname, '../../node_modules/.cache/roomlog')

/**
 * The folder `name` below `parent`, made by `fill` if it is not there yet. It appears only when it is complete, also
 * when several processes make it at once or one is killed on the way.
 */
export const onceFilled = async (
  parent: string,
  name: string,
  fill: (folder: string) => Promise<void> | void
): Promise<string> => {
  const folder = join(parent, name)
  if (existsSync(folder)) return folder
  mkdirSync(parent, { recursive: true })
  const unfinished = mkdtempSync(join(parent, `${name}.`))
  try {
    await fill(unfinished)
    renameSync(unfinished, folder)
  } catch (error) {
    rmSync(unfinished, { recursive: true, force: true })
    if (!existsSync(folder)) throw error
  }
  return folder
}
