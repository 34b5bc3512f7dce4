/** A kind of room with something of every word of the storage, and a role for every kind of path. */
import * as z from 'zod/mini'
import { defineRoom } from '../../schema/define-room.ts'
import { s } from '../../schema/storage-words.ts'

const text = z._default(z.string(), '')
const flag = z._default(z.boolean(), false)

export const plan = defineRoom({
  kind: 'plan',
  roles: [
    'owner',
    'photographer',
    'curator',
    'florist',
    'caterer',
    'respondent',
    'commenter',
    'member',
    'guest',
    'reader'
  ],
  access: {
    owner: { write: '*', comment: true },
    photographer: { write: ['items', 'tasks'] },
    curator: { write: ['photos'] },
    florist: { write: ['photos/own/caption'] },
    caterer: { write: ['items/*/name'] },
    respondent: { write: ['answers', 'answerTexts'] },
    commenter: { write: ['remarks/own'], comment: true },
    member: { write: ['picks/own'] },
    guest: { write: ['rsvps/own'] },
    reader: {}
  },
  storage: {
    title: s.text(),
    headline: s.value(text),
    date: s.contested(text),
    theme: s.object({ color: s.value(text), motto: s.text() }),
    items: s.collection({
      name: s.value(z.string()),
      minutes: s.value(z._default(z.number(), 0)),
      body: s.text(),
      start: s.contested(z._default(z.nullable(z.string()), null))
    }),
    /** Its name begins as that of another. */
    tasksNote: s.text(),
    tasks: s.collection({ name: s.value(z.string()), done: s.value(flag) }),
    photos: s.collection({ caption: s.value(text), story: s.text() }, { owned: true }),
    remarks: s.collection({ text: s.value(z.string()), draft: s.text() }, { owned: true }),
    rsvps: s.perUser(z.object({ coming: z.boolean() })),
    picks: s.record(s.value(z.boolean())),
    answers: s.record(s.value(z.union([z.string(), z.number()]))),
    answerTexts: s.record(s.text())
  },
  presence: z.looseObject({})
})
