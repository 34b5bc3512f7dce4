/** What somebody sees of a timeline alone: a room per person, `rsvp/42~ana` of `timeline/42`. */
import * as z from 'zod/mini'
import { defineRoom } from '../define-room.ts'
import { type StorageShape, s } from '../storage-words.ts'
import { rolesWith, type Section } from './timeline-rights.ts'

const focus = z.object({ focus: z.nullable(z.string()) })

/**
 * | role       | who                                   | may                  |
 * |------------|---------------------------------------|----------------------|
 * | `keeper`   | who has `write` in the table          | write                |
 * | `self`     | the person, with `own` in the table   | write what is theirs |
 * | `reader`   | who has `read` in the table           | read                 |
 * | `stranger` | everybody else, other guests included | nothing              |
 *
 * @param own storage keys that the person writes
 */
const ownRules = (section: Section, own: readonly string[]) => ({
  roles: ['keeper', 'self', 'reader', 'stranger'] as const,
  access: {
    keeper: { write: '*', comment: true },
    self: { write: own, comment: true },
    reader: {},
    stranger: { read: false }
  } as const,
  guests: 'stranger' as const,
  parent: {
    kinds: ['timeline'],
    id: 'user' as const,
    roles: Object.fromEntries([
      ...rolesWith(section, 'write').map((role) => [role, 'keeper'] as const),
      ...rolesWith(section, 'read', 'post').map((role) => [role, 'reader'] as const)
    ]),
    own: 'self' as const,
    owners: rolesWith(section, 'own')
  },
  presence: focus
})

const line = z._default(z.string().check(z.maxLength(500)), '')

/** A guest's answer, and whom they bring. */
export const rsvp = defineRoom({
  kind: 'rsvp',
  ...ownRules('guests', ['reply', 'companions', 'diet', 'message']),
  storage: {
    reply: s.value(z._default(z.enum(['yes', 'no', 'unsure']), 'unsure')),
    companions: s.collection({ name: s.text(), diet: s.value(line) }),
    diet: s.value(line),
    message: s.text(),
    /** What the couple notes about it. */
    notes: s.text()
  } satisfies StorageShape
})

/** What was agreed with one vendor, and when they say they come. */
export const vendor = defineRoom({
  kind: 'vendor',
  ...ownRules('vendors', ['arrival', 'needs', 'isConfirmed']),
  storage: {
    agreed: s.text(),
    fee: s.value(z._default(z.nullable(z.number()), null)),
    arrival: s.contested(z._default(z.string().check(z.maxLength(5)), '')),
    needs: s.text(),
    isConfirmed: s.value(z._default(z.boolean(), false))
  } satisfies StorageShape,
  conflict: { arrival: 'role' }
})

/** One person's tasks: others give them, they tick them off and add their own. */
export const taskList = defineRoom({
  kind: 'task-list',
  ...ownRules('tasks', ['tasks']),
  storage: {
    tasks: s.collection({
      name: s.text(),
      dueAt: s.value(z._default(z.nullable(z.number()), null)),
      isDone: s.value(z._default(z.boolean(), false))
    })
  } satisfies StorageShape
})
