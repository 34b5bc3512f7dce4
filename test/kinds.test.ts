import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { type Action, can } from '../schema/access.ts'
import type { RoomDefinition } from '../schema/define-room.ts'
import { comments, reactionKey, threadsOf } from '../schema/kinds/comments.ts'
import { kinds } from '../schema/kinds/kinds.ts'
import { rightTo, type Section, sections, timelineRoles } from '../schema/kinds/timeline-rights.ts'
import { createLiveStorage } from '../schema/live-storage.ts'
import { readStorage } from '../schema/storage.ts'

const kindOf = (name: string): RoomDefinition => {
  const definition = kinds.get(name)
  if (definition === undefined) throw new Error(`no kind ${name}`)
  return definition
}

const may = (kind: string, role: string, action: Action, path?: string): boolean =>
  can(kindOf(kind), { role, userId: 'ana' }, action, path)

describe('every kind', () => {
  test.each([...kinds.values()])('$kind says what each of its roles may do', ({ roles, access }) => {
    expect(Object.keys(access)).toEqual([...roles])
  })

  test.each([...kinds.values()].filter(({ parent }) => parent !== null))(
    '$kind takes its roles from roles that its parents have',
    ({ parent }) => {
      const above = (parent?.kinds ?? []).flatMap((kind) => [...kindOf(kind).roles])
      const named = [
        ...Object.keys(parent?.roles ?? {}),
        ...(parent?.creators ?? []),
        ...(parent?.owners ?? [])
      ]
      expect(named.filter((role) => !above.includes(role))).toEqual([])
    }
  )

  test.each([...kinds.values()].filter(({ derive }) => derive !== null))(
    '$kind derives from rooms that belong to it',
    ({ kind, derive }) => {
      expect(kindOf(derive?.from.kind ?? '').parent?.kinds).toContain(kind)
    }
  )

  test.each(['response', 'ceremony', 'swipe', 'swipes', 'rsvp', 'vendor', 'budget', 'inbox', 'system'])(
    '%s is nothing to a guest whom nobody has let in',
    (kind) => {
      expect(may(kind, kindOf(kind).guests, 'read')).toBe(false)
    }
  )
})

describe('who may do what', () => {
  test.each<[string, string, string, boolean]>([
    ['form', 'owner', 'title', true],
    ['form', 'editor', 'fields/f1/min', true],
    ['form', 'commenter', 'title', false],
    ['form', 'respondent', 'answers/f1', false],
    ['response', 'respondent', 'answers/f1', true],
    ['response', 'respondent', 'status', false],
    ['response', 'respondent', 'definitionSeq', false],
    ['response', 'submitter', 'answers/f1', false],
    ['response', 'reviewer', 'answers/f1', false],
    ['comments', 'commenter', 'comments/ana:x', true],
    ['comments', 'commenter', 'comments/ben:x', false],
    ['comments', 'commenter', 'comments/anabel:x', false],
    ['comments', 'commenter', 'reactions/ana:ben:x:heart', true],
    ['comments', 'commenter', 'reactions/ben:ben:x:heart', false],
    ['comments', 'commenter', 'resolutions/ben:t', true],
    ['comments', 'reader', 'comments/ana:x', false],
    ['comments', 'moderator', 'comments/ben:x', true],
    ['swipe', 'host', 'deck', false],
    ['swipe', 'host', 'matches/c1', false],
    ['swipe', 'member', 'progress/ana', false],
    ['swipe', 'member', 'choices/ana', true],
    ['swipe', 'member', 'choices/ben', false],
    ['swipes', 'owner', 'answers/c1', true],
    ['ceremony', 'officiant', 'vows/ana', false],
    ['ceremony', 'musician', 'music/m1', true],
    ['ceremony', 'speaker', 'readings/ana:r', true],
    ['timeline', 'photographer', 'items/i1/start', true],
    ['timeline', 'photographer', 'items/i1/name', false],
    ['timeline', 'photographer', 'arrivals/ana', true],
    ['timeline', 'photographer', 'arrivals/ben', false],
    ['timeline', 'coordinator', 'arrivals/ben', true],
    ['timeline', 'coordinator', 'replies', false],
    ['timeline', 'guest', 'seen/ana', true],
    ['timeline', 'guest', 'announcements/ana:x', false],
    ['timeline', 'family', 'seats/g1', true],
    ['rsvp', 'self', 'reply', true],
    ['rsvp', 'self', 'notes', false],
    ['document', 'reader', 'anything', false]
  ])('%s: %s writes %s: %s', (kind, role, path, isAllowed) => {
    expect(may(kind, role, 'write', path)).toBe(isAllowed)
  })
})

/** A role of the timeline in the room of a section, as the table and `ParentRule` give it; null: none. */
const roleIn = (kind: string, role: string, isOwn = false): string | null => {
  const { parent } = kindOf(kind)
  const owned = isOwn && (parent?.owners?.includes(role) ?? true) ? parent?.own : undefined
  return owned ?? parent?.roles[role] ?? null
}

/** Where each section stands, and a path that says whether all of it may be written. */
const places: Record<Section, { kind: string; path: string; own: string | null }> = {
  timeline: { kind: 'timeline', path: 'items/i1/name', own: null },
  guests: { kind: 'guests', path: 'guests/g1', own: 'rsvp' },
  vendors: { kind: 'vendors', path: 'vendors/v1', own: 'vendor' },
  budget: { kind: 'budget', path: 'lines/l1', own: null },
  seating: { kind: 'timeline', path: 'seats/g1', own: null },
  tasks: { kind: 'tasks', path: 'tasks/t1', own: 'task-list' },
  messages: { kind: 'timeline', path: 'announcements/ben:a1', own: null },
  ceremony: { kind: 'ceremony', path: 'vows/ana', own: null },
  emergency: { kind: 'timeline', path: 'contacts/c1', own: null }
}

const cells = timelineRoles.flatMap((role) => sections.map((section) => [role, section] as const))

describe('the table of the timeline', () => {
  test('has ten roles and nine sections', () => {
    expect([timelineRoles.length, sections.length, cells.length]).toEqual([10, 9, 90])
  })

  test.each(cells)('%s and %s: what it says is what the kinds do', (role, section) => {
    const right = rightTo(role, section)
    const { kind, path, own } = places[section]
    const here = kind === 'timeline' ? role : roleIn(kind, role)
    const reads = here !== null && may(kind, here, 'read')
    const writes = here !== null && may(kind, here, 'write', path)
    expect({ reads, writes }).toEqual({
      reads: right === 'write' || right === 'post' || right === 'read',
      writes: right === 'write'
    })
    const ownRole = own === null ? null : roleIn(own, role, true)
    expect(ownRole === 'self').toBe(right === 'own')
  })

  test('nobody sees the own room of another guest', () => {
    expect(timelineRoles.filter((role) => roleIn('rsvp', role) !== null)).toEqual([
      'couple',
      'coordinator',
      'planner',
      'caterer',
      'family'
    ])
  })

  test('the ceremony is open to the couple alone, until they name somebody', () => {
    expect(timelineRoles.filter((role) => roleIn('ceremony', role) !== null)).toEqual(['couple'])
  })

  test('only the coordinator may take the place of the couple', () => {
    const { access } = kindOf('timeline')
    expect(timelineRoles.filter((role) => access[role]?.mayTake?.includes('couple'))).toEqual(['coordinator'])
  })
})

describe('comments', () => {
  const doc = new Y.Doc()
  const as = (userId: string) =>
    createLiveStorage(comments, doc, (change) => doc.transact(change), { userId, role: 'commenter' })

  test('are shown by thread, with who said what and who reacted', () => {
    const [ana, ben] = [as('ana'), as('b:en')]
    const thread = ana.threads.insert({ anchor: { path: 'fields/f1' }, at: 1 })
    const first = ana.comments.insert({ thread, at: 1, text: 'Level 1?' })
    ben.comments.insert({ thread, at: 2, text: 'Level 2', mentions: ['ana'] })
    ben.reactions.set(reactionKey('b:en', first, 'heart'), true)
    ana.reactions.set(reactionKey('ana', first, 'heart'), true)
    ben.resolutions.set(thread, { isResolved: true, by: 'b:en', at: 3 })
    const [shown] = threadsOf(readStorage(comments, doc))
    expect(shown).toMatchObject({ path: 'fields/f1', author: 'ana', isResolved: true })
    expect(shown?.comments).toMatchObject([
      { author: 'ana', text: 'Level 1?' },
      { author: 'b:en', text: 'Level 2', mentions: ['ana'] }
    ])
    const who = shown?.comments[0]?.reactions.get('heart')
    expect([...(who ?? [])].sort()).toEqual(['ana', 'b:en'])
  })
})
