import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { type ErrorCode, RoomlogError } from '../schema/error-codes.ts'
import { board } from './support/board.ts'
import { startPatched } from './support/patched.ts'

const start = () => {
  const world = startPatched(board)
  const { storage } = world
  storage.title.replace('Plan')
  const [a = '', b = '', c = ''] = ['Ace', 'Boy', 'Cat'].map((name, rank) =>
    storage.cards.insert({ name, rank })
  )
  storage.answers.set('f1', ['x', 'y'])
  storage.notes.get('n1').replace('bring tea')
  storage.wishes.set('w1', 'sun')
  storage.votes.set(3)
  return { ...world, a, b, c, cards: () => cardsOf(world.view()) }
}

interface CardView {
  readonly id: string
  readonly name: string
  readonly color: string
  readonly start: { readonly value: number; readonly claims: readonly unknown[]; readonly conflict: boolean }
}

// The view of a board.
const cardsOf = (view: unknown): readonly CardView[] => (view as { cards: readonly CardView[] }).cards

const refusal = (run: () => unknown): RoomlogError => {
  try {
    run()
  } catch (error) {
    if (error instanceof RoomlogError) return error
    throw error
  }
  throw new Error('it was not refused')
}

const expectRefusal = (run: () => unknown, code: ErrorCode, path?: string): void => {
  const error = refusal(run)
  expect(error.reason).toBe(code)
  if (path !== undefined) expect(error.path).toBe(path)
}

describe('a patch of a storage', () => {
  test.each([
    ['replaces a value', { op: 'replace', path: '/phase', value: 'closed' }, { phase: 'closed' }],
    [
      'adds a value that is there: it replaces it',
      { op: 'add', path: '/phase', value: 'closed' },
      { phase: 'closed' }
    ],
    ['replaces a text', { op: 'replace', path: '/title', value: 'Play' }, { title: 'Play' }],
    ['empties a text', { op: 'remove', path: '/title' }, { title: '' }],
    [
      'writes a field of an object',
      { op: 'replace', path: '/settings/limit', value: 9 },
      { settings: { limit: 9 } }
    ],
    [
      'writes a text of an object',
      { op: 'replace', path: '/settings/note', value: 'n' },
      { settings: { note: 'n' } }
    ],
    ['gives a value its default back', { op: 'remove', path: '/settings/limit' }, { settings: { limit: 3 } }],
    [
      'replaces an object, of which what is left out goes back to its default',
      { op: 'replace', path: '/settings', value: { note: 'x', theme: 'dark' } },
      { settings: { limit: 3, note: 'x', theme: { value: 'dark' } } }
    ],
    [
      'claims a contested value',
      { op: 'replace', path: '/due', value: 'May' },
      { due: { value: 'May', conflict: false } }
    ],
    [
      'claims it by its value, too',
      { op: 'replace', path: '/due/value', value: 'May' },
      { due: { value: 'May' } }
    ],
    [
      'writes a value of a record',
      { op: 'add', path: '/answers/f2', value: 'z' },
      { answers: { f1: ['x', 'y'], f2: 'z' } }
    ],
    ['takes a value out of a record', { op: 'remove', path: '/answers/f1' }, { answers: {} }],
    [
      'adds to a list that is a value',
      { op: 'add', path: '/answers/f1/-', value: 'z' },
      { answers: { f1: ['x', 'y', 'z'] } }
    ],
    [
      'begins a text of a record',
      { op: 'add', path: '/notes/n2', value: 'hi' },
      { notes: { n1: 'bring tea', n2: 'hi' } }
    ],
    ['empties a text of a record', { op: 'remove', path: '/notes/n1' }, { notes: {} }],
    [
      'claims in a record',
      { op: 'replace', path: '/wishes/w1', value: 'rain' },
      { wishes: { w1: { value: 'rain' } } }
    ],
    ['takes a contested value out of a record', { op: 'remove', path: '/wishes/w1' }, { wishes: {} }],
    ['writes a value of a person', { op: 'replace', path: '/votes/ana', value: 5 }, { votes: { ana: 5 } }],
    ['takes a value of a person away', { op: 'remove', path: '/votes/ana' }, { votes: {} }],
    [
      'copies from word to word',
      { op: 'copy', from: '/title', path: '/notes/n1' },
      { notes: { n1: 'Plan' } }
    ],
    [
      'copies what a contested value shows',
      { op: 'copy', from: '/wishes/w1', path: '/title' },
      { title: 'sun' }
    ],
    [
      'moves from record to record',
      { op: 'move', from: '/notes/n1', path: '/answers/f9' },
      { notes: {}, answers: { f9: 'bring tea' } }
    ],
    [
      'replaces a field by index',
      { op: 'replace', path: '/cards/1/color', value: 'red' },
      { cards: [{}, { color: 'red' }, {}] }
    ],
    [
      'appends an entry',
      { op: 'add', path: '/cards/-', value: { name: 'Dog', rank: 9, start: 4 } },
      { cards: [{}, {}, {}, { name: 'Dog', rank: 9, start: { value: 4 } }] }
    ],
    [
      'inserts an entry at an index',
      { op: 'add', path: '/cards/0', value: { rank: 9 } },
      { cards: [{ rank: 9 }, { name: 'Ace' }, {}, {}] }
    ],
    ['removes an entry', { op: 'remove', path: '/cards/1' }, { cards: [{ name: 'Ace' }, { name: 'Cat' }] }],
    [
      'moves an entry to the front',
      { op: 'move', from: '/cards/2', path: '/cards/0' },
      { cards: [{ name: 'Cat' }, { name: 'Ace' }, { name: 'Boy' }] }
    ],
    [
      'moves an entry to the end',
      { op: 'move', from: '/cards/0', path: '/cards/-' },
      { cards: [{ name: 'Boy' }, { name: 'Cat' }, { name: 'Ace' }] }
    ],
    [
      'moves an entry between others',
      { op: 'move', from: '/cards/0', path: '/cards/1' },
      { cards: [{ name: 'Boy' }, { name: 'Ace' }, { name: 'Cat' }] }
    ],
    [
      'copies an entry as a new one',
      { op: 'copy', from: '/cards/0', path: '/cards/-' },
      { cards: [{}, {}, {}, { name: 'Ace', rank: 0 }] }
    ],
    ['sees a value inside of a value', { op: 'test', path: '/answers/f1/1', value: 'y' }, {}]
  ])('%s', (_, operation, expected) => {
    const { patch, view } = start()
    patch([operation])
    expect(view()).toMatchObject(expected)
  })

  test('finds an entry by its id wherever it stands', () => {
    const { patch, cards, a, b, c } = start()
    patch([
      { op: 'remove', path: '/cards/0' },
      { op: 'replace', path: `/cards/${c}/name`, value: 'Cow' },
      { op: 'move', from: `/cards/${c}`, path: `/cards/${b}` },
      { op: 'test', path: `/cards/${c}/name`, value: 'Cow' }
    ])
    expect(cards().map(({ id, name }) => [id, name])).toEqual([
      [c, 'Cow'],
      [b, 'Boy']
    ])
    expectRefusal(() => patch([{ op: 'remove', path: `/cards/${a}` }]), 'patch-failed', `cards/${a}`)
  })

  test('tells the paths of new entries, which have ids of their own', () => {
    const { patch, cards, a } = start()
    const inserted = patch([
      { op: 'copy', from: `/cards/${a}`, path: '/cards/-' },
      { op: 'add', path: '/cards/0', value: { rank: 7 } },
      { op: 'add', path: '/cards/0/name', value: 'First' }
    ])
    const ids = cards().map(({ id }) => id)
    expect(new Set(ids).size).toBe(5)
    expect(inserted).toEqual([`cards/${ids[0]}`, `cards/${ids[4]}`])
    expect(cards()[0]).toMatchObject({ name: 'First' })
  })

  test('keeps an entry the same when all of it is replaced', () => {
    const { patch, cards, b } = start()
    patch([{ op: 'replace', path: '/cards/1', value: { name: 'Bee', rank: 1, start: 2 } }])
    expect(cards()[1]).toMatchObject({ id: b, name: 'Bee', color: 'white', start: { value: 2 } })
  })

  test('moves the one entry that it names, and no other', () => {
    const { patch, doc, a } = start()
    const touched = new Set<unknown>()
    doc.on('afterTransaction', ({ changed }: Y.Transaction) => {
      for (const [type, keys] of changed) if (keys.has('order')) touched.add(type)
    })
    patch([{ op: 'move', from: '/cards/0', path: '/cards/1' }])
    expect([...touched]).toEqual([doc.getMap('cards').get(a)])
  })

  test('changes of a text no more than what differs, so that a caret in it stays', () => {
    const { patch, doc } = start()
    const caret = Y.createRelativePositionFromTypeIndex(doc.getText('title'), 2)
    patch([{ op: 'replace', path: '/title', value: 'My Plan' }])
    expect(Y.createAbsolutePositionFromRelativePosition(caret, doc)?.index).toBe(5)
  })

  test('decides a conflict by a claim, even for the value that is shown', () => {
    const { patch, doc, cards, a } = start()
    const other = new Y.Doc()
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
    for (const [one, value] of [
      [doc, 1],
      [other, 2]
    ] as const)
      one.getArray(`cards/${a}/start`).push([{ value, by: 'ben', role: 'owner', at: value }])
    Y.applyUpdate(doc, Y.encodeStateAsUpdate(other))
    expect(cards()[0]?.start).toMatchObject({ value: 2, conflict: true })
    patch([{ op: 'replace', path: `/cards/${a}/start`, value: 2 }])
    expect(cards()[0]?.start).toMatchObject({ value: 2, conflict: false, claims: [{ by: 'ana' }] })
  })

  test('that changes nothing writes nothing', () => {
    const { patch, doc } = start()
    const before = Y.encodeStateAsUpdate(doc)
    patch([
      { op: 'replace', path: '/phase', value: 'open' },
      { op: 'replace', path: '/title', value: 'Plan' },
      { op: 'add', path: '/cards/-', value: { rank: 1 } },
      { op: 'remove', path: '/cards/3' },
      { op: 'test', path: '/title', value: 'Plan' }
    ])
    expect(Y.encodeStateAsUpdate(doc)).toEqual(before)
  })
})

describe('a patch of a storage is refused', () => {
  test.each([
    ['a key that the storage has not', '/tasks', 'add'],
    ['a key that every object inherits', '/constructor', 'add'],
    ['a field that an object has not', '/settings/size', 'add'],
    ['a field that entries have not', '/cards/0/size', 'add'],
    ['the id of an entry', '/cards/0/id', 'replace'],
    ['a whole collection', '/cards', 'replace'],
    ['a whole record', '/answers', 'remove'],
    ['the values of all people', '/votes', 'replace'],
    ['all of the view', '', 'replace'],
    ['the claims of a contested value', '/due/claims', 'replace'],
    ['an index behind the end', '/cards/4', 'add'],
    ['an index that nothing stands at', '/cards/3/name', 'replace'],
    ['an index with a leading zero', '/cards/01/name', 'replace'],
    ['the place behind the last, to replace it', '/cards/-', 'replace'],
    ['an id that no entry has', '/cards/nobody/name', 'replace'],
    ['what is in no record yet', '/answers/f9', 'replace'],
    ['a letter of a text', '/title/0', 'replace'],
    ['an entry that is no object', '/cards/-', 'add']
  ])('for %s', (_, path, op) => {
    const { patch, doc } = start()
    const before = Y.encodeStateAsUpdate(doc)
    expectRefusal(() => patch([{ op, path, value: 'x' }]), 'patch-failed', path.slice(1))
    expect(Y.encodeStateAsUpdate(doc)).toEqual(before)
  })

  test.each([
    ['/phase', 'later', 'phase'],
    ['/title', 7, 'title'],
    ['/settings/note', null, 'settings/note'],
    ['/due', 7, 'due'],
    ['/cards/0/rank', 'high', undefined],
    ['/cards/0/when', { date: 'May' }, undefined],
    ['/answers/f1/-', 7, 'answers/f1'],
    ['/answers/a~1b', 'x', 'answers/a/b'],
    ['/answers/constructor', 'x', 'answers/constructor'],
    ['/wishes/w1', null, 'wishes/w1'],
    ['/votes/ana', 'many', 'votes/ana'],
    ['/cards/-', { name: 'no rank' }, undefined],
    ['/cards/-', { name: 7, rank: 1 }, undefined]
  ])('for a value that does not fit at %s: %j', (path, value, refused) => {
    const { patch } = start()
    expectRefusal(() => patch([{ op: 'add', path, value }]), 'value-invalid', refused)
  })

  test('for a new entry that brings an id or a field of its own', () => {
    const { patch, b } = start()
    const add = (value: unknown) => () => patch([{ op: 'add', path: '/cards/1', value }])
    expectRefusal(add({ id: b, rank: 1 }), 'patch-failed')
    expectRefusal(add({ id: 'mine', rank: 1 }), 'patch-failed')
    expectRefusal(add({ rank: 1, toString: 'x' }), 'patch-failed', 'cards/1/toString')
  })

  test('where a test fails, whatever came before it', () => {
    const { patch, doc } = start()
    const before = Y.encodeStateAsUpdate(doc)
    const error = refusal(() =>
      patch([
        { op: 'replace', path: '/title', value: 'Play' },
        { op: 'test', path: '/title', value: 'Plan' }
      ])
    )
    expect([error.reason, error.message, error.path]).toEqual([
      'patch-failed',
      'operation 1: /title is not what the test says',
      'title'
    ])
    expect(Y.encodeStateAsUpdate(doc)).toEqual(before)
  })

  test('where copies of copies grow without end', () => {
    const { patch } = start()
    const grow = Array.from({ length: 40 }, () => ({
      op: 'copy',
      from: '/answers/f1',
      path: '/answers/f1/-'
    }))
    expectRefusal(() => patch(grow), 'too-large')
  })

  test('where too many entries find their places in a long list', () => {
    const { patch } = start()
    const many = Array.from({ length: 800 }, (_, rank) => ({ op: 'add', path: '/cards/-', value: { rank } }))
    expectRefusal(() => patch(many), 'update-too-complex', 'cards')
  })
})
