import * as z from 'zod/mini'
import { defineRoom } from '../define-room.ts'
import { caret } from '../presence.ts'
import { s } from '../storage-words.ts'

export const fieldTypes = [
  'short-text',
  'long-text',
  'email',
  'phone',
  'number',
  'date',
  'time',
  'single-choice',
  'multiple-choice',
  'dropdown',
  'rating',
  'yes-no'
] as const

export type FieldType = (typeof fieldTypes)[number]

const flag = z._default(z.boolean(), false)

/** An answer that is replaced as a whole: a number, a date as `2026-05-02`, ids of options, yes or no. */
export const answer = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])
export type Answer = z.infer<typeof answer>

/**
 * A form that people build and fill in together. Nothing of it is seeded: an empty room is an empty form.
 *
 * Fields and options stand in one flat list each and point at where they belong, so that moving one is a change of
 * one value. What is typed (`answerTexts`) merges by character; what is picked (`answers`) is replaced as a whole.
 * Both are by field id: two people who begin the same answer at once meet in the same text.
 */
export const form = defineRoom({
  kind: 'form',
  roles: ['owner', 'editor', 'reader'],
  readers: ['reader'],
  guests: 'editor',
  storage: {
    title: s.text(),
    intro: s.text(),
    sections: s.collection({ title: s.text() }),
    fields: s.collection({
      type: s.value(z.enum(fieldTypes)),
      label: s.text(),
      help: s.text(),
      required: s.value(flag),
      /** The section that it stands in; null: above the first. */
      section: s.value(z._default(z.nullable(z.string()), null))
    }),
    options: s.collection({
      /** The field that offers it. */
      field: s.value(z.string()),
      label: s.text()
    }),
    answers: s.record(s.value(answer)),
    answerTexts: s.record(s.text())
  },
  presence: z.object({
    /** Path of the field that has the focus, as in `fields/f1/label` or `answers/f1`. */
    focus: z.nullable(z.string()),
    caret: z.nullable(caret)
  })
})
