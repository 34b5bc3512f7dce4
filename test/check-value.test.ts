import type { StandardSchemaV1 } from '@standard-schema/spec'
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { checkValue } from '../schema/check-value.ts'

const detailOf = (schema: StandardSchemaV1, value: unknown): string => {
  const checked = checkValue(schema, value)
  if (checked.ok) throw new Error(`${JSON.stringify(value)} fits`)
  return checked.detail
}

test('a complaint says where in the value it is', () => {
  const schema = z.object({ start: z.object({ date: z.string() }), tags: z.array(z.string()) })
  expect(detailOf(schema, { start: { date: 5 }, tags: ['a', 7] })).toMatch(
    /^start\.date: Invalid input.*; tags\.1: Invalid input/
  )
})

test('a complaint about the value itself is only what the schema says', () => {
  expect(detailOf(z.string(), 5)).toMatch(/^Invalid input/)
})

test('a path may be written with keys alone or with objects that hold them', () => {
  const issues = [
    { message: 'too late', path: [{ key: 'start' }, 'date'] },
    { message: 'odd', path: [] }
  ]
  const schema: StandardSchemaV1 = {
    '~standard': { version: 1, vendor: 'test', validate: () => ({ issues }) }
  }
  expect(detailOf(schema, null)).toBe('start.date: too late; odd')
})
