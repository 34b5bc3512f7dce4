/** Whether people may be sent to this node, and if not, why. */
import { RoomlogError } from '../schema/error-codes.ts'
import type { GroupCommit } from './log/group-commit.ts'
import type { Health } from './log/health.ts'
import type { Overload } from './overload.ts'

/** How far this node is on its way out. */
export interface Stage {
  /** Not ready any more, so that nobody else is sent here; all else goes on. */
  isLeaving: boolean
  /** No new sessions and no new rooms. */
  isDraining: boolean
}

export interface ReadinessParts {
  readonly stage: Readonly<Stage>
  readonly overload: Overload
  readonly health: Health
  readonly commits: Pick<GroupCommit, 'waitingEntries' | 'waitingBytes'>
}

/** @throws RoomlogError that says why nobody should be sent here now */
export const assertReady = ({ stage, overload, health, commits }: ReadinessParts): void => {
  if (stage.isLeaving) throw new RoomlogError('draining', 'this node is about to stop')
  overload.assertCalm()
  if (health.isAble) return
  const { waitingEntries, waitingBytes } = commits
  throw new RoomlogError(
    'unavailable',
    `cannot commit: ${waitingEntries} entries, ${waitingBytes} bytes wait`
  )
}
