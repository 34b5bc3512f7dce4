import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

export interface InstalledPackage {
  readonly folder: string
  readonly version: string
}

/** The package `name` in our node_modules, if it was installed. */
export const installedPackage = (name: string): InstalledPackage | undefined => {
  const folder = join(import.meta.dirname, '../../node_modules', name)
  const manifest = join(folder, 'package.json')
  if (!existsSync(manifest)) return undefined
  return { folder, version: JSON.parse(readFileSync(manifest, 'utf8')).version }
}
