import type { Condition, FieldType } from '../../../../schema/kinds/form.ts'
import { arrange, type FormSnapshot, inOrder, type Question } from '../arrangement.ts'
import { isTyped, offersChoices } from '../field-types.ts'

export type Op = Condition['op']

/** How an answer of a type can be asked about, in words that go behind the question. */
export const opsOf = (type: FieldType): readonly (readonly [Op, string])[] => {
  if (type === 'multiple-choice') return [...oneOf('includes', 'does not include'), ...whether]
  if (offersChoices(type) || type === 'yes-no') return [...oneOf('is', 'is not'), ...whether]
  if (isTyped(type)) return [...oneOf('is', 'is not'), ['contains', 'contains'], ...whether]
  const [above, below] =
    type === 'date' || type === 'time' ? ['is after', 'is before'] : ['is above', 'is below']
  return [...oneOf('is', 'is not'), ['above', above], ['below', below], ...whether]
}

const oneOf = (is: string, isNot: string): [Op, string][] => [
  ['is', is],
  ['is-not', isNot]
]
const whether: readonly [Op, string][] = [
  ['answered', 'is answered'],
  ['not-answered', 'is not answered']
]

/** The answers that can be picked from, with the words for them; null: the answer is written. */
export const answersOf = (
  { id, type }: Question,
  { options }: Pick<FormSnapshot, 'options'>
): readonly (readonly [Condition['value'], string])[] | null => {
  if (type === 'yes-no')
    return [
      [true, 'Yes'],
      [false, 'No']
    ]
  if (!offersChoices(type)) return null
  return options.filter(({ field }) => field === id).map(({ id, label }) => [id, label || 'Untitled choice'])
}

/** Needs a value to compare with. */
export const comparesTo = (op: Op): boolean => op !== 'answered' && op !== 'not-answered'

/** `Asked when 3, “Which days?”, includes Friday`; null: it is always asked. */
export const conditionText = (question: Question, form: FormSnapshot): string | null => {
  const { condition } = question
  if (condition === null) return null
  const order = inOrder(arrange(form))
  const at = order.findIndex(({ id }) => id === condition.field)
  const on = order[at]
  if (on === undefined) return null
  const op = opsOf(on.type).find(([name]) => name === condition.op)?.[1] ?? condition.op
  const value = comparesTo(condition.op) ? ` ${valueText(condition.value, answersOf(on, form))}` : ''
  return `Asked when ${at + 1}, “${on.label || 'Untitled question'}”, ${op}${value}`
}

const valueText = (value: Condition['value'], answers: ReturnType<typeof answersOf>): string =>
  answers?.find(([known]) => known === value)?.[1] ?? (value === null || value === '' ? '…' : String(value))
