/** What is told of stories: a line for each, and everything of those in which something did not hold. */
import { describeStep } from './step.ts'
import type { Outcome } from './story.ts'
import { describeViolation } from './violation.ts'

export interface Totals {
  stories: number
  edits: number
  acknowledgedInFaults: number
  memoryBytes: number
  repeats: number
  failed: number
}

export const createTotals = (): Totals => ({
  stories: 0,
  edits: 0,
  acknowledgedInFaults: 0,
  memoryBytes: 0,
  repeats: 0,
  failed: 0
})

export const count = (totals: Totals, outcome: Outcome): void => {
  totals.stories++
  totals.edits += outcome.edits
  totals.acknowledgedInFaults += outcome.acknowledgedInFaults
  totals.memoryBytes = Math.max(totals.memoryBytes, outcome.memoryBytes)
  totals.repeats += outcome.repeats
  if (outcome.failedIn !== null) totals.failed++
}

export const describeTotals = (totals: Totals): string => {
  const { stories, edits, acknowledgedInFaults, memoryBytes, repeats, failed } = totals
  const memory = memoryBytes > 0 ? `, ${Math.round(memoryBytes / 1024 ** 2)} MiB of memory at most` : ''
  return `${stories} seeds, ${edits} edits, ${acknowledgedInFaults} of them acknowledged while something failed${memory}, ${repeats} entries that another node wrote too: ${failed} seeds with violations`
}

const violationsShownMax = 20

/** @param replay the command that plays this story again */
export const describeOutcome = (outcome: Outcome, replay: string): string => {
  const { plan, edits, acknowledgedInFaults, failedIn, violations } = outcome
  const start = `seed ${plan.seed}: ${edits} edits, ${acknowledgedInFaults} acknowledged in faults`
  if (failedIn === null) return `${start}, all holds`
  const steps = plan.phases[failedIn]?.steps ?? []
  return [
    `${start}, ${violations.length} violations in phase ${failedIn + 1} of ${plan.phases.length}`,
    ...violations.slice(0, violationsShownMax).map((violation) => `  ! ${describeViolation(violation)}`),
    ...(steps.length > 0 ? ['  in this phase:'] : ['  after everybody had left']),
    ...steps.map((step) => `    ${describeStep(step)}`),
    `  replay: ${replay}`
  ].join('\n')
}
