/** What a room gives back of what was refused: each place that was changed here, as it stood. */
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { defineRoom } from '../schema/define-room.ts'
import { s } from '../schema/storage-words.ts'
import { createPeople, tell } from './support/replicas.ts'

const desk = defineRoom({
  kind: 'desk',
  roles: ['writer'],
  presence: z.object({}),
  storage: {
    phase: s.value(z._default(z.string(), 'open')),
    title: s.text(),
    due: s.contested(z._default(z.string(), '')),
    settings: s.object({ limit: s.value(z._default(z.number(), 3)), note: s.text() }),
    cards: s.collection({ name: s.text(), rank: s.value(z.number()), start: s.contested(z.string()) }),
    votes: s.record(s.value(z.object({ points: z.number() }))),
    moods: s.perUser(z.string())
  }
})

const ana = { userId: 'ana', role: 'writer' }

test('every word of a storage is given back by its path', () => {
  const { storage, kept } = createPeople(desk).join(ana)
  storage.phase.set('closed')
  storage.title.replace('Plan')
  storage.due.set('May')
  storage.settings.limit.set(5)
  storage.settings.note.replace('soon')
  storage.votes.set('v1', { points: 2 })
  storage.moods.set('good')
  expect(Object.fromEntries(kept(null).keptEdits.map(({ path, value }) => [path, value]))).toEqual({
    phase: 'closed',
    title: 'Plan',
    due: 'May',
    'settings/limit': 5,
    'settings/note': 'soon',
    'votes/v1': { points: 2 },
    'moods/ana': 'good'
  })
})

test('of an entry there is what it holds, and what was changed in it, without what it has by itself', () => {
  const people = createPeople(desk)
  const [a, b] = [people.join(ana), people.join({ userId: 'bob', role: 'writer' })]
  const id = b.storage.cards.insert({ rank: 1, start: '10:00', name: 'Ace' })
  people.meet()
  expect(a.kept(null).keptEdits).toEqual([])
  a.storage.cards.update(id, { rank: 2 })
  a.storage.cards.get(id)?.start.set('11:00')
  a.storage.cards.move(id, {})
  expect(a.kept(null).keptEdits).toEqual([
    { path: `cards/${id}/rank`, value: 2 },
    { path: `cards/${id}/start`, value: '11:00' }
  ])
})

test('the texts of it are one text to copy, line by line', () => {
  const { storage, kept } = createPeople(desk).join(ana)
  storage.title.replace('Plan')
  storage.due.set('May')
  storage.settings.limit.set(5)
  expect(kept(null).keptText).toBe('Plan\nMay')
})

test('what was confirmed is not given back', () => {
  const { storage, kept, asked, confirmed } = createPeople(desk).join(ana)
  storage.title.replace('Plan')
  asked()
  storage.phase.set('closed')
  confirmed()
  expect(kept(null).keptEdits).toEqual([{ path: 'phase', value: 'closed' }])
  asked()
  expect(kept(null).keptEdits).toEqual([{ path: 'phase', value: 'closed' }])
  confirmed()
  expect(kept(null).keptEdits).toEqual([])
})

test('what a confirmation that never came was about is given back', () => {
  const { storage, kept, asked, confirmed } = createPeople(desk).join(ana)
  storage.title.replace('Plan')
  asked()
  storage.phase.set('closed')
  asked()
  expect(kept(null).keptEdits).toEqual([
    { path: 'title', value: 'Plan' },
    { path: 'phase', value: 'closed' }
  ])
  confirmed()
  expect(kept(null).keptEdits).toEqual([])
})

test('where it is known what the room has, the rest is given back, whoever made it and in whichever visit', () => {
  const people = createPeople(desk)
  const [before, again, room] = [people.join(ana), people.join(ana), people.join(ana)]
  const id = before.storage.cards.insert({ rank: 1, start: '10:00', name: 'Ace' })
  before.storage.title.replace('Plan')
  people.meet()
  before.storage.title.replace('Plan B')
  before.storage.moods.set('good')
  tell(before.doc, again.doc)
  again.storage.cards.get(id)?.start.set('11:00')
  const jack = again.storage.cards.insert({ rank: 3, start: '12:00', name: 'Jack' })
  room.storage.cards.update(id, { rank: 2 })
  const { keptEdits, keptText } = again.kept(room.doc)
  expect(Object.fromEntries(keptEdits.map(({ path, value }) => [path, value]))).toEqual({
    title: 'Plan B',
    'moods/ana': 'good',
    [`cards/${id}/start`]: '11:00',
    [`cards/${jack}`]: expect.objectContaining({ rank: 3 }),
    [`cards/${jack}/name`]: 'Jack',
    [`cards/${jack}/start`]: '12:00'
  })
  expect(keptText.split('\n').sort()).toEqual(['11:00', '12:00', 'Jack', 'Plan B', 'good'])
})

test('of an earlier visit, while it is not known what the room has, everything that reads as text is given back', () => {
  const people = createPeople(desk)
  const [before, again] = [people.join(ana), people.join(ana)]
  before.storage.title.replace('Plan')
  tell(before.doc, again.doc)
  expect(again.kept(null).keptText).toBe('')
  again.restored()
  expect(again.kept(null)).toMatchObject({ keptText: 'Plan', keptEdits: [] })
  again.asked()
  again.confirmed()
  expect(again.kept(null).keptText).toBe('')
})
