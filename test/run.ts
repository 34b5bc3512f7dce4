/**
 * Everything that must hold, one step after the other, closed with one line `N passed, N failed`.
 *
 *     npm test            all of it
 *     npm test -- name    only the test files whose path contains `name`
 *     npm run check       types, lint and tidy
 */
import { type ChildProcess, spawn } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'

interface Count {
  readonly passed: number
  readonly failed: number
  readonly skipped: number
}

const root = join(import.meta.dirname, '..')
const programs = join(root, 'node_modules/.bin')

const main = async (names: string[]): Promise<void> => {
  const isCheck = names[0] === '--check'
  const filters = isCheck ? [] : names
  const steps: [name: string, run: () => Promise<Count>][] = [
    ['types', () => check('tsc', '--project', '.')],
    ['lint', () => check('biome', 'check', '--error-on-warnings', '.')],
    ['tidy', () => suites('tidy')],
    ['tests', () => suites('suites', ...filters)]
  ]
  const wanted = steps.filter(([name]) => (name === 'tests' ? !isCheck : filters.length === 0))
  const counts: Count[] = []
  for (const [name, run] of wanted) {
    if (!isInterrupted) counts.push(await timed(name, run))
  }
  if (isInterrupted) {
    console.log('\ninterrupted')
    process.exitCode = 1
    return
  }
  const total = counts.reduce(add)
  const skipped = total.skipped > 0 ? `, ${total.skipped} skipped` : ''
  console.log(`\n${total.passed} passed, ${total.failed} failed${skipped}`)
  process.exitCode = total.failed > 0 ? 1 : 0
}

const timed = async (name: string, run: () => Promise<Count>): Promise<Count> => {
  console.log(`\n--- ${name}`)
  const started = performance.now()
  const count = await run()
  const seconds = ((performance.now() - started) / 1000).toFixed(1)
  console.log(`--- ${name}: ${count.failed > 0 ? `${count.failed} failed` : 'ok'}, ${seconds} s`)
  return count
}

const add = (a: Count, b: Count): Count => ({
  passed: a.passed + b.passed,
  failed: a.failed + b.failed,
  skipped: a.skipped + b.skipped
})

/** One program that is content or not counts as one check. */
const check = async (program: string, ...args: string[]): Promise<Count> => {
  const isOk = (await run(program, ...args)) === 0
  return { passed: isOk ? 1 : 0, failed: isOk ? 0 : 1, skipped: 0 }
}

const suites = async (project: string, ...filters: string[]): Promise<Count> => {
  const folder = mkdtempSync(join(tmpdir(), 'roomlog-report-'))
  const report = join(folder, 'report.json')
  const args = [
    'run',
    '--project',
    project,
    '--reporter=default',
    '--reporter=json',
    `--outputFile.json=${report}`
  ]
  try {
    const status = await run('vitest', ...args, ...filters)
    return countOf(status, existsSync(report) ? JSON.parse(readFileSync(report, 'utf8')) : undefined)
  } finally {
    rmSync(folder, { recursive: true, force: true })
  }
}

interface Report {
  numPassedTests: number
  numFailedTests: number
  numPendingTests: number
  numTodoTests: number
  testResults: { name: string; status: string; assertionResults: { status: string }[] }[]
}

const isFailed = ({ status }: { status: string }): boolean => status === 'failed'

/** A file that fails without a failed test could not be loaded or prepared: that is one failure. */
const countOf = (status: number, report: Report | undefined): Count => {
  if (!report) return { passed: 0, failed: 1, skipped: 0 }
  const failedFiles = report.testResults.filter(
    ({ status, assertionResults }) => status === 'failed' && !assertionResults.some(isFailed)
  ).length
  const failed = report.numFailedTests + failedFiles
  return {
    passed: report.numPassedTests,
    // An error outside of all tests belongs to no file.
    failed: status !== 0 && failed === 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests
  }
}

const run = (program: string, ...args: string[]): Promise<number> =>
  new Promise((resolve) => {
    const env = { ...process.env, PATH: `${programs}${delimiter}${process.env.PATH}` }
    const child = spawn(join(programs, program), args, { cwd: root, env, stdio: 'inherit' })
    child.once('error', (error) => {
      console.error(`${program} could not be started: ${error.message}`)
      resolve(1)
    })
    child.once('close', (status) => resolve(status ?? 1))
    current = child
  })

/** The terminal sends Ctrl-C to the running step too, so only wait for its end; whoever ends us ends it as well. */
let current: ChildProcess | undefined
let isInterrupted = false
const interrupt = (signal: NodeJS.Signals): void => {
  isInterrupted = true
  if (signal === 'SIGTERM') current?.kill(signal)
}
process.on('SIGINT', interrupt)
process.on('SIGTERM', interrupt)

await main(process.argv.slice(2))
