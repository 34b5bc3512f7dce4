/** What this machine has to have: a Node that is new enough, and a folder with room in it where the log is kept there. */
import { constants } from 'node:fs'
import { access, stat, statfs } from 'node:fs/promises'
import { dirname, resolve } from 'node:path'
import { type Finding, messageOf, ok, problem, warning } from './finding.ts'

const nodeMin = [22, 18] as const
const GiB = 1024 ** 3
/** Below this PGlite writes nothing any more (server/database/upkeep.ts). */
const freeBytesMin = 128 * 1024 ** 2

export const examineNode = (version: string): Finding => {
  const [major = 0, minor = 0] = version.replace(/^v/, '').split('.').map(Number)
  const isNew = major > nodeMin[0] || (major === nodeMin[0] && minor >= nodeMin[1])
  return isNew
    ? ok('Node', version)
    : problem('Node', version, `Use Node ${nodeMin.join('.')} or newer: it runs TypeScript as it is`)
}

/** The folder of PGlite; it is not opened, for a server may be using it. */
export const examineFolder = async (dataDir: string): Promise<readonly Finding[]> => {
  const about = 'data folder'
  const folder = resolve(dataDir)
  try {
    const existing = await nearest(folder)
    const { isDirectory, free } = await inspect(existing)
    if (!isDirectory) return [problem(about, `${existing} is no folder`, 'Set ROOMLOG_DATA_DIR to another')]
    await access(existing, constants.R_OK | constants.W_OK | constants.X_OK)
    const detail = existing === folder ? folder : `${folder}, which the first start makes`
    return [ok(about, detail), judgeSpace(free), powerCut]
  } catch (error) {
    return [
      problem(
        about,
        messageOf(error),
        'Give the user that runs the server this folder, or set ROOMLOG_DATA_DIR'
      )
    ]
  }
}

const inspect = async (folder: string): Promise<{ isDirectory: boolean; free: number }> => {
  const { bavail, bsize } = await statfs(folder)
  return { isDirectory: (await stat(folder)).isDirectory(), free: bavail * bsize }
}

/** The folder itself, or the first above it that is there. */
const nearest = async (folder: string): Promise<string> => {
  try {
    await stat(folder)
    return folder
  } catch (error) {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'ENOENT'
    if (!isMissing || dirname(folder) === folder) throw error
    return nearest(dirname(folder))
  }
}

export const judgeSpace = (free: number): Finding => {
  const detail = `${(free / GiB).toFixed(1)} GiB free`
  if (free < freeBytesMin) return problem('disk', detail, 'Make room: nothing is written below 128 MiB')
  return free < GiB ? warning('disk', detail, 'Make room: a log only grows') : ok('disk', detail)
}

const powerCut = warning(
  'durability',
  'PGlite does not wait for the disk: a power cut can lose what people were told is saved',
  'Set DATABASE_URL to a Postgres where that matters'
)
