import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { type Condition, type FieldType, form } from '../schema/kinds/form.ts'
import {
  complaintsAbout,
  type FormDefinition,
  type GivenAnswers,
  progressOf,
  visibleFields
} from '../schema/kinds/form-answers.ts'
import { createLiveStorage } from '../schema/live-storage.ts'
import { readStorage } from '../schema/storage.ts'

interface Asked {
  readonly type?: FieldType
  readonly required?: boolean
  readonly condition?: Condition
  readonly min?: number | string
  readonly max?: number | string
  readonly lengthMin?: number
  readonly lengthMax?: number
  readonly pattern?: string
  readonly options?: readonly string[]
}

/** A form with these questions; conditions and answers name them `0`, `1`, `2` … and their options `0a`, `0b` … */
const formOf = (...asked: readonly Asked[]) => {
  const doc = new Y.Doc()
  const live = createLiveStorage(form, doc, (change) => doc.transact(change), {
    userId: 'ana',
    role: 'owner'
  })
  const ids = asked.map(({ type = 'short-text', required = false, ...rest }) => {
    const id = live.fields.insert({ type, required })
    const field = live.fields.get(id)
    if (rest.min !== undefined) field?.min.set(rest.min)
    if (rest.max !== undefined) field?.max.set(rest.max)
    const { lengthMin = null, lengthMax = null, pattern = '' } = rest
    live.fields.update(id, { lengthMin, lengthMax, pattern })
    return id
  })
  const options = asked.flatMap(({ options = [] }, index) =>
    options.map((name) => [`${index}${name}`, live.options.insert({ field: ids[index] ?? '', label: name })])
  )
  const known = new Map<string, string>([
    ...ids.map((id, index) => [`${index}`, id] as const),
    ...options
  ] as [])
  const named = (name: string): string => known.get(name) ?? name
  for (const [index, { condition }] of asked.entries()) {
    if (condition === undefined) continue
    const value = typeof condition.value === 'string' ? named(condition.value) : condition.value
    live.fields.update(ids[index] ?? '', {
      condition: { ...condition, field: named(condition.field), value }
    })
  }
  const snapshot = readStorage(form, doc)
  return { form: snapshot satisfies FormDefinition, named, ids }
}

type World = ReturnType<typeof formOf>

const give = (
  { named }: World,
  picked: Readonly<Record<string, string | number | boolean | readonly string[]>>,
  typed: Readonly<Record<string, string>> = {}
): GivenAnswers => ({
  answers: Object.fromEntries(
    Object.entries(picked).map(([name, value]) => [
      named(name),
      Array.isArray(value) ? value.map(named) : typeof value === 'string' ? named(value) : value
    ])
  ) as GivenAnswers['answers'],
  answerTexts: Object.fromEntries(Object.entries(typed).map(([name, text]) => [named(name), text]))
})

const asked = ({ form, ids }: World, given: GivenAnswers): string[] =>
  visibleFields(form, given).map(({ id }) => String(ids.indexOf(id)))

const complaints = (world: World, given: GivenAnswers): string[] =>
  complaintsAbout(world.form, given).map(({ path }) =>
    String(world.ids.indexOf(path.replace('answers/', '')))
  )

const on = (field: string, op: Condition['op'], value: Condition['value'] = null): Condition => ({
  field,
  op,
  value
})

describe('a condition', () => {
  test.each<[Condition, GivenAnswers['answers'], boolean]>([
    [on('0', 'is', 'yes'), {}, false],
    [on('0', 'is-not', 'yes'), {}, true],
    [on('0', 'above', 3), { 0: 4 }, true],
    [on('0', 'above', 3), { 0: 3 }, false],
    [on('0', 'below', 3), { 0: 2 }, true],
    [on('0', 'below', 3), {}, false],
    [on('0', 'answered'), { 0: 0 }, true],
    [on('0', 'not-answered'), { 0: 0 }, false],
    [on('0', 'not-answered'), {}, true]
  ])('%j of a number %j: asked is %s', (condition, answers, isAsked) => {
    const world = formOf({ type: 'number' }, { condition })
    expect(asked(world, give(world, answers as Record<string, number>)).includes('1')).toBe(isAsked)
  })

  test('looks into what was typed', () => {
    const world = formOf({}, { condition: on('0', 'contains', 'nut') })
    expect(asked(world, give(world, {}, { 0: 'peanuts' }))).toEqual(['0', '1'])
    expect(asked(world, give(world, {}, { 0: 'milk' }))).toEqual(['0'])
  })

  test('of several choices holds for each that was chosen', () => {
    const world = formOf({ type: 'multiple-choice', options: ['a', 'b'] }, { condition: on('0', 'is', '0b') })
    expect(asked(world, give(world, { 0: ['0a', '0b'] }))).toEqual(['0', '1'])
    expect(asked(world, give(world, { 0: ['0a'] }))).toEqual(['0'])
  })

  test('on a question that is not asked finds no answer, whatever was answered before', () => {
    const world = formOf(
      { type: 'yes-no' },
      { type: 'yes-no', condition: on('0', 'is', true) },
      { condition: on('1', 'is', true) }
    )
    expect(asked(world, give(world, { 0: true, 1: true }))).toEqual(['0', '1', '2'])
    expect(asked(world, give(world, { 0: false, 1: true }))).toEqual(['0'])
  })

  test('on a question that is gone holds', () => {
    const world = formOf({ condition: on('no-such-field', 'is', true) })
    expect(asked(world, give(world, {}))).toEqual(['0'])
  })

  test('in a circle holds, and what hangs on the circle is decided by it', () => {
    const world = formOf(
      { type: 'yes-no', condition: on('1', 'is', true) },
      { type: 'yes-no', condition: on('0', 'is', true) },
      { condition: on('0', 'is', true) }
    )
    expect(asked(world, give(world, {}))).toEqual(['0', '1'])
    expect(asked(world, give(world, { 0: true }))).toEqual(['0', '1', '2'])
  })
})

describe('what is wrong with an answer', () => {
  test.each<[string, Asked, string, boolean]>([
    ['an address', { type: 'email' }, 'noor@example.org', true],
    ['no address', { type: 'email' }, 'noor@example', false],
    ['an address with two signs', { type: 'email' }, 'a@b@example.org', false],
    ['a phone number', { type: 'phone' }, '0151 2208 1434', true],
    ['letters for a phone number', { type: 'phone' }, 'call me', false],
    ['too short a text', { lengthMin: 3 }, 'ab', false],
    ['a text of emoji, counted as people do', { lengthMax: 2 }, '😀😀', true],
    ['too long a text', { lengthMax: 2 }, 'abc', false],
    ['a text of a pattern', { pattern: 'AA-99*' }, 'äb-12c', true],
    ['a text of another pattern', { pattern: 'AA-99' }, 'ab-1c', false],
    ['a text longer than the pattern', { pattern: '99' }, '123', false]
  ])('%s', (_, field, text, isRight) => {
    const world = formOf(field)
    expect(complaints(world, give(world, {}, { 0: text }))).toEqual(isRight ? [] : ['0'])
  })

  test.each<[string, Asked, number | string | boolean | readonly string[], boolean]>([
    ['a number in its range', { type: 'number', min: 1, max: 3 }, 3, true],
    ['a number below', { type: 'number', min: 1 }, 0, false],
    ['a number above', { type: 'number', max: 3 }, 3.5, false],
    ['a time in its range', { type: 'time', min: '08:00' }, '08:00', true],
    ['a time too early', { type: 'time', min: '08:00' }, '07:30', false],
    ['no time', { type: 'time' }, '25:00', false],
    ['a date', { type: 'date' }, '2028-02-29', true],
    ['no date', { type: 'date' }, '2027-02-29', false],
    ['a rating', { type: 'rating' }, 5, true],
    ['no rating', { type: 'rating' }, 6, false],
    ['a choice', { type: 'single-choice', options: ['a'], required: true }, '0a', true],
    ['a choice that is not offered', { type: 'single-choice', options: ['a'], required: true }, 'x', false],
    ['an answer of another type', { type: 'yes-no', required: true }, 'yes', false],
    ['too many choices', { type: 'multiple-choice', options: ['a', 'b'], max: 1 }, ['0a', '0b'], false],
    ['choices enough', { type: 'multiple-choice', options: ['a', 'b'], min: 2 }, ['0a', '0b'], true]
  ])('%s', (_, field, answer, isRight) => {
    const world = formOf(field)
    expect(complaints(world, give(world, { 0: answer }))).toEqual(isRight ? [] : ['0'])
  })

  test('what is required has to be answered, once it is asked', () => {
    const world = formOf(
      { type: 'yes-no', required: true },
      { required: true, condition: on('0', 'is', true) }
    )
    expect(complaints(world, give(world, {}))).toEqual(['0'])
    expect(complaints(world, give(world, { 0: false }))).toEqual([])
    expect(complaints(world, give(world, { 0: true }))).toEqual(['1'])
    expect(complaints(world, give(world, { 0: true }, { 1: '  ' }))).toEqual(['1'])
  })

  test('an answer of a hundred thousand letters is judged at once, whatever is asked for', () => {
    const world = formOf({ type: 'email' }, { type: 'phone' }, { pattern: '9'.repeat(64) })
    const long = `${'a'.repeat(50_000)}@${'a.'.repeat(25_000)}`
    expect(complaints(world, give(world, {}, { 0: long, 1: long, 2: long }))).toEqual(['0', '1', '2'])
  })
})

test('progress counts what is asked, and of that what is answered', () => {
  const world = formOf(
    { type: 'yes-no', required: true },
    { required: true, condition: on('0', 'is', true) },
    {}
  )
  expect(progressOf(world.form, give(world, { 0: false }))).toEqual({
    asked: 2,
    answered: 1,
    required: 1,
    requiredAnswered: 1
  })
})
