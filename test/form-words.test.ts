import { describe, expect, test } from 'vitest'
import type { FormSnapshot } from '../client/apps/form/arrangement.ts'
import { placeWords } from '../client/apps/form/place-words.ts'
import { whyRefused } from '../client/apps/form/refused-words.ts'
import { plainCode } from '../client/apps/join/codes.ts'
import { errorCodes, isErrorCode } from '../schema/error-codes.ts'

const unclaimed = { value: null, claims: [], conflict: false }

const field = {
  type: 'short-text',
  help: '',
  required: false,
  section: null,
  key: '',
  condition: null,
  min: unclaimed,
  max: unclaimed,
  lengthMin: null,
  lengthMax: null,
  pattern: ''
} as const

const form: FormSnapshot = {
  title: 'Volunteers',
  intro: '',
  sections: [{ id: 's1', title: 'About you' }],
  fields: [
    { ...field, id: 'f1', label: 'Name' },
    { ...field, id: 'f2', label: 'Days', section: 's1' }
  ],
  options: [{ id: 'o1', field: 'f2', label: 'Friday' }],
  answers: {},
  answerTexts: {}
}

describe('a place of the form', () => {
  test.each([
    ['title', 'the title'],
    ['intro', 'the introduction'],
    ['sections/s1/title', 'the section About you'],
    ['fields/f1', 'question 1'],
    ['fields/f2/lengthMax', 'the longest answer of question 2'],
    ['options/o1/label', 'a choice of question 2'],
    ['answers/f2', 'the answer to question 2'],
    ['answerTexts/f1', 'the answer to question 1'],
    ['fields/gone/label', 'the text of a question']
  ])('%s is called %s', (path, words) => {
    expect(placeWords(path, form)).toBe(words)
  })
})

describe('a refusal', () => {
  test.each(['path-refused', 'value-invalid', 'client-id-taken', 'update-too-complex'] as const)(
    '%s has words of its own',
    (code) => {
      const words = whyRefused({ code, reason: 'lengthMax: -1 < 0' })
      expect(words).not.toContain(errorCodes[code].about)
      expect(words).toMatch(/^[A-Z].*\.$/)
    }
  )

  test('of a value says what is wrong with it', () => {
    expect(whyRefused({ code: 'value-invalid', reason: 'lengthMax: -1 < 0' })).toContain('lengthMax: -1 < 0')
  })

  test('of any other name is said as the table has it', () => {
    const other = 'room-corrupt'
    expect(isErrorCode(other) && whyRefused({ code: other, reason: '' })).toBe(`${errorCodes[other].about}.`)
  })
})

describe('what is typed for a code', () => {
  test.each([
    ['cdf 9hm', 'CDF9HM'],
    ['CDF·9HM', 'CDF9HM'],
    ['https://rooms.example.org/j/CDF9HM', 'CDF9HM'],
    ['https://rooms.example.org/j/8sbf0qZggC6lnDaBcDeFgH', '8sbf0qZggC6lnDaBcDeFgH']
  ])('%s is read as %s', (typed, code) => {
    expect(plainCode(typed)).toBe(code)
  })
})
