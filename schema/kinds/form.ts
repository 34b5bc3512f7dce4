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
const count = z._default(z.nullable(z.int().check(z.minimum(0))), null)

/** An answer that is replaced as a whole: a number, a date as `2026-05-02`, ids of options, yes or no. */
export const answer = z.union([z.string(), z.number(), z.boolean(), z.array(z.string())])
export type Answer = z.infer<typeof answer>

export const conditionOps = [
  'is',
  'is-not',
  'contains',
  'above',
  'below',
  'answered',
  'not-answered'
] as const

/** When a question is asked: what another one was answered. `value` counts for nothing with the last two. */
export const condition = z.object({
  field: z.string(),
  op: z.enum(conditionOps),
  value: z.nullable(z.union([z.string(), z.number(), z.boolean()]))
})
export type Condition = z.infer<typeof condition>

/** A number, or a date or time as the answers to it are written. */
const bound = z._default(z.nullable(z.union([z.number(), z.string()])), null)

/**
 * A form that people build and fill in together. Nothing of it is seeded: an empty room is an empty form.
 *
 * | role         | form           | comments | responses                |
 * |--------------|----------------|----------|--------------------------|
 * | `owner`      | writes, shares | writes   | reviews                  |
 * | `editor`     | writes         | writes   | reviews                  |
 * | `commenter`  | reads          | writes   | their own                |
 * | `respondent` | reads          |          | their own                |
 * | `reader`     | reads          | reads    |                          |
 *
 * Fields and options stand in one flat list each and point at where they belong, so that moving one is a change of
 * one value. What is typed (`answerTexts`) merges by character; what is picked (`answers`) is replaced as a whole.
 * Both are by field id: two people who begin the same answer at once meet in the same text. They are one set of answers
 * that all who may write give together; whoever answers alone has a room of the kind `response`.
 */
export const form = defineRoom({
  kind: 'form',
  roles: ['owner', 'editor', 'commenter', 'respondent', 'reader'],
  access: {
    owner: { write: '*', comment: true, manage: true },
    editor: { write: '*', comment: true },
    commenter: { comment: true },
    respondent: {},
    reader: {}
  },
  guests: 'editor',
  storage: {
    title: s.text(),
    intro: s.text(),
    /** The pages, in their order. */
    sections: s.collection({ title: s.text() }),
    fields: s.collection({
      type: s.value(z.enum(fieldTypes)),
      label: s.text(),
      help: s.text(),
      required: s.value(flag),
      /** The section that it stands in; null: above the first. */
      section: s.value(z._default(z.nullable(z.string()), null)),
      /** What an export calls it; empty: what it asks. Renaming it loses nothing. */
      key: s.value(z._default(z.string(), '')),
      /** null: it is always asked. */
      condition: s.value(z._default(z.nullable(condition), null)),
      /** Of a number, date, time or rating; of several choices, how many. */
      min: s.contested(bound),
      max: s.contested(bound),
      /** Of what is typed, in characters. */
      lengthMin: s.value(count),
      lengthMax: s.value(count),
      /** Of what is typed, sign by sign: `9` a digit, `A` a letter, `*` either, all else itself; empty: none. */
      pattern: s.value(z._default(z.string().check(z.maxLength(64)), ''))
    }),
    options: s.collection({
      /** The field that offers it. */
      field: s.value(z.string()),
      label: s.text()
    }),
    answers: s.record(s.value(answer)),
    answerTexts: s.record(s.text())
  },
  conflict: { min: 'last', max: 'last' },
  presence: z.object({
    /** Path of the field that has the focus, as in `fields/f1/label` or `answers/f1`. */
    focus: z.nullable(z.string()),
    caret: z.nullable(caret)
  })
})
