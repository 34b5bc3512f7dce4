import { DatabaseError, type Transaction } from './database.ts'

/**
 * Runs `work` between BEGIN and COMMIT. Resolves only if every statement of it succeeded: after a failed one, COMMIT
 * would be answered without an error and write nothing.
 */
export const runInTransaction = async <T>(
  statements: Transaction,
  work: (t: Transaction) => Promise<T>
): Promise<T> => {
  let isOver = false
  let failure: { readonly error: unknown } | undefined
  let answered: Promise<unknown> = Promise.resolve()

  const watch = <R>(start: () => Promise<R>): Promise<R> => {
    if (isOver) return Promise.reject(new DatabaseError('bug', 'the transaction of this statement is over'))
    const answer = start()
    const settled = answer.catch((error: unknown) => {
      failure ??= { error }
    })
    answered = answered.then(() => settled)
    return answer
  }
  try {
    const result = await work({
      query: (text, params) => watch(() => statements.query(text, params)),
      exec: (script) => watch(() => statements.exec(script))
    })
    await answered
    if (failure) throw failure.error
    return result
  } finally {
    isOver = true
  }
}
