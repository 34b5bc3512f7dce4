import type { Thread } from '../../../../schema/kinds/comments.ts'
import { arrange, type FormSnapshot, inOrder } from '../arrangement.ts'
import { useStorage } from '../form-room.ts'

/** What a thread is about. */
export interface Topic {
  /** null: it is no question of the form, or none any more. */
  readonly question: string | null
  readonly number: number
  readonly label: string
  /** Behind "comments on": `question 3, Which days can you help?` */
  readonly words: string
}

export const topicOf = (path: string | null, form: Pick<FormSnapshot, 'sections' | 'fields'>): Topic => {
  if (path === null) return { question: null, number: 0, label: 'This form', words: 'this form' }
  const order = inOrder(arrange(form))
  const index = order.findIndex(({ id }) => path === `fields/${id}`)
  const question = order[index]
  if (question === undefined)
    return {
      question: null,
      number: Number.POSITIVE_INFINITY,
      label: 'A question that was removed',
      words: 'a removed question'
    }
  const label = question.label || 'Untitled question'
  return { question: question.id, number: index + 1, label, words: `question ${index + 1}, ${label}` }
}

export interface TopicThread {
  readonly thread: Thread
  readonly topic: Topic
}

/** In the order of the form, then those about what is gone; of one question the oldest first. */
export const useTopics = (threads: readonly Thread[]): readonly TopicThread[] => {
  const form = useStorage()
  return threads
    .map((thread) => ({ thread, topic: topicOf(thread.path, form) }))
    .sort((a, b) => byNumber(a.topic.number, b.topic.number))
}

const byNumber = (a: number, b: number): number => (a === b ? 0 : a - b)
