import type { form } from '../../../schema/kinds/form.ts'
import type { StorageSnapshot } from '../../../schema/storage-words.ts'

export type FormSnapshot = StorageSnapshot<(typeof form)['storage']>
export type Question = FormSnapshot['fields'][number]
export type Section = FormSnapshot['sections'][number]
export type Choice = FormSnapshot['options'][number]

/** A section with its questions; `section` is null for the questions above the first one. */
export interface Part {
  readonly section: Section | null
  readonly questions: readonly Question[]
}

/** Where a question is to go: into this section, behind or before that question of it. */
export interface Destination {
  readonly section: string | null
  readonly before?: string
  readonly after?: string
}

/** The form as it is read: parts in order; questions of a section that is gone stand above the first. */
export const arrange = ({ sections, fields }: Pick<FormSnapshot, 'sections' | 'fields'>): readonly Part[] => {
  const known = new Set(sections.map((section) => section.id))
  const of = (id: string | null) =>
    fields.filter(
      (field) => (field.section !== null && known.has(field.section) ? field.section : null) === id
    )
  const loose = of(null)
  const parts = sections.map((section) => ({ section, questions: of(section.id) }))
  return loose.length > 0 || parts.length === 0 ? [{ section: null, questions: loose }, ...parts] : parts
}

/** All questions in reading order: a question's number is its place here, from 1. */
export const inOrder = (parts: readonly Part[]): readonly Question[] =>
  parts.flatMap((part) => part.questions)

/** One place up or down, into the neighbouring section at its edge; null at the end of the form. */
export const neighbouring = (parts: readonly Part[], id: string, by: -1 | 1): Destination | null => {
  const at = parts.findIndex((part) => part.questions.some((question) => question.id === id))
  const here = parts[at]
  if (here === undefined) return null
  const place = here.questions.findIndex((question) => question.id === id)
  const neighbour = here.questions[place + by]
  if (neighbour) return destination(here, by === 1 ? { after: neighbour.id } : { before: neighbour.id })
  const there = parts[at + by]
  return there === undefined ? null : by === 1 ? startOf(there, id) : endOf(there, id)
}

/** Before the first question of a part. */
export const startOf = (part: Part, moving?: string): Destination => {
  const first = part.questions.find((question) => question.id !== moving)
  return destination(part, first ? { before: first.id } : {})
}

/** Behind the last question of a part. */
export const endOf = (part: Part, moving?: string): Destination => {
  const last = part.questions.findLast((question) => question.id !== moving)
  return destination(part, last ? { after: last.id } : {})
}

const destination = (part: Part, place: { before?: string; after?: string }): Destination => ({
  section: part.section?.id ?? null,
  ...place
})
