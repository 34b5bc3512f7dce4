/**
 * Short stories full of faults, with nodes in this process: `run.ts` plays the same, and longer ones with processes.
 * ROOMLOG_TEST_SEEDS says how many, ROOMLOG_TEST_SEED with which to begin.
 */
import { describe, expect, inject, test } from 'vitest'
import { missing } from '../support/missing.ts'
import { playFast } from './play.ts'
import { describeOutcome } from './report.ts'

const nodes = 3
const seeds = Number(process.env.ROOMLOG_TEST_SEEDS ?? 100)
const first = Number(process.env.ROOMLOG_TEST_SEED ?? 1)

describe.skipIf(missing('postgres'))(
  'G1, G2, G10: crashes, restarts, a database and a network that fail',
  () => {
    // What a second try does not break was broken.
    const options = { retry: 0, timeout: 60_000 + seeds * 10_000 }
    test(`break no promise in ${seeds} stories from seed ${first}`, options, async () => {
      const failed: string[] = []
      await playFast(inject('postgres').url ?? '', {
        nodes,
        seeds: Array.from({ length: seeds }, (_, index) => first + index),
        onOutcome: (outcome) => {
          const replay = `npm run simulate -- --fast --nodes ${nodes} --seed ${outcome.plan.seed} --seeds 1`
          if (outcome.failedIn !== null) failed.push(describeOutcome(outcome, replay))
          return failed.length === 0
        }
      })
      expect(failed.join('\n')).toBe('')
    })
  }
)
