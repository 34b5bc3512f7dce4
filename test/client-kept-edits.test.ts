/** What a room gives back of what was refused: each place that was changed here, as it stood. */
import { expect, test } from 'vitest'
import * as z from 'zod/mini'
import { defineRoom } from '../schema/define-room.ts'
import { s } from '../schema/storage-words.ts'
import { createPeople } from './support/replicas.ts'

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
  expect(Object.fromEntries(kept().keptEdits.map(({ path, value }) => [path, value]))).toEqual({
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
  expect(a.kept().keptEdits).toEqual([])
  a.storage.cards.update(id, { rank: 2 })
  a.storage.cards.get(id)?.start.set('11:00')
  a.storage.cards.move(id, {})
  expect(a.kept().keptEdits).toEqual([
    { path: `cards/${id}/rank`, value: 2 },
    { path: `cards/${id}/start`, value: '11:00' }
  ])
})

test('the texts of it are one text to copy, line by line', () => {
  const { storage, kept } = createPeople(desk).join(ana)
  storage.title.replace('Plan')
  storage.due.set('May')
  storage.settings.limit.set(5)
  expect(kept().keptText).toBe('Plan\nMay')
})

test('what was confirmed is not given back', () => {
  const { storage, kept, confirmed } = createPeople(desk).join(ana)
  storage.title.replace('Plan')
  confirmed()
  storage.phase.set('closed')
  expect(kept().keptEdits).toEqual([{ path: 'phase', value: 'closed' }])
})
