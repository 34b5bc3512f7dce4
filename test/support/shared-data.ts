import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { gunzipSync } from 'node:zlib'

/** Recorded editing sessions, too large for the repository, in a folder beside it. */
const folder = join(import.meta.dirname, '../../../shared/data')

export const missingSharedData = (): string | undefined =>
  existsSync(folder) ? undefined : `there is no folder ${folder}`

/** The parsed content of `<name>.json.gz`. */
export const readSharedData = (name: 'automerge-paper' | 'friendsforever'): unknown =>
  JSON.parse(gunzipSync(readFileSync(join(folder, `${name}.json.gz`))).toString())
