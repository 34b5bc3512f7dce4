/** Responses as a table for other programs: RFC 4180, in UTF-8 with its mark, so that spreadsheets read it as such. */
import type { Answer } from '../../../../schema/kinds/form.ts'
import type { Field } from '../../../../schema/kinds/form-answers.ts'
import type { Row } from './table-data.ts'

export const csvOf = (columns: readonly Field[], rows: readonly Row[]): string => {
  const head = [
    'Name',
    ...columns.map(({ key, label, id }) => key || label || id),
    'State',
    'Sent',
    'Entry',
    'Id'
  ]
  const lines = rows.map(({ name, answers, response: { given, head, id } }) => [
    name,
    ...columns.map((column) => {
      const cell = answers.get(column.id)
      return cell === undefined ? '' : plain(cell.answer, cell.parts)
    }),
    given.status.state,
    given.sentAt === null ? '' : new Date(given.sentAt).toISOString(),
    head,
    id
  ])
  return `\uFEFF${[head, ...lines].map((line) => line.map(csvField).join(',')).join('\r\n')}\r\n`
}

/** Numbers, dates and times as they are stored; all else in words. */
const plain = (answer: Answer, parts: readonly string[]): string | number => {
  if (typeof answer === 'number') return answer
  return typeof answer === 'string' && parts.length === 1 && isDay(answer) ? answer : parts.join(', ')
}

const isDay = (answer: string): boolean => /^\d{4}-\d{2}-\d{2}$/.test(answer)

/**
 * One field. Of a text that a spreadsheet would run as a formula the first sign is an apostrophe: whoever answers a form
 * does not get to run anything on the machine of who reads it.
 */
export const csvField = (value: string | number): string => {
  const text = typeof value === 'string' && startsFormula(value) ? `'${value}` : String(value)
  return /[",\r\n;\t]/.test(text) || text !== text.trim() ? `"${text.replaceAll('"', '""')}"` : text
}

/** After any space, which spreadsheets drop, and in the wide forms that some of them read as the narrow ones. */
const startsFormula = (text: string): boolean =>
  /^[\s\p{Cc}]*[=+\-@\uff1d\uff0b\uff0d\uff20]/u.test(text) || /^[\t\r\n]/.test(text)
