/** One story with nodes that are processes: `npm run simulate` plays them by the hour. */
import { describe, expect, test } from 'vitest'
import { missing } from '../support/missing.ts'
import { playReal } from './play.ts'
import { describeOutcome } from './report.ts'

const nodes = 2
const seed = Number(process.env.ROOMLOG_TEST_SEED ?? 1)

describe.skipIf(missing('postgres') ?? missing('redis'))(
  'G1, G2, G3, G7, G10: processes that are killed',
  () => {
    test(`break no promise in the story of seed ${seed}`, { retry: 0, timeout: 240_000 }, async () => {
      const told: string[] = []
      await playReal({
        nodes,
        seeds: [seed],
        onOutcome: (outcome) => {
          if (outcome.failedIn !== null)
            told.push(
              describeOutcome(outcome, `npm run simulate -- --nodes ${nodes} --seed ${seed} --seeds 1`)
            )
          return true
        }
      })
      expect(told.join('\n')).toBe('')
    })
  }
)
