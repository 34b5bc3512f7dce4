import * as z from 'zod/mini'
import type { RoleRules } from '../access.ts'
import { defineRoom } from '../define-room.ts'
import { type StorageShape, s } from '../storage-words.ts'
import { rsvp } from './timeline-own.ts'
import { rightTo, type Section, sections, type TimelineRole, timelineRoles } from './timeline-rights.ts'

/** When something is: its date, its time and how long it takes change together or not at all. */
const slot = z.object({
  date: z.iso.date(),
  time: z.string().check(z.regex(/^([01]\d|2[0-3]):[0-5]\d$/)),
  minutes: z.int().check(z.minimum(0), z.maximum(1_440))
})
export type Slot = z.infer<typeof slot>

const text = (lengthMax: number) => z.string().check(z.maxLength(lengthMax))
const list = z._default(z.array(z.string()).check(z.maxLength(200)), [])
const replies = z.object({ coming: z.int(), notComing: z.int(), unsure: z.int() })
const noReplies = { coming: 0, notComing: 0, unsure: 0 }

const storage = {
  title: s.text(),
  place: s.text(),
  items: s.collection({
    name: s.text(),
    place: s.text(),
    notes: s.text(),
    /** The role in whose row it stands. */
    lane: s.value(z._default(z.nullable(z.enum(timelineRoles)), null)),
    start: s.contested(z._default(z.nullable(slot), null)),
    /** Ids of the users who have to be there. */
    people: s.value(list),
    state: s.value(z._default(z.enum(['planned', 'running', 'done', 'dropped']), 'planned'))
  }),
  /** What each person says of themselves on the day. */
  arrivals: s.perUser(
    z.object({ state: z.enum(['here', 'late', 'gone']), minutesLate: z.int(), at: z.number() })
  ),
  tables: s.collection({ name: s.text(), seats: s.value(z.int()) }),
  /** By the id of a guest in the guest list. */
  seats: s.record(s.value(z.object({ table: z.string(), seat: z.nullable(z.int()) }))),
  announcements: s.collection(
    { text: s.text(), at: s.value(z.number()), to: s.value(z._default(z.array(z.enum(timelineRoles)), [])) },
    { owned: true }
  ),
  /** Up to which announcement each person has read, by its time. */
  seen: s.perUser(z.number()),
  emergencyPlan: s.text(),
  contacts: s.collection({ name: s.text(), phone: s.value(text(32)), about: s.text() }),
  incidents: s.collection(
    { text: s.text(), at: s.value(z.number()), isOver: s.value(z._default(z.boolean(), false)) },
    { owned: true }
  ),
  /** How many guests come; the server counts, so that nobody has to read who said what. */
  replies: s.value(z._default(replies, noReplies))
} as const satisfies StorageShape

type Key = keyof typeof storage

/** The sections that stand in this room: everybody reads them. The rest see `timeline-sections.ts` and `timeline-own.ts`. */
const parts: Readonly<Partial<Record<Section, { write: readonly Key[]; post: readonly string[] }>>> = {
  timeline: { write: ['title', 'place', 'items', 'arrivals'], post: ['items/*/start', 'arrivals/own'] },
  seating: { write: ['tables', 'seats'], post: [] },
  messages: { write: ['announcements', 'seen'], post: ['announcements/own', 'seen/own'] },
  emergency: { write: ['emergencyPlan', 'contacts', 'incidents'], post: ['incidents/own'] }
}

const rulesOf = (role: TimelineRole): RoleRules => {
  const write = sections.flatMap((section) => {
    const right = rightTo(role, section)
    const paths = parts[section]
    return right === 'write' ? (paths?.write ?? []) : right === 'post' ? (paths?.post ?? []) : []
  })
  // Whoever reads announcements says so.
  return { write: [...new Set<string>([...write, 'seen/own'])], comment: role !== 'guest' }
}

const access: Record<TimelineRole, RoleRules> = {
  couple: { write: '*', comment: true, manage: true },
  coordinator: { ...rulesOf('coordinator'), manage: true, mayTake: ['couple'] },
  planner: { ...rulesOf('planner'), manage: true },
  officiant: rulesOf('officiant'),
  photographer: rulesOf('photographer'),
  caterer: rulesOf('caterer'),
  florist: rulesOf('florist'),
  musician: rulesOf('musician'),
  family: rulesOf('family'),
  guest: rulesOf('guest')
}

/**
 * A wedding day. Who may do what is one table: see `timeline-rights.ts`.
 *
 * What everybody reads stands here: the items with their times, seating, announcements, what to do in an emergency. Two
 * people who set a start at once both keep theirs; that of the higher role is shown until somebody chooses. The
 * coordinator may take the couple's place for a limited time.
 */
export const timeline = defineRoom({
  kind: 'timeline',
  roles: timelineRoles,
  access,
  storage,
  conflict: { start: 'role' },
  presence: z.object({
    /** Path of what has the focus, as in `items/i1/start`. */
    focus: z.nullable(z.string()),
    view: z.enum(['plan', 'day', 'guests'])
  }),
  derive: {
    from: rsvp,
    run: ({ storage, snapshot, children }) => {
      const counts = { ...noReplies }
      for (const { reply } of children.values()) {
        if (reply === 'yes') counts.coming++
        else if (reply === 'no') counts.notComing++
        else counts.unsure++
      }
      const { coming, notComing, unsure } = snapshot.replies
      if (coming !== counts.coming || notComing !== counts.notComing || unsure !== counts.unsure)
        storage.replies.set(counts)
    }
  }
})
