/** Many questions, few statements. */
import { atEndOfStep, monotonic, sleepUntil } from '../clock.ts'

/** Where questions come one after the other, what waits is asked so often. */
const askedEveryMs = 8

interface Asked<Question, Answer> {
  readonly question: Question
  readonly answer: PromiseWithResolvers<Answer>
}

/**
 * What is asked in one step is one statement; what is asked while it is under way, and shortly after it was sent, waits
 * for the next. So a thousand questions that come one after the other cost a few statements.
 *
 * @param ask answers in the order of the questions; what it throws is thrown to each of them
 * @param questionsMax how many it is given at once; more wait for the next time
 */
export const askedTogether = <Question, Answer>(
  questionsMax: number,
  ask: (questions: readonly Question[]) => Promise<readonly Answer[]>
): ((question: Question) => Promise<Answer>) => {
  const waiting: Asked<Question, Answer>[] = []
  let isAsking = false
  const askSome = async (some: readonly Asked<Question, Answer>[]): Promise<void> => {
    try {
      const answers = await ask(some.map(({ question }) => question))
      if (answers.length !== some.length)
        throw new Error(`${answers.length} answers to ${some.length} questions`)
      for (const [index, answer] of answers.entries()) some[index]?.answer.resolve(answer)
    } catch (error) {
      for (const { answer } of some) answer.reject(error)
    }
  }
  const askAll = async (): Promise<void> => {
    for (let askedAt = Number.NEGATIVE_INFINITY; waiting.length > 0; ) {
      if (waiting.length < questionsMax) await sleepUntil(askedAt + askedEveryMs)
      askedAt = monotonic()
      await askSome(waiting.splice(0, questionsMax))
    }
    isAsking = false
  }
  return (question) => {
    const answer = Promise.withResolvers<Answer>()
    waiting.push({ question, answer })
    if (!isAsking) {
      isAsking = true
      atEndOfStep(() => void askAll())
    }
    return answer.promise
  }
}
