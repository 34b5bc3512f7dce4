/**
 * The write guard against an oracle that applies each update to copies and looks at what changed.
 *
 * ROOMLOG_TEST_STORIES says how many stories are told, ROOMLOG_TEST_SEED which is the first. A story that fails is made
 * smaller, and told by its seed and its steps.
 */
import { describe, expect, it } from 'vitest'
import { writeScope } from '../schema/access.ts'
import { ClientOwners } from '../server/room/client-owners.ts'
import { guardUpdate } from '../server/room/write-guard.ts'
import { plan } from './support/attack-kinds.ts'
import { crowds } from './support/guard-crowds.ts'
import { type Counts, failureOf, noCounts, type Story, shrink, storyOf } from './support/guard-stories.ts'
import { seededRandom } from './support/seeded-random.ts'

const stories = Number(process.env.ROOMLOG_TEST_STORIES ?? 500)
const firstSeed = Number(process.env.ROOMLOG_TEST_SEED ?? 1)
const storyMs = 200

const report = (story: Story, error: Error): string => {
  const { seed, steps } = shrink(story)
  const smaller = failureOf({ seed, steps }) ?? error
  return [
    `seed ${seed}: ${error.message}`,
    `again: ROOMLOG_TEST_SEED=${seed} ROOMLOG_TEST_STORIES=1 npm test -- guard-oracle`,
    `in ${steps.length} steps: ${smaller.message}`,
    `tellStory({ seed: ${seed}, steps: [${steps.join(', ')}] })`
  ].join('\n')
}

describe(`G5: the write guard in ${stories} stories from seed ${firstSeed}`, () => {
  it(
    'lets nothing pass that the oracle refuses, and refuses nothing honest for good',
    () => {
      const counts: Counts = noCounts()
      for (let seed = firstSeed; seed < firstSeed + stories; seed++) {
        const story = storyOf(seed)
        const error = failureOf(story, counts)
        if (error !== null) expect.fail(report(story, error))
      }
      if (stories < 100) return
      // The stories are about something: much is taken, much is refused, for every reason that there is.
      expect(counts.changed).toBeGreaterThan(stories * 2)
      expect(counts.compared).toBeGreaterThan(stories / 2)
      expect(counts.exact).toBeGreaterThan(stories / 2)
      expect(Object.keys(counts.refused).sort()).toEqual(
        expect.arrayContaining([
          'client-id-taken',
          'path-refused',
          'read-only',
          'update-malformed',
          'value-invalid'
        ])
      )
      if (stories > 500) console.log(JSON.stringify(counts))
    },
    30_000 + stories * storyMs
  )
})

describe('the write guard lets pass what was done offline for long', () => {
  const [userId, role] = ['ana', 'owner']
  const scope = writeScope(plan, role, userId)

  it.each(crowds(seededRandom(1), 2_000))('$what', ({ room, update }) => {
    const by = { scope, definition: plan, userId, role, owners: new ClientOwners(), announced: null }
    expect(guardUpdate(room, update, by)).toMatchObject({ answer: 'apply' })
  })
})
