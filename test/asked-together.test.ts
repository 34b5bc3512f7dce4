/** Many questions, few statements. */
import { expect, it } from 'vitest'
import { askedTogether } from '../server/database/asked-together.ts'

const doubled = async (asked: readonly number[]) => asked.map((question) => 2 * question)

it('asks at once what comes in one step, and gives everybody their own answer', async () => {
  const statements: (readonly number[])[] = []
  const ask = askedTogether(10, (asked: readonly number[]) => {
    statements.push(asked)
    return doubled(asked)
  })
  expect(await Promise.all([1, 2, 3].map(ask))).toEqual([2, 4, 6])
  expect(statements).toEqual([[1, 2, 3]])
})

it('gathers what comes while it is asking, and asks no more at once than it may', async () => {
  const statements: (readonly number[])[] = []
  const first = Promise.withResolvers<void>()
  const ask = askedTogether(2, async (asked: readonly number[]) => {
    statements.push(asked)
    if (statements.length === 1) await first.promise
    return doubled(asked)
  })
  const answers = [ask(1)]
  await new Promise((resolve) => setImmediate(resolve))
  answers.push(ask(2), ask(3), ask(4))
  first.resolve()
  expect(await Promise.all(answers)).toEqual([2, 4, 6, 8])
  expect(statements).toEqual([[1], [2, 3], [4]])
})

it('tells those whose statement failed, or answered too little, and goes on for the others', async () => {
  const ask = askedTogether(1, async (asked: readonly number[]) => {
    if (asked.includes(1)) throw new Error('not now')
    return asked.includes(2) ? [] : doubled(asked)
  })
  const all = await Promise.allSettled([1, 2, 3].map(ask))
  expect(all.map((each) => (each.status === 'fulfilled' ? each.value : String(each.reason)))).toEqual([
    'Error: not now',
    'Error: 0 answers to 1 questions',
    6
  ])
})
