import { every } from './clock.ts'
import type { Logger } from './logger.ts'

export interface Rounds {
  /** No round begins any more; resolves when the one that runs has ended. */
  stop(): Promise<void>
}

export interface RoundsParts {
  readonly everyMs: number
  /** As in `revocations of other nodes`. */
  readonly about: string
  readonly logger: Logger
  work(): Promise<void>
}

/** Does some work again and again, never twice at once. What fails is logged, and tried again in the next round. */
export const startRounds = ({ everyMs, about, logger, work }: RoundsParts): Rounds => {
  let running: Promise<void> | null = null
  let isStopped = false
  const round = async (): Promise<void> => {
    try {
      await work()
    } catch (error) {
      // On the way down the database is closed under whatever asks it last.
      if (!isStopped) logger.warn({ err: error, about }, 'a round failed')
    } finally {
      running = null
    }
  }
  const cancel = every(everyMs, () => {
    running ??= round()
  })
  return {
    async stop() {
      isStopped = true
      cancel()
      await running
    }
  }
}
