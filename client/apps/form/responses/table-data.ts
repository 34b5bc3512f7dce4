/** Responses as rows and columns, counts and figures. Pure. */

import type { Answer } from '../../../../schema/kinds/form.ts'
import { answerTo, type Field, visibleFields } from '../../../../schema/kinds/form-answers.ts'
import { arrange, type FormSnapshot, inOrder } from '../arrangement.ts'
import { ratings } from '../field-types.ts'
import { isCounted, valuesOf, valueWords } from './answer-words.ts'
import type { Response, Responses } from './response-feed.ts'

export interface Row {
  readonly response: Response
  readonly name: string
  /** What was answered to the questions that were asked, by field. */
  readonly answers: ReadonlyMap<string, Cell>
}

export interface Cell {
  readonly answer: Answer
  /** Of each value of the answer. */
  readonly parts: readonly string[]
}

export interface Tally {
  readonly field: Field
  readonly counts: readonly { readonly words: string; readonly count: number }[]
}

export const toRows = ({ responses, forms }: Responses, form: FormSnapshot): readonly Row[] =>
  responses.map((response) => {
    const { given } = response
    const asked = forms.get(given.definitionSeq) ?? form
    const answers = visibleFields(asked, given).flatMap((field) => {
      const answer = answerTo(asked, field, given)
      return answer === undefined ? [] : [[field.id, cellOf(asked, field, answer)] as const]
    })
    return { response, name: given.respondentName || 'Somebody', answers: new Map(answers) }
  })

const cellOf = (form: FormSnapshot, field: Field, answer: Answer): Cell => ({
  answer,
  parts: valuesOf(answer).map((value) => valueWords(form, field, value))
})

/** The questions of the form as it is now, then those that were removed since and have an answer. */
export const columnsOf = (
  form: FormSnapshot,
  { forms }: Responses,
  rows: readonly Row[]
): readonly Field[] => {
  const fields = [...inOrder(arrange(form))]
  for (const old of [...forms.values()].flatMap((each) => each.fields)) {
    const isNew = !fields.some(({ id }) => id === old.id)
    if (isNew && rows.some(({ answers }) => answers.has(old.id))) fields.push(old)
  }
  return fields
}

/** How often each answer was given, in what was sent, to the questions whose answers can be counted. */
export const talliesOf = (
  form: FormSnapshot,
  columns: readonly Field[],
  rows: readonly Row[]
): readonly Tally[] => {
  const sent = rows.filter(({ response }) => response.given.status.state !== 'draft')
  return columns.filter(isCounted).map((field) => {
    const counts = new Map(offered(form, field).map((value) => [value, 0]))
    const words = new Map(offered(form, field).map((value) => [value, valueWords(form, field, value)]))
    for (const cell of sent.flatMap(({ answers }) => answers.get(field.id) ?? []))
      for (const [at, value] of valuesOf(cell.answer).entries()) {
        counts.set(value, (counts.get(value) ?? 0) + 1)
        // Of a choice that was removed since, the one who chose it knows what it was called.
        if (!words.has(value)) words.set(value, cell.parts[at] ?? String(value))
      }
    return { field, counts: [...counts].map(([value, count]) => ({ words: words.get(value) ?? '', count })) }
  })
}

const offered = ({ options }: FormSnapshot, { id, type }: Field): readonly (string | number | boolean)[] => {
  if (type === 'yes-no') return [true, false]
  if (type === 'rating') return ratings
  return options.filter(({ field }) => field === id).map((option) => option.id)
}
