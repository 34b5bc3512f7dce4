import type { Answer } from '../../../../schema/kinds/form.ts'
import { type Field, type FormDefinition, offersChoices } from '../../../../schema/kinds/form-answers.ts'

const day = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })

/** An answer as people read it: `Sat, Sun`, `14 May 2027`, `4 of 5`. */
export const answerWords = (form: FormDefinition, field: Field, answer: Answer): string =>
  valuesOf(answer)
    .map((value) => valueWords(form, field, value))
    .join(', ')

type Value = string | number | boolean

/** What an answer consists of: each choice of several. */
export const valuesOf = (answer: Answer): readonly Value[] => (Array.isArray(answer) ? answer : [answer])

export const valueWords = ({ options }: FormDefinition, { id, type }: Field, value: Value): string => {
  if (typeof value === 'boolean') return value ? 'Yes' : 'No'
  if (offersChoices(type)) return choiceWords(options, id, String(value))
  if (type === 'rating') return `${value} of 5`
  if (type === 'date' && typeof value === 'string') return dateWords(value)
  return String(value)
}

const choiceWords = (options: FormDefinition['options'], field: string, id: string): string => {
  const offered = options.filter((option) => option.field === field)
  const at = offered.findIndex((option) => option.id === id)
  return offered[at]?.label || `Choice ${at + 1}`
}

const dateWords = (answer: string): string => {
  const date = new Date(`${answer}T00:00`)
  return Number.isNaN(date.getTime()) ? answer : day.format(date)
}

/** Its answers are numbers to the eye: they stand right. */
export const isFigure = ({ type }: Field): boolean =>
  type === 'number' || type === 'rating' || type === 'date' || type === 'time'

/** There are so few answers to it that they can be counted. */
export const isCounted = ({ type }: Field): boolean =>
  offersChoices(type) || type === 'yes-no' || type === 'rating'
