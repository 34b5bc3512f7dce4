import { after, sleep } from '../clock.ts'
import { DatabaseError } from './database.ts'
import { translateError } from './translate-error.ts'

interface Limit {
  readonly timeoutMs: number | undefined
  readonly onTimeout: (error: DatabaseError) => void
}

/** Statements that have no answer yet. */
export interface Pending {
  /** The answer, its error translated, unless it is given up before. */
  answerOf<T>(answer: PromiseLike<T>, limit?: Limit): Promise<T>
  /** Rejects all of them. */
  giveUp(error: DatabaseError): void
  /** Resolves when all are answered, or after `timeoutMs`. */
  settled(timeoutMs: number): Promise<void>
}

export const createPending = (): Pending => {
  const rejections = new Set<(error: DatabaseError) => void>()
  let onSettled = () => {}
  return {
    answerOf: (answer, limit) =>
      new Promise((resolve, reject) => {
        const done = () => {
          rejections.delete(giveUp)
          cancel?.()
          if (rejections.size === 0) onSettled()
        }
        const giveUp = (error: DatabaseError) => {
          done()
          reject(error)
        }
        const cancel =
          limit?.timeoutMs === undefined ? undefined : after(limit.timeoutMs, () => expire(limit, giveUp))
        rejections.add(giveUp)
        answer.then(
          (value) => {
            done()
            resolve(value)
          },
          (error: unknown) => giveUp(translateError(error))
        )
      }),
    giveUp: (error) => {
      for (const reject of [...rejections]) reject(error)
    },
    settled: async (timeoutMs) => {
      const patience = new AbortController()
      onSettled = () => patience.abort()
      if (rejections.size > 0) await sleep(timeoutMs, patience.signal)
    }
  }
}

const expire = ({ timeoutMs, onTimeout }: Limit, giveUp: (error: DatabaseError) => void): void => {
  const error = new DatabaseError('unavailable', `no answer within ${timeoutMs} ms`)
  giveUp(error)
  onTimeout(error)
}
