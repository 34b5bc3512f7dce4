import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { isSameJson } from '../schema/json.ts'
import { mergeRecord, mergeValue, strategies } from '../schema/merge-record.ts'
import { mergeText } from '../schema/text-merge.ts'

const words = fc.array(fc.constantFrom('tea', 'is', 'hot', ' ', ', ', '\n', '😀', 'é', '茶'), {
  maxLength: 12
})
const text = words.map((parts) => parts.join(''))
const record = fc.dictionary(
  fc.constantFrom('name', 'note', 'rank', 'constructor'),
  fc.oneof(text, fc.nat(3)),
  {
    maxKeys: 4
  }
)
const strategy = fc.constantFrom(...strategies)
const isText = (field: string): boolean => field === 'note'

describe('merging a text', () => {
  test.each([
    ['insertions at both ends', 'tea', 'hot tea', 'tea is hot', 'hot tea is hot'],
    ['changes of different words', 'one two three', 'ONE two three', 'one two THREE', 'ONE two THREE'],
    ['several changes of each side in turn', 'a b c d e', 'A b C d E', 'a B c D e', 'A B C D E'],
    ['an insertion beside a replaced word', 'tea', 'coffee', 'tea now', 'coffee now'],
    [
      'a removed line beside a changed one',
      'one\ntwo\nthree\n',
      'one\nthree\n',
      'one\ntwo\nTHREE\n',
      'one\nTHREE\n'
    ],
    [
      'a change of both beside one of each',
      'one two three',
      'ONE two THREE',
      'ONE TWO three',
      'ONE TWO THREE'
    ],
    ['words of a script without blanks', '今日は良い', '今日は良い天気', '明日は良い', '明日は良い天気'],
    ['emoji of which halves are equal', '😀 a', '😁 a', '😀 b', '😁 b']
  ])('keeps %s', (_, base, theirs, mine, merged) => {
    expect(mergeText(base, theirs, mine)).toBe(merged)
    expect(mergeText(base, mine, theirs)).toBe(merged)
  })

  test.each([
    ['one word', 'tea', 'coffee', 'water'],
    ['insertions at one place', 'tea', 'tea and milk', 'tea or juice'],
    ['a removal across a change', 'one two three', 'one', 'one TWO three'],
    ['the whole of an empty text', '', 'tea', 'coffee']
  ])('does not decide between two changes of %s', (_, base, theirs, mine) => {
    expect(mergeText(base, theirs, mine)).toBeNull()
  })

  test('gives the other side where one changed nothing', () => {
    fc.assert(
      fc.property(text, text, (base, theirs) => {
        expect(mergeText(base, theirs, base)).toBe(theirs)
        expect(mergeText(base, base, theirs)).toBe(theirs)
        expect(mergeText(base, theirs, theirs)).toBe(theirs)
      })
    )
  })

  test('is the same whoever comes first', () => {
    fc.assert(fc.property(text, text, text, (base, a, b) => mergeText(base, a, b) === mergeText(base, b, a)))
  })

  test('keeps what both inserted, in whatever places, if these are not the same', () => {
    const story = fc.array(fc.nat(1_000), { minLength: 2, maxLength: 40 }).chain((base) =>
      fc.record({
        base: fc.constant(base),
        hers: fc.uniqueArray(fc.nat(base.length), { maxLength: 6 }),
        his: fc.uniqueArray(fc.nat(base.length), { maxLength: 6 })
      })
    )
    fc.assert(
      fc.property(story, ({ base, hers, his }) => {
        const write = (who: string, places: readonly number[]): string =>
          base
            .flatMap((word, at) =>
              places.includes(at) ? [`${who}${at}`, `w${at}x${word}`] : [`w${at}x${word}`]
            )
            .join(' ')
        const others = his.filter((at) => !hers.includes(at))
        const merged = mergeText(write('', []), write('hers', hers), write('his', others)) ?? ''
        const found = merged.split(' ')
        for (const at of hers.filter((place) => place < base.length)) expect(found).toContain(`hers${at}`)
        for (const at of others.filter((place) => place < base.length)) expect(found).toContain(`his${at}`)
        expect(found.filter((word) => word.startsWith('w'))).toEqual(base.map((word, at) => `w${at}x${word}`))
      })
    )
  })

  test('goes on where too much was changed to look at it word by word', () => {
    const base = Array.from({ length: 2_000 }, (_, index) => `w${index}`).join(' ')
    const rewritten = Array.from({ length: 2_000 }, (_, index) => `v${index}`).join(' ')
    expect(mergeText(`${base}\nend`, `${rewritten}\nend`, `${base}\nthe end`)).toBe(`${rewritten}\nthe end`)
    expect(mergeText(base, rewritten, base.replace('w1000', 'x'))).toBeNull()
  })
})

describe('merging a record', () => {
  test('leaves what only one side changed to it, whatever the strategy', () => {
    fc.assert(
      fc.property(record, record, strategy, (base, other, how) => {
        const options = { strategy: how, isText }
        expect(mergeRecord({ base, theirs: other, mine: base }, options)).toEqual({
          merged: other,
          conflicts: []
        })
        expect(mergeRecord({ base, theirs: base, mine: other }, options)).toEqual({
          merged: other,
          conflicts: []
        })
        expect(mergeRecord({ base, theirs: other, mine: other }, options)).toEqual({
          merged: other,
          conflicts: []
        })
      })
    )
  })

  test('with `last` takes mine wherever I changed something, and never finds a conflict', () => {
    fc.assert(
      fc.property(record, record, record, (base, theirs, mine) => {
        const { merged, conflicts } = mergeRecord<object>(
          { base, theirs, mine },
          { strategy: 'last', isText }
        )
        expect(conflicts).toEqual([])
        for (const name of new Set([base, theirs, mine].flatMap((one) => Object.keys(one)))) {
          const [b, t, m] = [base, theirs, mine].map((one) => own(one, name))
          expect(own(merged, name)).toEqual(isSameJson(m, b) ? t : m)
        }
      })
    )
  })

  test('with `ask` finds exactly the fields that both changed, each another way', () => {
    fc.assert(
      fc.property(record, record, record, (base, theirs, mine) => {
        const { conflicts } = mergeRecord<object>({ base, theirs, mine }, { strategy: 'ask', isText })
        const both = [...new Set([base, theirs, mine].flatMap((one) => Object.keys(one)))].filter((name) => {
          const [b, t, m] = [base, theirs, mine].map((one) => own(one, name))
          return !isSameJson(b, t) && !isSameJson(b, m) && !isSameJson(t, m)
        })
        expect(conflicts.map(({ path }) => path).sort()).toEqual(both.sort())
      })
    )
  })

  test('with `merge` finds no conflict that `ask` does not', () => {
    fc.assert(
      fc.property(record, record, record, (base, theirs, mine) => {
        const merge = mergeRecord<object>({ base, theirs, mine }, { strategy: 'merge', isText }).conflicts
        const ask = mergeRecord<object>({ base, theirs, mine }, { strategy: 'ask', isText }).conflicts
        expect(ask).toEqual(expect.arrayContaining([...merge]))
      })
    )
  })

  test('tells of a conflict the three values', () => {
    const three = { base: { rank: 1, name: 'a' }, theirs: { rank: 2, name: 'a' }, mine: { name: 'b' } }
    expect(mergeRecord<object>(three, { strategy: 'merge', isText })).toEqual({
      merged: { rank: 2, name: 'b' },
      conflicts: [{ path: 'rank', base: 1, theirs: 2, mine: null }]
    })
  })

  test('merges only what is a text by words', () => {
    const three = { base: 'tea', theirs: 'hot tea', mine: 'tea now' }
    expect(mergeValue(three, { strategy: 'merge', isText: true })).toEqual({ value: 'hot tea now' })
    expect(mergeValue(three, { strategy: 'merge', isText: false })).toBeNull()
  })
})

const own = (one: object, name: string): unknown =>
  Object.hasOwn(one, name) ? Reflect.get(one, name) : undefined
