import { describe, expect, test } from 'vitest'
import { csvField } from '../client/apps/form/responses/csv.ts'

describe('a field of an export', () => {
  test.each([
    ['plain', 'plain'],
    ['two, parts', '"two, parts"'],
    ['say "yes"', '"say ""yes"""'],
    ['two\nlines', '"two\nlines"'],
    [' kept ', '" kept "'],
    ['', '']
  ])('%j is written so that it is read as it was', (text, written) => {
    expect(csvField(text)).toBe(written)
  })

  test.each(['=1+1', '+49 151', '-2+3', '@SUM(A1)', ' =1', '\t=1', '\u0000=1', '＝1', '\rA'])(
    '%j is text to a spreadsheet',
    (text) => {
      expect(csvField(text)).toMatch(/^"?'/)
    }
  )

  test('of a number stays one', () => {
    expect(csvField(-12.5)).toBe('-12.5')
  })
})
