/** What is told of stories: a line for each, and everything of those in which something did not hold. */
import { describeStep } from './step.ts'
import type { Outcome } from './story.ts'
import { describeViolation } from './violation.ts'

export interface Totals {
  stories: number
  edits: number
  acknowledgedInFaults: number
  failed: number
}

export const createTotals = (): Totals => ({ stories: 0, edits: 0, acknowledgedInFaults: 0, failed: 0 })

export const count = (totals: Totals, { edits, acknowledgedInFaults, failedIn }: Outcome): void => {
  totals.stories++
  totals.edits += edits
  totals.acknowledgedInFaults += acknowledgedInFaults
  if (failedIn !== null) totals.failed++
}

export const describeTotals = ({ stories, edits, acknowledgedInFaults, failed }: Totals): string =>
  `${stories} seeds, ${edits} edits, ${acknowledgedInFaults} of them acknowledged while something failed, ${failed} seeds with violations`

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
