import { describe, expect, test } from 'vitest'
import * as z from 'zod/mini'
import type { RoleRules } from '../schema/access.ts'
import { defineRoom } from '../schema/define-room.ts'
import { s } from '../schema/storage-words.ts'

const storage = {
  title: s.text(),
  items: s.collection({ name: s.text(), start: s.contested(z.number()) }),
  wishes: s.collection({ text: s.text() }, { owned: true }),
  moods: s.perUser(z.string()),
  limits: s.object({ most: s.contested(z._default(z.number(), 9)) })
}

/** A definition that is right but for what is given, as a caller without types would write it. */
const define = (part: Record<string, unknown>) => () => {
  const spec = { kind: 'x', roles: ['host', 'guest'], presence: z.object({}), storage, ...part }
  return defineRoom(spec as Parameters<typeof defineRoom>[0])
}

const withPath = (path: string): RoleRules => ({ write: [path] })

describe('a definition that is wrong is refused when it is loaded, by what is wrong', () => {
  test.each([
    [{ kind: 'Wedding Day' }, 'kind "Wedding Day": lower-case letters'],
    [{ roles: [] }, 'x: a kind has at least one role'],
    [{ roles: ['host', 'admin'] }, 'x: admin is a role of every kind already'],
    [{ roles: ['host', 'guest', 'host'] }, 'x: the role host is there twice'],
    [{ guests: 'boss' }, 'x: boss is none of its roles host, guest'],
    [{ access: { boss: {} } }, 'x.access: boss is none of its roles host, guest'],
    [{ access: { guest: { mayTake: ['boss'] } } }, 'x.access.guest: no role is named boss'],
    [{ access: { guest: withPath('cards') } }, 'x.access.guest: "cards": the storage has no key "cards"'],
    [{ access: { guest: withPath('toString') } }, 'the storage has no key "toString"'],
    [
      { access: { guest: withPath('items/i1') } },
      '"items/i1": a path is key, key/own, key/own/field or key/*/field'
    ],
    [{ access: { guest: withPath('items/*') } }, 'a path is key'],
    [{ access: { guest: withPath('items/*/start/more') } }, 'a path is key'],
    [{ access: { guest: withPath('items/own') } }, `"items/own": nothing in items is anybody's own`],
    [{ access: { guest: withPath('title/own') } }, `nothing in title is anybody's own`],
    [{ access: { guest: withPath('items/*/colour') } }, 'entries of items have no field "colour"'],
    [{ access: { guest: withPath('moods/own/name') } }, 'moods is no collection'],
    [{ conflict: { colour: 'last' } }, 'x.conflict: no contested value is named colour'],
    [{ conflict: { start: 'first' } }, 'x.conflict: start: first is none of last, role, ask, nor a function'],
    [{ storage: { 'a/b': s.text() } }, 'x.storage.a/b: no name'],
    [
      { storage: { items: s.collection({ order: s.text() }) } },
      'items.order: entries have id, order, deletedAt'
    ],
    [{ storage: { doors: s.contested(z.number()) } }, 'x.storage.doors: nobody may have written it yet']
  ])('%o', (part, message) => {
    expect(define(part)).toThrow(TypeError)
    expect(define(part)).toThrow(message)
  })
})

test.each(['items', 'items/*/start', 'wishes/own', 'wishes/own/text', 'moods/own', 'limits', 'title'])(
  'the path %s is one',
  (path) => {
    expect(define({ access: { guest: withPath(path) } })().access.guest).toEqual({ write: [path] })
  }
)

describe('what is left out', () => {
  test('without access every role may write everything, but readers', () => {
    const { access, guests, creator } = define({ readers: ['guest'] })()
    expect(access).toEqual({ host: { write: '*', comment: true }, guest: {} })
    expect([guests, creator]).toEqual(['guest', 'host'])
  })

  test('with access a role that it does not name may write nothing', () => {
    expect(define({ access: { host: { write: '*' } } })().access.guest).toEqual({})
  })

  test('every contested value has a rule, by its path', () => {
    const { conflict } = define({ conflict: { start: 'role' } })()
    expect(conflict).toEqual({ 'items/start': 'role', 'limits/most': 'last' })
  })
})
