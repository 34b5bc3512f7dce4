/** Whether the log can be written now: what the last commit says, and, while nobody writes, a question of its own. */
import { every } from '../clock.ts'
import { type Database, DatabaseError } from '../database/database.ts'
import type { GroupCommit } from './group-commit.ts'

export interface Health {
  readonly isAble: boolean
  close(): Promise<void>
}

const probeMs = 1_000
/** A database that answers later than this is not one to send people to. */
const answerMsMax = 3_000

export const watchHealth = async (database: Database, commits: GroupCommit): Promise<Health> => {
  // A lane gives a connection up that does not answer, so a half-open one does not hide that Postgres is there.
  const lane = await database.lane({ timeoutMs: answerMsMax })
  let answers = true
  let isAsking = false

  const ask = async (): Promise<void> => {
    isAsking = true
    try {
      await lane.query('select 1')
      answers = true
    } catch (error) {
      if (!(error instanceof DatabaseError)) throw error
      answers = false
    } finally {
      isAsking = false
    }
  }

  const stop = every(probeMs, () => {
    if (!isAsking) void ask()
  })
  return {
    get isAble() {
      return answers && commits.isAble
    },
    close: async () => {
      stop()
      if (isAsking) await lane.reset()
      await lane.close()
    }
  }
}
