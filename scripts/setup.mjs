/**
 * Makes a clone ready to run: installs the packages when package-lock.json asks for others than are there, and
 * puts a Node that runs TypeScript on the path of the npm scripts. Quick when there is nothing to do.
 *
 * Plain JavaScript, because it runs on whatever Node the machine has.
 */
import { spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs'

const nodeNeeded = [22, 18]
const progressEveryMs = 5_000

const own = `node_modules/node-${process.platform}-${process.arch}/bin/node`
const link = 'node_modules/.bin/node'

if (!isInstalled()) await install()
linkNode()
requireNode()

/** npm keeps a list of what it installed last; a package that is missing there is fine only when it is optional. */
function isInstalled() {
  const installedList = 'node_modules/.package-lock.json'
  if (!existsSync(installedList)) return false
  const wanted = JSON.parse(readFileSync('package-lock.json', 'utf8')).packages
  const installed = JSON.parse(readFileSync(installedList, 'utf8')).packages
  return Object.keys(wanted).every((path) => {
    if (path === '') return true
    const there = installed[path]
    return there ? there.integrity === wanted[path].integrity : Boolean(wanted[path].optional)
  })
}

/** Nothing we use needs an install script, and some of them would compile for minutes. */
async function install() {
  console.log('Installing the packages of package-lock.json (about 500 MB) ...')
  const started = Date.now()
  const seconds = () => `${((Date.now() - started) / 1000).toFixed(1)} s`
  const progress = setInterval(() => console.log(`  still installing, ${seconds()}`), progressEveryMs)
  const npm = process.env.npm_execpath ? [process.execPath, process.env.npm_execpath] : ['npm']
  // Old Node versions are warned of by many packages, at length; ours is one of the packages.
  const quiet = ['--loglevel=error', '--no-audit', '--no-fund', '--no-update-notifier']
  const args = ['ci', '--include=dev', '--include=optional', '--ignore-scripts', ...quiet]
  const child = spawn(npm[0], [...npm.slice(1), ...args], { stdio: ['ignore', 'inherit', 'inherit'] })
  const status = await new Promise((resolve, reject) => {
    child.on('error', reject)
    child.on('exit', resolve)
  })
  clearInterval(progress)
  if (status !== 0) fail(`npm ci ended with ${status}; its own message is above.`)
  console.log(`Installed in ${seconds()}.`)
}

/** npm 10 drops the link when the lockfile lists a second architecture; elsewhere our Node may not run at all. */
function linkNode() {
  if (!existsSync(own)) return
  if (versionOf(own) === undefined) {
    rmSync(link, { force: true })
  } else if (!existsSync(link)) {
    mkdirSync('node_modules/.bin', { recursive: true })
    rmSync(link, { force: true })
    symlinkSync(`../../${own}`, link)
  }
}

function requireNode() {
  const found = versionOf(existsSync(link) ? link : process.execPath)
  const [major, minor] = found ?? [0, 0]
  if (major > nodeNeeded[0] || (major === nodeNeeded[0] && minor >= nodeNeeded[1])) return
  fail(
    `Node ${nodeNeeded.join('.')} or newer is needed, ${process.version} is here, and there is no package ` +
      `that brings one for ${process.platform} ${process.arch}: install Node 24 and try again.`
  )
}

function versionOf(node) {
  const { status, stdout } = spawnSync(node, ['--version'], { encoding: 'utf8' })
  if (status !== 0) return undefined
  return stdout.trim().slice(1).split('.').map(Number)
}

function fail(message) {
  console.error(message)
  process.exit(1)
}
