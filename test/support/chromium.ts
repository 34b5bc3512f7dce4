import { execFile } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { type Browser, chromium } from 'playwright-core'
import { cacheFolder, onceFilled } from './cache.ts'
import { installedPackage } from './installed-package.ts'

const execute = promisify(execFile)
const unpackTimeoutMs = 60_000

const flags = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run'
]

/** @throws Error when there is no Chromium on this machine and no package that brings one */
export const launchBrowser = async (): Promise<Browser> => {
  const { executablePath, env } = await findChromium()
  return chromium.launch({ executablePath, args: flags, env: { ...environment(), ...env } })
}

export interface ChromiumBinary {
  readonly executablePath: string
  readonly env: Record<string, string>
}

/** The browser named by CHROME_PATH, else the one of the system, else the one from the npm package. */
export const findChromium = async (): Promise<ChromiumBinary> => {
  const ofSystem = process.env.CHROME_PATH ?? '/usr/bin/chromium'
  if (process.env.CHROME_PATH || existsSync(ofSystem)) return { executablePath: ofSystem, env: {} }
  const found = installedPackage('@sparticuz/chromium')
  if (!found)
    throw new Error('no Chromium: none in CHROME_PATH or /usr/bin, and @sparticuz/chromium is not installed')
  return inFolder(await onceFilled(cacheFolder, `chromium-${found.version}`, unpack))
}

const inFolder = (folder: string): ChromiumBinary => ({
  executablePath: join(folder, 'chromium'),
  env: { LD_LIBRARY_PATH: join(folder, 'al2023/lib'), FONTCONFIG_PATH: join(folder, 'fonts') }
})

/**
 * The package unpacks into the temporary folder of its process. It brings the libraries that a bare system lacks only
 * if it believes to run on AWS when it is imported, hence a process of its own.
 */
const unpack = async (folder: string): Promise<void> => {
  const script = `import('@sparticuz/chromium').then(({ default: chromium }) => chromium.executablePath())`
  const env = { ...environment(), TMPDIR: folder, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' }
  const options = { cwd: import.meta.dirname, timeout: unpackTimeoutMs }
  await execute(process.execPath, ['--eval', script], { ...options, env })
  writeFileSync(join(folder, 'fonts/fonts.conf'), fontsConfiguration)
  const binary = inFolder(folder)
  await execute(binary.executablePath, ['--version'], {
    ...options,
    env: { ...environment(), ...binary.env }
  })
}

/** The fonts of the package and of the system; without any, the first text ends the browser. */
const fontsConfiguration = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`

const environment = (): Record<string, string> =>
  Object.fromEntries(Object.entries(process.env).flatMap(([name, value]) => (value ? [[name, value]] : [])))
