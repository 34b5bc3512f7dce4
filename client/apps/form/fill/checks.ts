import type { Answer, FieldType } from '../../../../schema/kinds/form.ts'
import type { FormSnapshot, Question } from '../arrangement.ts'
import { isTyped, offersChoices } from '../field-types.ts'

export type Answers = Pick<FormSnapshot, 'answers' | 'answerTexts' | 'options'>

/** The question has an answer. Of choices only those count that are still offered, and of the type that is asked now. */
export const isAnswered = (question: Question, form: Answers): boolean => {
  const { id, type } = question
  if (isTyped(type)) return (form.answerTexts[id] ?? '').trim() !== ''
  const answer = form.answers[id]
  if (answer === undefined || answer === '') return false
  if (!offersChoices(type)) return fits(type, answer)
  const offered = new Set(form.options.filter((choice) => choice.field === id).map((choice) => choice.id))
  return chosen(answer).some((choice) => offered.has(choice))
}

/** The choices of an answer, whether it was given to a question for one or for several. */
export const chosen = (answer: Answer | undefined): readonly string[] => {
  if (Array.isArray(answer)) return answer
  return typeof answer === 'string' && answer !== '' ? [answer] : []
}

const fits = (type: FieldType, answer: Answer): boolean => {
  if (type === 'yes-no') return typeof answer === 'boolean'
  if (type === 'number' || type === 'rating') return typeof answer === 'number'
  return typeof answer === 'string'
}

/** The answer has a form of its own, that it can miss. */
export const isChecked = (type: FieldType): boolean =>
  type === 'email' || type === 'phone' || type === 'number'

/** What is wrong with an answer, and how it would be right, in one line of a phone; null when nothing is. */
export const problemWith = (type: FieldType, text: string): string | null => {
  const value = text.trim()
  if (value === '') return null
  if (type === 'email' && !/^[^\s@]+@[^\s@.]+(\.[^\s@.]+)+$/.test(value))
    return 'Not an address. Example: noor@example.org'
  if (type === 'phone') return problemWithPhone(value)
  if (type === 'number' && numberIn(value) === null) return 'Not a number. Example: 12.5'
  return null
}

const phoneDigitsMin = 6
const phoneDigitsMax = 15

const problemWithPhone = (value: string): string | null => {
  const digits = value.replace(/\D/g, '').length
  if (!/^[+\d][\d\s()./-]*$/.test(value)) return 'Digits only. Example: 0151 2208 1434'
  if (digits < phoneDigitsMin) return 'Digits are missing. Example: 0151 2208 1434'
  return digits > phoneDigitsMax ? 'Too many digits. Example: 0151 2208 1434' : null
}

/** The number that somebody wrote with a point or a comma; null for what is none. */
export const numberIn = (text: string): number | null => {
  const value = text.trim().replace(',', '.')
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(value) ? Number(value) : null
}
