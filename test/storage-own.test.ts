/** What belongs to one person: values per user, and entries that are their maker's. */
import type { StandardSchemaV1 } from '@standard-schema/spec'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import * as z from 'zod/mini'
import { can } from '../schema/access.ts'
import { defineRoom } from '../schema/define-room.ts'
import { readStorage } from '../schema/storage.ts'
import { StorageError } from '../schema/storage-error.ts'
import { isOwnKey, ownerOfKey, s, userKey } from '../schema/storage-words.ts'
import { createPeople } from './support/replicas.ts'

/** A schema without a library: a percentage, 50 where nobody has said anything. */
const percent: StandardSchemaV1<number | undefined, number> = {
  '~standard': {
    version: 1,
    vendor: 'test',
    validate: (value = 50) =>
      typeof value === 'number' && value >= 0 && value <= 100
        ? { value }
        : { issues: [{ message: 'no percentage' }] }
  }
}

const table = defineRoom({
  kind: 'table',
  roles: ['host', 'guest'],
  access: { host: { write: '*' }, guest: { write: ['moods/own', 'wishes/own'] } },
  presence: z.object({}),
  storage: {
    moods: s.perUser(z.enum(['good', 'bad'])),
    wishes: s.collection({ text: s.text(), weight: s.value(percent) }, { owned: true }),
    level: s.value(percent),
    target: s.contested(percent)
  }
})

const ana = { userId: 'ana', role: 'guest' }
/** An id with everything in it that means something in a path. */
const odd = { userId: 'github|b/o:b%', role: 'guest' }

describe('a value per user', () => {
  test('is shown under the id of its user, whatever stands in that', () => {
    const people = createPeople(table)
    const [a, o] = [people.join(ana), people.join(odd)]
    a.storage.moods.set('good')
    o.storage.moods.set('bad')
    people.meet()
    expect(a.mirror.get().moods).toEqual({ ana: 'good', [odd.userId]: 'bad' })
    expect(a.storage.moods.get()).toBe('good')
    expect(a.storage.moods.get(odd.userId)).toBe('bad')
    expect(o.storage.moods.get()).toBe('bad')
  })

  test('is gone when its user takes it back', () => {
    const { storage, mirror } = createPeople(table).join(ana)
    storage.moods.set('good')
    storage.moods.remove()
    expect(mirror.get().moods).toEqual({})
    expect(storage.moods.get()).toBeUndefined()
  })

  test('can be written for somebody else by who says whom', () => {
    const { storage, mirror } = createPeople(table).join({ userId: 'hal', role: 'host' })
    storage.moods.of('ana').set('bad')
    expect(storage.moods.of('ana').get()).toBe('bad')
    expect(mirror.get().moods).toEqual({ ana: 'bad' })
  })

  test('that does not fit throws with its path when written, and is left out and reported when read', () => {
    const { storage, doc, mirror, problems } = createPeople(table).join(ana)
    // @ts-expect-error: what a caller without types may do
    expect(() => storage.moods.set('meh')).toThrow(StorageError)
    storage.moods.set('good')
    doc.getMap('moods').set('bob', 'meh')
    doc.getMap('moods').set('bob:1', 'good')
    doc.getMap('moods').set('b/o/b', 'good')
    doc.getMap('moods').set('%zz', 'good')
    expect(mirror.get().moods).toEqual({ ana: 'good' })
    expect(problems.map(({ path }) => path).sort()).toEqual([
      'moods/%zz',
      'moods/b/o/b',
      'moods/bob',
      'moods/bob:1'
    ])
  })

  test('of somebody named __proto__ is a value like any other', () => {
    const { storage, mirror } = createPeople(table).join({ userId: '__proto__', role: 'guest' })
    storage.moods.set('good')
    expect(Object.entries(mirror.get().moods)).toEqual([['__proto__', 'good']])
  })

  test('keeps its reference while nobody changes any', () => {
    const { storage, mirror } = createPeople(table).join(ana)
    storage.moods.set('good')
    const before = mirror.get().moods
    storage.level.set(10)
    expect(mirror.get().moods).toBe(before)
  })
})

describe('an owned collection', () => {
  test.each([ana, odd])('makes ids that begin with the key of $userId', (who) => {
    const { storage, mirror } = createPeople(table).join(who)
    const id = storage.wishes.insert({ text: 'no speeches' })
    expect(id.startsWith(`${userKey(who.userId)}:`)).toBe(true)
    expect([ownerOfKey(id), isOwnKey(id, who.userId)]).toEqual([who.userId, true])
    expect(mirror.get().wishes).toEqual([{ id, text: 'no speeches', weight: 50 }])
  })

  test('gives each entry an id that its maker may write, and nobody else of the role', () => {
    const people = createPeople(table)
    const id = people.join(ana).storage.wishes.insert({})
    expect(can(table, ana, 'write', `wishes/${id}/text`)).toBe(true)
    expect(can(table, odd, 'write', `wishes/${id}`)).toBe(false)
  })

  test('takes no entry of a user whose key is too long for an id', () => {
    const { storage, mirror } = createPeople(table).join({ userId: 'ü'.repeat(40), role: 'guest' })
    expect(() => storage.wishes.insert({})).toThrow(StorageError)
    expect(mirror.get().wishes).toEqual([])
  })
})

describe('a schema of no library', () => {
  test('gives the default, refuses, and lets pass, as any other', () => {
    const { storage, doc, mirror } = createPeople(table).join(ana)
    expect(readStorage(table, new Y.Doc())).toMatchObject({ level: 50, target: { value: 50 } })
    storage.level.set(80)
    storage.target.set(20)
    expect(() => storage.target.set(101)).toThrow(/target: no percentage; got 101/)
    doc.getMap('level').set('value', -1)
    expect(mirror.get()).toMatchObject({ level: 50, target: { value: 20, conflict: false } })
  })
})
