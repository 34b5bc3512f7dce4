import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import * as z from 'zod/mini'
import { defineRoom } from '../schema/define-room.ts'
import { form } from '../schema/kinds/form.ts'
import { createLiveStorage, type LiveStorage } from '../schema/live-storage.ts'
import { createStorageMirror, readStorage, type StorageProblem } from '../schema/storage.ts'
import { s } from '../schema/storage-words.ts'

const board = defineRoom({
  kind: 'board',
  roles: ['writer'],
  readers: [],
  guests: 'writer',
  presence: z.object({}),
  storage: {
    title: s.text(),
    phase: s.value(z._default(z.enum(['open', 'closed']), 'open')),
    settings: s.object({ limit: s.value(z._default(z.number(), 3)), note: s.text() }),
    cards: s.collection({
      name: s.text(),
      rank: s.value(z.number()),
      tags: s.value(z._default(z.array(z.string()), []))
    }),
    votes: s.record(s.value(z.number())),
    comments: s.record(s.text())
  }
})

type Board = (typeof board)['storage']
const write = (doc: Y.Doc): LiveStorage<Board> =>
  createLiveStorage(board, doc, (change) => doc.transact(change), { userId: 'ana', role: 'writer' })

describe('reading a storage', () => {
  test('an empty document reads as its defaults, and nothing is added to it', () => {
    const doc = new Y.Doc()
    expect(readStorage(board, doc)).toEqual({
      title: '',
      phase: 'open',
      settings: { limit: 3, note: '' },
      cards: [],
      votes: {},
      comments: {}
    })
    expect([...doc.share.keys()]).toEqual([])
  })

  test('it reads what was written, from the bytes alone', () => {
    const doc = new Y.Doc()
    const live = write(doc)
    live.title.replace('Plan')
    live.phase.set('closed')
    live.settings.note.replace('by Monday')
    const id = live.cards.insert({ name: 'Queen', rank: 12 })
    live.votes.set('ana', 2)
    live.comments.get('c1').replace('fine')
    const copy = new Y.Doc()
    Y.applyUpdate(copy, Y.encodeStateAsUpdate(doc))
    expect(readStorage(board, copy)).toEqual({
      title: 'Plan',
      phase: 'closed',
      settings: { limit: 3, note: 'by Monday' },
      cards: [{ id, name: 'Queen', rank: 12, tags: [] }],
      votes: { ana: 2 },
      comments: { c1: 'fine' }
    })
  })

  test('texts are root types named by their path', () => {
    const doc = new Y.Doc()
    const live = write(doc)
    const id = live.cards.insert({ name: 'Queen', rank: 1 })
    live.settings.note.replace('n')
    live.comments.get('c1').replace('c')
    expect([...doc.share.keys()].sort()).toEqual([
      'cards',
      `cards/${id}/name`,
      'comments/c1',
      'settings/note'
    ])
  })

  test('a bad value is reported by path, its default shown, and the rest with it', () => {
    const doc = new Y.Doc()
    const id = write(doc).cards.insert({ rank: 1 })
    const entry = doc.getMap<Y.Map<unknown>>('cards').get(id)
    entry?.set('tags', 'no list')
    doc.getMap('value-less').set('value', 1)
    doc.getMap('phase').set('value', 'ajar')
    const problems: StorageProblem[] = []
    const snapshot = readStorage(board, doc, (problem) => problems.push(problem))
    expect(snapshot.cards).toEqual([{ id, name: '', rank: 1, tags: [] }])
    expect(snapshot.phase).toBe('open')
    expect(problems.map(({ path, value }) => [path, value])).toEqual([
      ['phase', 'ajar'],
      [`cards/${id}/tags`, 'no list']
    ])
  })

  test('an entry whose value is bad and has no default is left out alone', () => {
    const doc = new Y.Doc()
    const live = write(doc)
    const good = live.cards.insert({ rank: 1 })
    const bad = live.cards.insert({ rank: 2 })
    const cards = doc.getMap<unknown>('cards')
    const entry = cards.get(bad)
    if (entry instanceof Y.Map) entry.set('rank', 'high')
    cards.set('scalar', 7)
    cards.set('a/b', new Y.Map())
    expect(readStorage(board, doc).cards.map((card) => card.id)).toEqual([good])
  })

  test('a shared type in the place of a value is reported, not shown', () => {
    const doc = new Y.Doc()
    doc.getMap('votes').set('ana', new Y.Array())
    const problems: StorageProblem[] = []
    expect(readStorage(board, doc, (problem) => problems.push(problem)).votes).toEqual({})
    expect(problems).toHaveLength(1)
  })

  test('removed entries are out of sight and their content stays in the document', () => {
    const doc = new Y.Doc()
    const live = write(doc)
    const id = live.cards.insert({ name: 'Queen', rank: 1 })
    live.cards.remove(id)
    expect(readStorage(board, doc).cards).toEqual([])
    expect(live.cards.get(id)).toBeUndefined()
    expect(doc.getText(`cards/${id}/name`).toString()).toBe('Queen')
  })

  test('entries stand in the order of their keys by UTF-16 units, then by id', () => {
    const doc = new Y.Doc()
    const cards = doc.getMap('cards')
    for (const [id, order] of [
      ['b', 'a1'],
      ['c', 'Zz'],
      ['a', 'a1'],
      ['d', 'a0']
    ]) {
      cards.set(
        String(id),
        new Y.Map<unknown>([
          ['order', order],
          ['rank', 1]
        ])
      )
    }
    expect(readStorage(board, doc).cards.map((card) => card.id)).toEqual(['c', 'd', 'a', 'b'])
  })
})

describe('the mirror', () => {
  test('what was not touched keeps its reference', () => {
    const doc = new Y.Doc()
    const live = write(doc)
    const first = live.cards.insert({ name: 'Ace', rank: 1 })
    live.cards.insert({ name: 'King', rank: 13 })
    const mirror = createStorageMirror(board, doc)
    const before = mirror.get()
    live.cards.get(first)?.name.replace('Ace of hearts')
    const after = mirror.get()
    expect(after.cards[0]).not.toBe(before.cards[0])
    expect(after.cards[0]?.tags).toBe(before.cards[0]?.tags)
    expect(after.cards[1]).toBe(before.cards[1])
    expect(after.settings).toBe(before.settings)
    expect(after.votes).toBe(before.votes)
  })

  test('a change that leaves every value as it was leaves the snapshot as it was', () => {
    const doc = new Y.Doc()
    const live = write(doc)
    live.votes.set('ana', 1)
    const mirror = createStorageMirror(board, doc)
    const before = mirror.get()
    live.votes.set('ana', 1)
    expect(mirror.get()).toBe(before)
  })

  test('it tells its listeners of changes to the storage, and not of others', () => {
    const doc = new Y.Doc()
    const mirror = createStorageMirror(board, doc)
    let told = 0
    mirror.subscribe(() => told++)
    doc.getMap('elsewhere').set('x', 1)
    expect(told).toBe(0)
    doc.getText('title').insert(0, 'x')
    expect(told).toBe(1)
  })

  test('a problem is reported once as long as it lasts', () => {
    const doc = new Y.Doc()
    const problems: string[] = []
    const mirror = createStorageMirror(board, doc, ({ path }) => problems.push(path))
    doc.getMap('phase').set('value', 'ajar')
    mirror.get()
    doc.getMap('phase').set('other', 1)
    mirror.get()
    expect(problems).toEqual(['phase'])
  })

  test('after any edits of two people it equals what reading afresh gives', () => {
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 60 }), (edits) => {
        const docs = [new Y.Doc(), new Y.Doc()] as const
        const mirrors = docs.map((doc) => createStorageMirror(board, doc))
        const lives = docs.map(write)
        for (const { who, act } of edits) {
          const live = lives[who]
          if (live !== undefined) act(live, docs)
          if (who === 1) mirrors[0]?.get()
        }
        exchange(docs)
        for (const [index, doc] of docs.entries())
          expect(mirrors[index]?.get()).toEqual(readStorage(board, doc))
        expect(mirrors[0]?.get()).toEqual(mirrors[1]?.get())
      }),
      { numRuns: 300 }
    )
  })

  test('in any edits an entry that reads the same is the same object', () => {
    fc.assert(
      fc.property(fc.array(edit, { maxLength: 40 }), (edits) => {
        const docs = [new Y.Doc(), new Y.Doc()] as const
        const mirror = createStorageMirror(board, docs[0])
        const lives = docs.map(write)
        for (const { who, act } of edits) {
          const before = mirror.get()
          const live = lives[who]
          if (live !== undefined) act(live, docs)
          for (const card of mirror.get().cards) {
            const old = before.cards.find(({ id }) => id === card.id)
            if (old !== undefined && JSON.stringify(old) === JSON.stringify(card)) expect(card).toBe(old)
          }
        }
      }),
      { numRuns: 200 }
    )
  })
})

describe('the form', () => {
  test('two people who begin one answer at once both keep what they typed', () => {
    const docs = [new Y.Doc(), new Y.Doc()] as const
    for (const [index, doc] of docs.entries()) {
      const live = createLiveStorage(form, doc, (change) => doc.transact(change), {
        userId: 'ana',
        role: 'writer'
      })
      live.answerTexts.get('f1').replace(index === 0 ? 'morning ' : 'evening ')
    }
    exchange(docs)
    const text = readStorage(form, docs[0]).answerTexts.f1
    expect(text).toContain('morning ')
    expect(text).toContain('evening ')
    expect(readStorage(form, docs[1]).answerTexts.f1).toBe(text)
  })
})

type Edit = {
  readonly who: number
  readonly act: (live: LiveStorage<Board>, docs: readonly [Y.Doc, Y.Doc]) => void
}

const exchange = ([a, b]: readonly [Y.Doc, Y.Doc]): void => {
  Y.applyUpdate(a, Y.encodeStateAsUpdate(b, Y.encodeStateVector(a)))
  Y.applyUpdate(b, Y.encodeStateAsUpdate(a, Y.encodeStateVector(b)))
}

const pick = (ids: readonly string[], n: number): string | undefined => ids[n % Math.max(1, ids.length)]

const act: fc.Arbitrary<Edit['act']> = fc.oneof(
  fc.string({ maxLength: 5 }).map((text) => (live: LiveStorage<Board>) => live.title.replace(text)),
  fc.nat(9).map((limit) => (live: LiveStorage<Board>) => live.settings.limit.set(limit)),
  fc.tuple(fc.nat(3), fc.nat(9)).map(
    ([who, n]) =>
      (live: LiveStorage<Board>) =>
        live.votes.set(`u${who}`, n)
  ),
  fc.nat(3).map((who) => (live: LiveStorage<Board>) => live.votes.remove(`u${who}`)),
  fc.tuple(fc.nat(3), fc.string({ maxLength: 4 })).map(
    ([who, text]) =>
      (live: LiveStorage<Board>) =>
        live.comments.get(`c${who}`).replace(text)
  ),
  fc.tuple(fc.nat(9), fc.nat(20)).map(([rank, n]) => (live: LiveStorage<Board>) => {
    const before = pick(live.cards.ids(), n)
    live.cards.insert({ rank, name: `n${rank}` }, before === undefined ? {} : { before })
  }),
  fc
    .tuple(fc.nat(20), fc.nat(20), fc.nat(3), fc.nat(9))
    .map(([n, m, what, rank]) => (live: LiveStorage<Board>) => {
      const id = pick(live.cards.ids(), n)
      const other = pick(live.cards.ids(), m)
      if (id === undefined || other === undefined) return
      if (what === 0) live.cards.remove(id)
      if (what === 1) live.cards.move(id, { after: other })
      if (what === 2) live.cards.update(id, { rank, tags: [`t${rank}`] })
      if (what === 3) live.cards.get(id)?.name.replace(`m${rank}`)
    }),
  fc.constant((_: LiveStorage<Board>, docs: readonly [Y.Doc, Y.Doc]) => exchange(docs))
)

const edit: fc.Arbitrary<Edit> = fc.record({ who: fc.nat(1), act })
