import * as z from 'zod/mini'
import { defineRoom } from '../../schema/define-room.ts'
import { s } from '../../schema/storage-words.ts'

/** A kind with every word of a storage. */
export const board = defineRoom({
  kind: 'board',
  roles: ['owner', 'painter', 'guest'],
  access: {
    owner: { write: '*' },
    painter: { write: ['cards/*/color', 'votes/own'] },
    guest: {}
  },
  presence: z.object({}),
  storage: {
    title: s.text(),
    phase: s.value(z._default(z.enum(['open', 'closed']), 'open')),
    due: s.contested(z._default(z.nullable(z.string()), null)),
    settings: s.object({
      limit: s.value(z._default(z.number(), 3)),
      note: s.text(),
      theme: s.contested(z._default(z.string(), 'light'))
    }),
    cards: s.collection({
      name: s.text(),
      color: s.value(z._default(z.string(), 'white')),
      rank: s.value(z.number()),
      when: s.value(z._default(z.nullable(z.object({ date: z.string(), time: z.string() })), null)),
      start: s.contested(z._default(z.number(), 0))
    }),
    answers: s.record(s.value(z.union([z.string(), z.array(z.string())]))),
    notes: s.record(s.text()),
    wishes: s.record(s.contested(z.string())),
    votes: s.perUser(z.number())
  }
})
