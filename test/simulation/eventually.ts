import { setTimeout as sleep } from 'node:timers/promises'
import type { Violation } from './violation.ts'

/** The promise says 5 s; a machine that others use is given more. */
const patienceMs = 15_000
const everyMsMax = 50

/** What does not hold even after some time: nothing, as soon as all does. */
export const eventually = async (
  check: () => Promise<readonly Violation[]>
): Promise<readonly Violation[]> => {
  const deadline = performance.now() + patienceMs
  for (let everyMs = 2; ; everyMs = Math.min(everyMsMax, everyMs * 2)) {
    const violations = await check()
    if (violations.length === 0 || performance.now() > deadline) return violations
    await sleep(everyMs)
  }
}
