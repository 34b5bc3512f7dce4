/** `npm run bench`: measures Roomlog beside its peers and writes RESULTS.md. See README.md. */
import { writeFile } from 'node:fs/promises'
import { parseArgs } from 'node:util'
import { writeCapacity } from './capacity-page.ts'
import { full, quick, type Settings } from './config.ts'
import { startDatabase } from './database.ts'
import { createRandom } from './load/random.ts'
import { renderOutcome, renderReport } from './report.ts'
import { keepResults } from './results.ts'
import { coldOpen } from './scenarios/cold-open.ts'
import { connections } from './scenarios/connections.ts'
import { durability } from './scenarios/durability.ts'
import { fanOut } from './scenarios/fan-out.ts'
import { flood } from './scenarios/flood.ts'
import { guard } from './scenarios/guard.ts'
import { latency } from './scenarios/latency.ts'
import { presence } from './scenarios/presence.ts'
import type { Bench, Figures, Round, Scenario } from './scenarios/scenario.ts'
import { storm } from './scenarios/storm.ts'
import { sustained } from './scenarios/sustained.ts'
import { throughput } from './scenarios/throughput.ts'
import { twoNodes } from './scenarios/two-nodes.ts'
import { wal } from './scenarios/wal.ts'

const all: readonly Scenario[] = [
  latency,
  throughput,
  wal,
  durability,
  fanOut,
  connections,
  storm,
  presence,
  twoNodes,
  flood,
  coldOpen,
  guard
]

/** Only when it is asked for: it takes minutes, and keeps its own figures. */
const onDemand: readonly Scenario[] = [sustained]
const known = [...all, ...onDemand]

const usage = `npm run bench -- [options]

  --scenario <name>   only this one (may be given several times): ${known.map((scenario) => scenario.name).join(', ')}
  --subject <name>    only this server (may be given several times)
  --runs <n>          how often each is measured; a figure is the median (default ${full.runs})
  --minutes <n>       how long the sustained run is (default ${full.sustained.minutes})
  --quick             shows in a few minutes that everything works; its figures mean nothing
  --help

Without --scenario, --subject and --quick it writes bench/RESULTS.md and results.json; else it only prints. A sustained run
in full keeps its figures in results.json. Both bring the tables of docs/capacity.md up to date.`

const minutesMost = 24 * 60

interface Choice {
  readonly settings: Settings
  readonly runs: number
  readonly scenarios: readonly Scenario[]
  /** Whether all was measured in full length, so that the results may be published. */
  readonly isWhole: boolean
  /** Whether it is the sustained run alone, in full. */
  readonly isSustained: boolean
}

/** @throws TypeError, RangeError with the option that is wrong */
const readChoice = (words: string[]): Choice | null => {
  const { values } = parseArgs({
    args: words,
    options: {
      scenario: { type: 'string', multiple: true, default: [] },
      subject: { type: 'string', multiple: true, default: [] },
      runs: { type: 'string' },
      minutes: { type: 'string' },
      quick: { type: 'boolean', default: false },
      help: { type: 'boolean', default: false }
    }
  })
  if (values.help) return null
  const base = values.quick ? quick : full
  const minutes = values.minutes === undefined ? base.sustained.minutes : Number(values.minutes)
  if (!(minutes > 0 && minutes <= minutesMost)) {
    throw new RangeError(`--minutes ${values.minutes}: a number above 0, at most ${minutesMost}`)
  }
  const settings = { ...base, sustained: { ...base.sustained, minutes } }
  const runs = values.runs === undefined ? settings.runs : Number(values.runs)
  if (!Number.isInteger(runs) || runs < 1)
    throw new RangeError(`--runs ${values.runs}: a whole number from 1`)
  const unknown = values.scenario.find((name) => !known.some((scenario) => scenario.name === name))
  if (unknown !== undefined) throw new RangeError(`--scenario ${unknown}: there is none of this name`)
  const scenarios = (values.scenario.length === 0 ? all : known)
    .filter((scenario) => values.scenario.length === 0 || values.scenario.includes(scenario.name))
    .map((scenario) => limitTo(scenario, values.subject))
  const isWhole = !values.quick && values.scenario.length === 0 && values.subject.length === 0
  const isSustained =
    !values.quick && scenarios.length > 0 && scenarios.every(({ name }) => name === sustained.name)
  return { settings, runs, scenarios, isWhole, isSustained }
}

const limitTo = (scenario: Scenario, subjects: readonly string[]): Scenario =>
  subjects.length === 0
    ? scenario
    : { ...scenario, subjects: scenario.subjects.filter((subject) => subjects.includes(subject)) }

/**
 * All subjects of a scenario, one after the other; each round begins with another one. One that fails has no figures:
 * the others are measured all the same, the report says so, and the exit code is 1.
 */
const measureRound = async (
  scenario: Scenario,
  bench: Bench,
  round: number,
  failures: string[]
): Promise<Round> => {
  const figures = new Map<string, Figures>()
  const { subjects } = scenario
  for (const index of subjects.keys()) {
    const subject = subjects[(index + round) % subjects.length] ?? ''
    const start = performance.now()
    try {
      figures.set(subject, await scenario.measure(subject, bench))
    } catch (error) {
      const [reason] = (error instanceof Error ? error.message : String(error)).split('\n', 1)
      failures.push(`${subject}, run ${round + 1}: **failed**: ${reason}`)
      console.error(error)
      process.exitCode = 1
    }
    const seconds = ((performance.now() - start) / 1000).toFixed(1)
    console.info(`run ${round + 1}  ${scenario.name.padEnd(10)}  ${subject.padEnd(20)}  ${seconds} s`)
  }
  return figures
}

const measureAll = async (choice: Choice): Promise<void> => {
  const startedAt = new Date()
  const start = performance.now()
  await using database = await startDatabase()
  const bench: Bench = { settings: choice.settings, database, random: createRandom(startedAt.getTime()) }
  const outcomes = choice.scenarios.map((scenario) => ({
    scenario,
    rounds: [] as Round[],
    failures: [] as string[]
  }))
  for (let round = 0; round < choice.runs; round += 1) {
    for (const { scenario, rounds, failures } of outcomes) {
      rounds.push(await measureRound(scenario, bench, round, failures))
    }
  }
  for (const outcome of outcomes) console.info(renderOutcome(outcome, choice.settings).join('\n'))
  if (choice.isWhole || choice.isSustained) writeCapacity(keepResults(outcomes, startedAt))
  if (!choice.isWhole) return
  const minutes = (performance.now() - start) / 60_000
  const conditions = { settings: choice.settings, runs: choice.runs, startedAt, minutes, database }
  await writeFile(new URL('./RESULTS.md', import.meta.url), renderReport(outcomes, conditions))
  console.info('written: bench/RESULTS.md, bench/results.json, docs/capacity.md')
}

// Ending by a signal runs what ends our processes; the default would not.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

const choice = readChoice(process.argv.slice(2))
if (choice === null) console.info(usage)
else await measureAll(choice)
