import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { document } from '../schema/kinds/document.ts'
import { type Conflict, type Strategy, strategies, VersionConflict } from '../schema/merge-record.ts'
import { board } from './support/board.ts'
import { startPatched } from './support/patched.ts'

/** A board as somebody took it, and has gone on since. */
const start = () => {
  const world = startPatched(board)
  const { storage } = world
  storage.title.replace('tea is hot')
  const [a = '', b = ''] = ['Ace', 'Boy'].map((name, rank) => storage.cards.insert({ name, rank }))
  storage.answers.set('f1', 'yes')
  const taken = world.view()
  const cards = (): readonly unknown[] => (world.view() as { cards: readonly unknown[] }).cards
  return { ...world, a, b, taken, cards }
}

const conflictsOf = (run: () => unknown): readonly Conflict[] => {
  try {
    run()
  } catch (error) {
    if (error instanceof VersionConflict) return error.conflicts
    throw error
  }
  return []
}

describe.each(strategies)('with the strategy %s', (strategy) => {
  test('a place that nobody changed since is written, and what others wrote elsewhere stays', () => {
    const { patch, storage, cards, taken, a } = start()
    storage.cards.update(a, { color: 'red' })
    storage.phase.set('closed')
    patch(
      [
        { op: 'replace', path: `/cards/${a}/name`, value: 'King' },
        { op: 'replace', path: '/cards/1/rank', value: 7 }
      ],
      { taken, strategy }
    )
    expect(cards()).toMatchObject([
      { name: 'King', color: 'red' },
      { name: 'Boy', rank: 7 }
    ])
    expect(storage.phase.get()).toBe('closed')
  })

  test('an index means the entry that stood there when the view was taken', () => {
    const { patch, storage, cards, taken, a, b } = start()
    storage.cards.insert({ name: 'New', rank: 0 }, { before: a })
    storage.cards.move(a, { after: b })
    patch([{ op: 'replace', path: '/cards/0/name', value: 'King' }], { taken, strategy })
    expect(cards()).toMatchObject([{ name: 'New' }, { name: 'Boy' }, { name: 'King' }])
  })

  test('a test is about the view that was taken', () => {
    const { patch, storage, view, taken } = start()
    storage.title.replace('tea is cold')
    patch(
      [
        { op: 'test', path: '/title', value: 'tea is hot' },
        { op: 'replace', path: '/phase', value: 'closed' }
      ],
      { taken, strategy }
    )
    expect(view()).toMatchObject({ title: 'tea is cold', phase: 'closed' })
  })

  test('the same change of both is no conflict, and is written once', () => {
    const { patch, doc, storage, taken, a } = start()
    storage.cards.update(a, { color: 'red' })
    storage.due.set('May')
    const before = Y.encodeStateAsUpdate(doc)
    patch(
      [
        { op: 'replace', path: '/cards/0/color', value: 'red' },
        { op: 'replace', path: '/due', value: 'May' }
      ],
      { taken, strategy }
    )
    expect(Y.encodeStateAsUpdate(doc)).toEqual(before)
  })

  test('what was changed and changed back is not changed', () => {
    const { patch, storage, view, taken } = start()
    storage.phase.set('closed')
    storage.phase.set('open')
    patch([{ op: 'replace', path: '/phase', value: 'closed' }], { taken, strategy })
    expect(view()).toMatchObject({ phase: 'closed' })
  })

  test('an entry that is gone cannot be edited, and is told as a conflict', () => {
    const { patch, storage, doc, taken, a } = start()
    storage.cards.remove(a)
    const before = Y.encodeStateAsUpdate(doc)
    const edit = () => patch([{ op: 'replace', path: '/cards/0/name', value: 'King' }], { taken, strategy })
    expect(conflictsOf(edit)).toMatchObject([
      { path: `cards/${a}`, base: { name: 'Ace' }, theirs: null, mine: { name: 'King' } }
    ])
    expect(Y.encodeStateAsUpdate(doc)).toEqual(before)
  })

  test('an entry that both took away is away', () => {
    const { patch, storage, cards, taken, a } = start()
    storage.cards.remove(a)
    patch([{ op: 'remove', path: '/cards/0' }], { taken, strategy })
    expect(cards()).toMatchObject([{ name: 'Boy' }])
  })

  test('new entries come in behind the one that they were put behind', () => {
    const { patch, storage, cards, taken, a } = start()
    storage.cards.insert({ name: 'New', rank: 0 }, { before: a })
    patch([{ op: 'add', path: '/cards/1', value: { name: 'Mid', rank: 5 } }], { taken, strategy })
    expect(cards()).toMatchObject([{ name: 'New' }, { name: 'Ace' }, { name: 'Mid' }, { name: 'Boy' }])
  })
})

describe('a value that both changed', () => {
  const both = (strategy: Strategy) => {
    const world = start()
    world.storage.cards.update(world.a, { color: 'red', rank: 9 })
    world.storage.answers.set('f1', 'no')
    world.storage.votes.set(1)
    world.storage.due.set('May')
    const operations = [
      { op: 'replace', path: '/cards/0/color', value: 'blue' },
      { op: 'replace', path: '/cards/0/name', value: 'King' },
      { op: 'replace', path: '/answers/f1', value: 'maybe' },
      { op: 'add', path: '/votes/ana', value: 2 },
      { op: 'replace', path: '/due', value: 'June' }
    ]
    return { ...world, run: () => world.patch(operations, { taken: world.taken, strategy }) }
  }

  test.each(['ask', 'merge'] as const)(
    'is told with its three values by %s, and nothing is changed',
    (strategy) => {
      const { run, doc, a } = both(strategy)
      const before = Y.encodeStateAsUpdate(doc)
      expect(conflictsOf(run)).toEqual([
        { path: 'due', base: null, theirs: 'May', mine: 'June' },
        { path: `cards/${a}/color`, base: 'white', theirs: 'red', mine: 'blue' },
        { path: 'answers/f1', base: 'yes', theirs: 'no', mine: 'maybe' },
        { path: 'votes/ana', base: null, theirs: 1, mine: 2 }
      ])
      expect(Y.encodeStateAsUpdate(doc)).toEqual(before)
    }
  )

  test('is mine by last, and only that', () => {
    const { run, view } = both('last')
    run()
    expect(view()).toMatchObject({
      cards: [{ color: 'blue', name: 'King', rank: 9 }, {}],
      answers: { f1: 'maybe' },
      votes: { ana: 2 },
      due: { value: 'June', conflict: false }
    })
  })

  test('is not lost where one took the entry away that the other changed', () => {
    const { patch, storage, cards, taken, a } = start()
    storage.cards.update(a, { color: 'red' })
    const remove = (strategy: Strategy) => () =>
      patch([{ op: 'remove', path: '/cards/0' }], { taken, strategy })
    for (const strategy of ['ask', 'merge'] as const) {
      expect(conflictsOf(remove(strategy))).toMatchObject([
        { path: `cards/${a}`, base: { color: 'white' }, theirs: { color: 'red' }, mine: null }
      ])
    }
    remove('last')()
    expect(cards()).toMatchObject([{ name: 'Boy' }])
  })
})

describe('a text that both changed', () => {
  test('is merged where they changed different words', () => {
    const { patch, storage, view, taken } = start()
    storage.title.replace('green tea is hot')
    patch([{ op: 'replace', path: '/title', value: 'tea is very hot' }], { taken, strategy: 'merge' })
    expect(view()).toMatchObject({ title: 'green tea is very hot' })
  })

  test('is a conflict where they changed the same words', () => {
    const { patch, storage, taken } = start()
    storage.title.replace('tea is cold')
    const edit = () =>
      patch([{ op: 'replace', path: '/title', value: 'tea is warm' }], { taken, strategy: 'merge' })
    expect(conflictsOf(edit)).toEqual([
      { path: 'title', base: 'tea is hot', theirs: 'tea is cold', mine: 'tea is warm' }
    ])
  })

  test('holds what both inserted, unless they did at one place', () => {
    const places = fc.uniqueArray(fc.nat(9), { minLength: 1, maxLength: 10 })
    fc.assert(
      fc.property(places, fc.nat(10), (all, cut) => {
        const [hers, his] = [all.slice(0, cut), all.slice(cut)]
        const world = startPatched(board)
        const write = (who: string, at: readonly number[]): string =>
          Array.from({ length: 10 }, (_, index) =>
            at.includes(index) ? `${who}${index} word${index}` : `word${index}`
          ).join(' ')
        world.storage.title.replace(write('', []))
        const taken = world.view()
        world.storage.title.replace(write('his', his))
        world.patch([{ op: 'replace', path: '/title', value: write('hers', hers) }], {
          taken,
          strategy: 'merge'
        })
        const words = world.storage.title.toString().split(' ')
        expect(words.filter((word) => word.startsWith('word'))).toHaveLength(10)
        expect(words).toEqual(
          expect.arrayContaining([...hers.map((at) => `hers${at}`), ...his.map((at) => `his${at}`)])
        )
      }),
      { numRuns: 50 }
    )
  })
})

describe('in a free document', () => {
  const free = () => {
    const world = startPatched(document)
    world.doc.getMap('map').set('a', 1)
    world.doc.getMap('map').set('note', new Y.Text('tea is hot'))
    world.doc.getArray('list').push(['one', 'two'])
    world.doc.getText('text').insert(0, 'tea is hot')
    return { ...world, taken: world.view() }
  }

  test('members that nobody changed are written, and others stay', () => {
    const { patch, doc, view, taken } = free()
    doc.getMap('map').set('b', 2)
    doc.getArray('list').insert(0, ['zero'])
    patch(
      [
        { op: 'replace', path: '/map/a', value: 7 },
        { op: 'add', path: '/list/-', value: 'three' }
      ],
      { taken }
    )
    expect(view()).toMatchObject({ map: { a: 7, b: 2 }, list: ['zero', 'one', 'two', 'three'] })
  })

  test('an index is no place in a list that has changed', () => {
    const { patch, doc, view, taken } = free()
    doc.getArray('list').insert(0, ['zero'])
    const remove = () => patch([{ op: 'remove', path: '/list/0' }], { taken })
    expect(conflictsOf(remove)).toEqual([
      { path: 'list', base: ['one', 'two'], theirs: ['zero', 'one', 'two'], mine: ['two'] }
    ])
    expect(view()).toMatchObject({ list: ['zero', 'one', 'two'] })
  })

  test('texts are merged by words', () => {
    const { patch, doc, view, taken } = free()
    doc.getText('text').insert(0, 'green ')
    const note = doc.getMap('map').get('note')
    if (note instanceof Y.Text) note.insert(0, 'black ')
    const edit = (strategy: Strategy) => () =>
      patch(
        [
          { op: 'replace', path: '/text', value: 'tea is cold' },
          { op: 'replace', path: '/map/note', value: 'tea is cold' }
        ],
        { taken, strategy }
      )
    expect(conflictsOf(edit('ask')).map(({ path }) => path)).toEqual(['text', 'map/note'])
    edit('merge')()
    expect(view()).toMatchObject({ text: 'green tea is cold', map: { note: 'black tea is cold' } })
    expect(doc.getMap('map').get('note')).toBe(note)
  })

  test('the last one wins by last', () => {
    const { patch, doc, view, taken } = free()
    doc.getMap('map').set('a', 5)
    patch([{ op: 'replace', path: '/map/a', value: 7 }], { taken, strategy: 'last' })
    expect(view()).toMatchObject({ map: { a: 7 } })
  })
})
