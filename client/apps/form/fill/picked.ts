import { useMemo } from 'react'
import type { Answer } from '../../../../schema/kinds/form.ts'
import { useRoom, useStorage } from '../form-room.ts'

/** The answer of a question that is picked, and how to replace it; undefined takes it away. */
export const usePicked = (
  id: string
): readonly [Answer | undefined, (answer: Answer | undefined) => void] => {
  const room = useRoom()
  const answer = useStorage((form) => form.answers[id])
  const pick = useMemo(
    () => (next: Answer | undefined) =>
      room.mutate(({ answers }) => (next === undefined ? answers.remove(id) : answers.set(id, next))),
    [room, id]
  )
  return [answer, pick]
}
