/** `npm run simulate`: plays stories full of faults and checks that everything which is promised holds. */
import { parseArgs } from 'node:util'
import { startPostgres } from '../support/postgres.ts'
import { type PlayOptions, playFast, playReal } from './play.ts'
import { count, createTotals, describeOutcome, describeTotals } from './report.ts'
import type { Outcome } from './story.ts'

const usage = `npm run simulate -- [options]

  --seed N      the first seed (default 1); each story has the next one
  --minutes M   plays for so long (default 5)
  --seeds K     plays so many stories instead
  --nodes N     how many nodes there are (default 3)
  --fast        nodes within this process and short stories, instead of processes, proxies, Postgres and Redis
  --keep-going  does not end with the first story in which something does not hold
  --help

A seed is a plan: the same seed does the same things in the same order. When a frame arrives among them is up to
the machine. The exit code is 1 if anything did not hold.`

export interface Choice {
  readonly seed: number
  readonly minutes: number
  readonly seeds: number
  readonly nodes: number
  readonly isFast: boolean
  readonly keepsGoing: boolean
}

/** @throws TypeError, RangeError with the option that is wrong */
const readChoice = (words: string[]): Choice | null => {
  const { values } = parseArgs({
    args: words,
    options: {
      seed: { type: 'string', default: '1' },
      minutes: { type: 'string' },
      seeds: { type: 'string' },
      nodes: { type: 'string', default: '3' },
      fast: { type: 'boolean', default: false },
      'keep-going': { type: 'boolean', default: false },
      help: { type: 'boolean', default: false }
    }
  })
  if (values.help) return null
  const whole = (name: string, text: string, least: number): number => {
    const number = Number(text)
    if (Number.isSafeInteger(number) && number >= least) return number
    throw new RangeError(`--${name} ${text}: a whole number from ${least}`)
  }
  const minutes = Number(values.minutes ?? (values.seeds === undefined ? 5 : Number.POSITIVE_INFINITY))
  if (!(minutes > 0)) throw new RangeError(`--minutes ${values.minutes}: a number above 0`)
  return {
    seed: whole('seed', values.seed, 0),
    minutes,
    seeds: values.seeds === undefined ? Number.POSITIVE_INFINITY : whole('seeds', values.seeds, 1),
    nodes: whole('nodes', values.nodes, 1),
    isFast: values.fast,
    keepsGoing: values['keep-going']
  }
}

function* seedsOf({ seed, seeds, minutes }: Choice): Iterable<number> {
  const end = performance.now() + minutes * 60_000
  for (let played = 0; played < seeds && performance.now() < end; played++) yield seed + played
}

const replayOf = ({ isFast, nodes }: Choice, { plan }: Outcome): string =>
  `npm run simulate -- ${isFast ? '--fast ' : ''}--nodes ${nodes} --seed ${plan.seed} --seeds 1`

const simulate = async (choice: Choice): Promise<boolean> => {
  const totals = createTotals()
  const options = {
    nodes: choice.nodes,
    seeds: seedsOf(choice),
    onOutcome: (outcome: Outcome) => {
      count(totals, outcome)
      console.info(describeOutcome(outcome, replayOf(choice, outcome)))
      return outcome.failedIn === null || choice.keepsGoing
    }
  }
  await (choice.isFast ? simulateFast(options) : playReal(options))
  console.info(describeTotals(totals))
  return totals.failed === 0
}

const simulateFast = async (options: PlayOptions): Promise<void> => {
  const given = process.env.ROOMLOG_TEST_DATABASE_URL
  if (given !== undefined) return playFast(given, options)
  await using postgres = await startPostgres()
  await playFast(postgres.url, options)
}

// Ending by a signal runs what ends our processes; the default would not.
process.once('SIGINT', () => process.exit(130))
process.once('SIGTERM', () => process.exit(143))

const choice = readChoice(process.argv.slice(2))
if (choice === null) console.info(usage)
else process.exit((await simulate(choice)) ? 0 : 1)
