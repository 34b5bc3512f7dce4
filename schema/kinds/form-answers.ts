/**
 * What a form says of answers to it: which questions are asked, and what is wrong. Pure, and the same code while
 * somebody answers and when the server takes what they send.
 */
import type { Complaint } from '../behaviour.ts'
import type { StorageSnapshot } from '../storage-words.ts'
import type { Answer, Condition, FieldType, form } from './form.ts'

type FormSnapshot = StorageSnapshot<(typeof form)['storage']>

/** The part of a form that answers are checked by. */
export type FormDefinition = Pick<FormSnapshot, 'fields' | 'options'>
export type Field = FormSnapshot['fields'][number]

export interface GivenAnswers {
  readonly answers: Readonly<Record<string, Answer>>
  readonly answerTexts: Readonly<Record<string, string>>
}

/** How far somebody is with the questions that are asked. */
export interface Progress {
  readonly asked: number
  readonly answered: number
  readonly required: number
  readonly requiredAnswered: number
}

/** The answer is typed, and merges by character; all others are picked, and replaced as a whole. */
export const isTyped = (type: FieldType): boolean =>
  type === 'short-text' || type === 'long-text' || type === 'email' || type === 'phone'

/** The question offers choices that its author writes. */
export const offersChoices = (type: FieldType): boolean =>
  type === 'single-choice' || type === 'multiple-choice' || type === 'dropdown'

/** The answer to a field if it has one of the type that is asked now; of choices those that are still offered. */
export const answerTo = (form: FormDefinition, field: Field, given: GivenAnswers): Answer | undefined => {
  if (isTyped(field.type)) {
    const text = (given.answerTexts[field.id] ?? '').trim()
    return text === '' ? undefined : text
  }
  const answer = given.answers[field.id]
  if (answer === undefined || answer === '') return undefined
  if (!offersChoices(field.type)) return fitsType(field.type, answer) ? answer : undefined
  const chosen = chosenOf(form, field, answer)
  return chosen.length === 0 ? undefined : field.type === 'multiple-choice' ? chosen : chosen[0]
}

/** The fields that are asked, given these answers. What was answered to a hidden one counts for nothing. */
export const visibleFields = (form: FormDefinition, given: GivenAnswers): readonly Field[] => {
  const isShown = visibility(form, given)
  return form.fields.filter(isShown)
}

/** Everything that is in the way of sending the answers, in the order of the fields; empty: nothing is. */
export const complaintsAbout = (form: FormDefinition, given: GivenAnswers): readonly Complaint[] =>
  visibleFields(form, given).flatMap((field) => {
    const detail = problemOf(field, answerTo(form, field, given))
    return detail === null ? [] : [{ path: `answers/${field.id}`, detail }]
  })

export const progressOf = (form: FormDefinition, given: GivenAnswers): Progress => {
  const asked = visibleFields(form, given)
  const answered = asked.filter((field) => answerTo(form, field, given) !== undefined)
  return {
    asked: asked.length,
    answered: answered.length,
    required: asked.filter(({ required }) => required).length,
    requiredAnswered: answered.filter(({ required }) => required).length
  }
}

/** What is wrong with an answer, and how it would be right, in one line; null when nothing is. */
export const problemOf = (field: Field, answer: Answer | undefined): string | null => {
  if (answer === undefined) return field.required ? 'This needs an answer.' : null
  if (typeof answer === 'string' && isTyped(field.type)) return problemOfText(field, answer)
  if (field.type === 'date' && !isDate(answer)) return 'Not a date. Example: 2027-05-14'
  if (field.type === 'time' && !isTime(answer)) return 'Not a time. Example: 08:30'
  if (field.type === 'rating' && !isRating(answer)) return 'Not a rating from 1 to 5.'
  return problemOfRange(field, Array.isArray(answer) ? answer.length : answer)
}

const phoneDigitsMin = 6
const phoneDigitsMax = 15

const problemOfText = (field: Field, text: string): string | null => {
  const length = Array.from(text).length
  if (field.lengthMin !== null && length < field.lengthMin)
    return `${length} characters, at least ${field.lengthMin} are needed.`
  if (field.lengthMax !== null && length > field.lengthMax)
    return `${length} characters, at most ${field.lengthMax} may be.`
  if (field.type === 'email' && !isEmail(text)) return 'Not an address. Example: noor@example.org'
  if (field.type === 'phone') return problemOfPhone(text)
  return field.pattern === '' || fitsPattern(text, field.pattern)
    ? null
    : `Not of the form ${field.pattern}, where 9 is a digit, A a letter and * either.`
}

/** Without a regular expression: one that backtracks would let a long answer stop the server. */
const isEmail = (text: string): boolean => {
  const [name = '', domain = '', more] = text.split('@')
  if (name === '' || more !== undefined || /\s/.test(text)) return false
  const parts = domain.split('.')
  return parts.length > 1 && parts.every((part) => part !== '')
}

const problemOfPhone = (text: string): string | null => {
  const digits = text.replace(/\D/g, '').length
  if (!/^[+\d][\d\s()./-]*$/.test(text)) return 'Digits only. Example: 0151 2208 1434'
  if (digits < phoneDigitsMin) return 'Digits are missing. Example: 0151 2208 1434'
  return digits > phoneDigitsMax ? 'Too many digits. Example: 0151 2208 1434' : null
}

const fitsPattern = (text: string, pattern: string): boolean => {
  const signs = Array.from(text)
  const wanted = Array.from(pattern)
  return signs.length === wanted.length && signs.every((sign, at) => fitsSign(sign, wanted[at]))
}

const fitsSign = (sign: string, wanted: string | undefined): boolean => {
  const isDigit = /^\d$/.test(sign)
  const isLetter = /^\p{L}$/u.test(sign)
  if (wanted === '9') return isDigit
  if (wanted === 'A') return isLetter
  return wanted === '*' ? isDigit || isLetter : sign === wanted
}

const isDate = (answer: Answer): boolean => {
  if (typeof answer !== 'string' || !/^\d{4}-\d{2}-\d{2}$/.test(answer)) return false
  const date = new Date(`${answer}T00:00:00Z`)
  return !Number.isNaN(date.getTime()) && date.toISOString().startsWith(answer)
}

const isTime = (answer: Answer): boolean =>
  typeof answer === 'string' && /^([01]\d|2[0-3]):[0-5]\d$/.test(answer)

const isRating = (answer: Answer): boolean =>
  typeof answer === 'number' && Number.isInteger(answer) && answer >= 1 && answer <= 5

/** Dates and times are written so that they compare as text. A bound of another type than the answer bounds nothing. */
const problemOfRange = ({ type, min, max }: Field, answer: Answer): string | null => {
  const what = type === 'multiple-choice' ? ' choices' : ''
  if (compare(answer, min.value) === -1) return `${String(answer)}${what} is less than ${min.value}.`
  if (compare(answer, max.value) === 1) return `${String(answer)}${what} is more than ${max.value}.`
  return null
}

const compare = (a: unknown, b: unknown): number => {
  if (typeof a === 'number' && typeof b === 'number') return Math.sign(a - b)
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0
  return 0
}

/**
 * A question is asked while its condition holds; the answer to one that is not asked is none. One whose condition names
 * no question of the form is asked always; so are those that wait for each other in a circle.
 */
const visibility = (form: FormDefinition, given: GivenAnswers): ((field: Field) => boolean) => {
  const byId = new Map(form.fields.map((field) => [field.id, field]))
  const known = new Map<Field, boolean>()
  const before = ({ condition }: Field): Field | undefined =>
    condition === null ? undefined : byId.get(condition.field)

  const decide = (field: Field): void => {
    const on = before(field)
    if (field.condition === null || on === undefined) known.set(field, true)
    else known.set(field, holds(field.condition, known.get(on) ? answerTo(form, on, given) : undefined))
  }
  return (asked) => {
    const path: Field[] = []
    let field: Field | undefined = asked
    while (field !== undefined && !known.has(field) && !path.includes(field)) {
      path.push(field)
      field = before(field)
    }
    const circle = field === undefined ? -1 : path.indexOf(field)
    if (circle !== -1) for (const one of path.splice(circle)) known.set(one, true)
    // From the question that depends on none back to the one that was asked about.
    for (const one of path.reverse()) decide(one)
    return known.get(asked) ?? true
  }
}

const holds = ({ op, value }: Condition, answer: Answer | undefined): boolean => {
  const answers = answer === undefined ? [] : Array.isArray(answer) ? answer : [answer]
  const isOne = answers.some((one) => one === value)
  switch (op) {
    case 'is':
      return isOne
    case 'is-not':
      return !isOne
    case 'contains':
      return (
        isOne ||
        answers.some((one) => typeof one === 'string' && value !== null && one.includes(String(value)))
      )
    case 'above':
      return answers.some((one) => compare(one, value) === 1)
    case 'below':
      return answers.some((one) => compare(one, value) === -1)
    case 'answered':
      return answers.length > 0
    case 'not-answered':
      return answers.length === 0
  }
}

const chosenOf = ({ options }: FormDefinition, { id }: Field, answer: Answer): string[] => {
  const chosen = Array.isArray(answer) ? answer : [answer]
  return options.flatMap((option) => (option.field === id && chosen.includes(option.id) ? [option.id] : []))
}

const fitsType = (type: FieldType, answer: Answer): boolean => {
  if (type === 'yes-no') return typeof answer === 'boolean'
  if (type === 'number' || type === 'rating') return typeof answer === 'number' && Number.isFinite(answer)
  return typeof answer === 'string'
}
