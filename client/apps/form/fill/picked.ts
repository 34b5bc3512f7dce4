import { useMemo } from 'react'
import type { Answer } from '../../../../schema/kinds/form.ts'
import { useAnswering } from './answering.ts'

/** The answer of a question that is picked, and how to replace it; undefined takes it away. */
export const usePicked = (
  question: string
): readonly [Answer | undefined, (answer: Answer | undefined) => void] => {
  const answering = useAnswering()
  const answer = answering.usePicked(question)
  const replace = answering.usePick()
  const pick = useMemo(() => (next: Answer | undefined) => replace(question, next), [replace, question])
  return [answer, pick]
}

/** The choices of an answer, whether it was given to a question for one or for several. */
export const chosen = (answer: Answer | undefined): readonly string[] => {
  if (Array.isArray(answer)) return answer
  return typeof answer === 'string' && answer !== '' ? [answer] : []
}
