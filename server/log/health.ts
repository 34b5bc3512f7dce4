/** Whether the log can be written now: what the last commit says, and, while nobody writes, a question of its own. */
import { every, sleep } from '../clock.ts'
import { type Database, DatabaseError } from '../database/database.ts'
import type { GroupCommit } from './group-commit.ts'

export interface Health {
  readonly isAble: boolean
  close(): void
}

const probeMs = 1_000
/** A database that answers later than this is not one to send people to. */
const answerMsMax = 3_000

export const watchHealth = (database: Database, commits: GroupCommit): Health => {
  let answers = true
  let isAsking = false

  const ask = async (): Promise<void> => {
    isAsking = true
    try {
      const asked = database.query('select 1').then(() => true)
      answers = await Promise.race([asked, sleep(answerMsMax).then(() => false)])
      if (!answers) await asked
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
    close: stop
  }
}
