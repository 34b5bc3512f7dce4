/** The sections of a timeline that not everybody reads: each is a room beside it, `budget/42` of `timeline/42`. */
import * as z from 'zod/mini'
import { defineRoom } from '../define-room.ts'
import { type StorageShape, s } from '../storage-words.ts'
import { rolesWith, type Section } from './timeline-rights.ts'

const focus = z.object({ focus: z.nullable(z.string()) })

const shared = {
  roles: ['couple', 'writer', 'reader', 'stranger'],
  access: {
    couple: { write: '*', comment: true, manage: true },
    writer: { write: '*', comment: true },
    reader: {},
    stranger: { read: false }
  },
  guests: 'stranger'
} as const

/**
 * | role       | who                                   | may                  |
 * |------------|---------------------------------------|----------------------|
 * | `couple`   | the couple                            | write, name others   |
 * | `writer`   | who has `write` in the table          | write                |
 * | `reader`   | who has `read` in the table           | read                 |
 * | `stranger` | everybody else                        | nothing              |
 */
const sectionRules = (section: Section) => ({
  ...shared,
  parent: {
    kinds: ['timeline'],
    id: 'same' as const,
    roles: Object.fromEntries([
      ...rolesWith(section, 'write').map((role) => [role, role === 'couple' ? 'couple' : 'writer'] as const),
      ...rolesWith(section, 'read', 'post').map((role) => [role, 'reader'] as const)
    ])
  },
  presence: focus
})

const line = z._default(z.string().check(z.maxLength(200)), '')
const amount = z._default(z.nullable(z.number()), null)

/** The guest list. What each guest answers is in their own room, of the kind `rsvp`. */
export const guests = defineRoom({
  kind: 'guests',
  ...sectionRules('guests'),
  storage: {
    guests: s.collection({
      name: s.text(),
      /** The user who answers for them; null: nobody has been invited yet. */
      user: s.value(z._default(z.nullable(z.string()), null)),
      side: s.value(z._default(z.enum(['one', 'other', 'both']), 'both')),
      group: s.value(line),
      notes: s.text()
    })
  } satisfies StorageShape
})

/** Everybody who is paid, with what was agreed. What one of them sees of it is in their own room, of the kind `vendor`. */
export const vendors = defineRoom({
  kind: 'vendors',
  ...sectionRules('vendors'),
  storage: {
    vendors: s.collection({
      name: s.text(),
      user: s.value(z._default(z.nullable(z.string()), null)),
      trade: s.value(line),
      phone: s.value(line),
      fee: s.contested(amount),
      isBooked: s.value(z._default(z.boolean(), false)),
      notes: s.text()
    })
  } satisfies StorageShape,
  conflict: { fee: 'ask' }
})

export const budget = defineRoom({
  kind: 'budget',
  ...sectionRules('budget'),
  storage: {
    limit: s.contested(amount),
    currency: s.value(z._default(z.string().check(z.length(3)), 'EUR')),
    lines: s.collection({
      name: s.text(),
      planned: s.contested(amount),
      paid: s.value(amount),
      dueOn: s.value(z._default(z.nullable(z.iso.date()), null))
    })
  } satisfies StorageShape,
  conflict: { limit: 'ask', planned: 'role' }
})

/** What is to be done, of everybody. One's own tasks are in one's own room, of the kind `task-list`. */
export const tasks = defineRoom({
  kind: 'tasks',
  ...sectionRules('tasks'),
  storage: {
    tasks: s.collection({
      name: s.text(),
      owner: s.value(z._default(z.nullable(z.string()), null)),
      dueAt: s.value(z._default(z.nullable(z.number()), null)),
      isDone: s.value(z._default(z.boolean(), false))
    })
  } satisfies StorageShape
})
