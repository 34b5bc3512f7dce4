import type { FieldType } from '../../../../schema/kinds/form.ts'
import { numberOf } from '../../ui/time-words.ts'
import type { Question } from '../arrangement.ts'

export type Side = 'min' | 'max'
export type Bound = Question[Side]['value']

/** The type of question has a lowest and a highest answer. */
export const isBounded = (type: FieldType): boolean => words[type] !== undefined

/** Before the value: `not before`, `at most`. */
export const sideWords = (type: FieldType, side: Side): string => words[type]?.[side] ?? side

const order = { min: 'at least', max: 'at most' }
const moments = { min: 'not before', max: 'not after' }

const words: Partial<Record<FieldType, Readonly<Record<Side, string>>>> = {
  number: order,
  rating: order,
  'multiple-choice': order,
  date: moments,
  time: moments
}

const fullDate = new Intl.DateTimeFormat('en-GB', { day: 'numeric', month: 'short', year: 'numeric' })

/** `08:00`, `14 May 2027`, `3`, `no limit` */
export const boundText = (value: Bound): string => {
  if (value === null) return 'no limit'
  if (typeof value === 'number') return numberOf(value)
  const date = /^\d{4}-\d{2}-\d{2}$/.test(value) ? new Date(`${value}T00:00`) : null
  return date === null || Number.isNaN(date.getTime()) ? value : fullDate.format(date)
}

/** What a question says of its answer, as `not before 08:00`; empty: nothing. A bound of another type bounds nothing. */
export const boundsText = ({ type, min, max }: Question): string =>
  (['min', 'max'] as const)
    .flatMap((side) => {
      const { value } = { min, max }[side]
      return isOfType(type, value) ? [`${sideWords(type, side)} ${boundText(value)}`] : []
    })
    .join(', ')

/** The bound counts for answers of this type. */
export const isOfType = (type: FieldType, value: Bound): boolean =>
  isBounded(type) &&
  value !== null &&
  typeof value === (type === 'date' || type === 'time' ? 'string' : 'number')

/** Something of the question waits for somebody to choose. */
export const hasConflict = ({ type, min, max }: Question): boolean =>
  isBounded(type) && (min.conflict || max.conflict)
