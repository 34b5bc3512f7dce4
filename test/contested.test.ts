import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import * as z from 'zod/mini'
import { type Claim, type ConflictRule, showContested } from '../schema/contested.ts'
import { defineRoom } from '../schema/define-room.ts'
import { createStorageMirror, readStorage } from '../schema/storage.ts'
import { StorageError } from '../schema/storage-error.ts'
import { s } from '../schema/storage-words.ts'
import { createPeople, tell } from './support/replicas.ts'

const clock = z.string().check(z.regex(/^\d\d:\d\d$/))

const day = defineRoom({
  kind: 'day',
  roles: ['couple', 'planner', 'guest'],
  presence: z.object({}),
  storage: {
    doors: s.contested(z._default(clock, '09:00')),
    dinner: s.object({ at: s.contested(z.optional(clock)), where: s.text() }),
    items: s.collection({
      name: s.text(),
      start: s.contested(clock),
      tags: s.contested(z.array(z.string()))
    }),
    seats: s.record(s.contested(z.number()))
  },
  conflict: {
    doors: 'ask',
    'items/start': 'role',
    tags: (claims) => [...new Set(claims.flatMap(({ value }) => value))].sort()
  }
})

const ana = { userId: 'ana', role: 'couple' }
const bob = { userId: 'bob', role: 'planner' }
const eve = { userId: 'eve', role: 'guest' }

const claim = (value: unknown, by: string, at: number, role = 'guest'): Claim<unknown> => ({
  value,
  by,
  role,
  at
})

const show = (rule: ConflictRule, claims: readonly unknown[]) => {
  const problems: string[] = []
  const roles = ['couple', 'planner', 'guest']
  const shown = showContested(claims, { rule, roles, schema: z._default(z.number(), 0) }, (detail) =>
    problems.push(detail)
  )
  if (!shown.ok) throw new Error(shown.detail)
  return { ...shown.value, problems }
}

describe('the rules', () => {
  test('last shows what was written last, whatever its place in the document', () => {
    expect(show('last', [claim(1, 'ana', 30), claim(2, 'bob', 10), claim(3, 'eve', 20)]).value).toBe(1)
  })

  test('last takes the greater id where two wrote in one millisecond', () => {
    expect(show('last', [claim(1, 'eve', 10), claim(2, 'bob', 10)]).value).toBe(1)
  })

  test('role shows what the highest role wrote, though others wrote later', () => {
    const claims = [claim(1, 'ana', 10, 'couple'), claim(2, 'bob', 30, 'planner'), claim(3, 'eve', 40)]
    expect(show('role', claims).value).toBe(1)
  })

  test('role shows the last of the highest role', () => {
    expect(show('role', [claim(1, 'ana', 10, 'couple'), claim(2, 'kim', 20, 'couple')]).value).toBe(2)
  })

  test('role puts a role that the kind does not have below all others, and admin above', () => {
    expect(show('role', [claim(1, 'x', 90, 'wizard'), claim(2, 'eve', 10)]).value).toBe(2)
    expect(show('role', [claim(1, 'ana', 90, 'couple'), claim(2, 'root', 10, 'admin')]).value).toBe(2)
  })

  test('ask shows what was written first, and says that it is a conflict', () => {
    const { value, conflict } = show('ask', [claim(2, 'bob', 20), claim(1, 'ana', 10)])
    expect({ value, conflict }).toEqual({ value: 1, conflict: true })
  })

  test('a function makes one value of all, which come in the order of their time', () => {
    const order = (claims: readonly Claim<unknown>[]) => Number(claims.map(({ value }) => value).join(''))
    expect(show(order, [claim(3, 'eve', 30), claim(1, 'ana', 10), claim(2, 'bob', 20)]).value).toBe(123)
  })

  test('a function is not asked where all agree', () => {
    const sum = (claims: readonly Claim<unknown>[]) =>
      claims.reduce((total, { value }) => total + Number(value), 0)
    expect(show(sum, [claim(2, 'ana', 10), claim(2, 'bob', 20)])).toMatchObject({ value: 2, conflict: false })
  })

  test('a function that throws, or makes what does not fit, is reported, and the last is shown', () => {
    const throws = () => {
      throw new Error('cannot')
    }
    const claims = [claim(1, 'ana', 10), claim(2, 'bob', 20)]
    expect(show(throws, claims)).toMatchObject({
      value: 2,
      problems: ['its rule made no value of 2: cannot']
    })
    const wrong = show(() => 'two', claims)
    expect(wrong.value).toBe(2)
    expect(wrong.problems).toHaveLength(1)
  })

  test('the shown claim stands first, then the others by time', () => {
    const claims = [claim(3, 'eve', 30), claim(1, 'ana', 10, 'couple'), claim(2, 'bob', 20)]
    expect(show('role', claims).claims.map(({ by }) => by)).toEqual(['ana', 'bob', 'eve'])
    expect(show('last', claims).claims.map(({ by }) => by)).toEqual(['eve', 'ana', 'bob'])
  })

  test('one value from several people is no conflict, however its names are ordered', () => {
    const schema = z.object({ date: z.string(), time: z.string() })
    const claims = [claim({ date: 'd', time: 't' }, 'ana', 10), claim({ time: 't', date: 'd' }, 'bob', 20)]
    const shown = showContested(claims, { rule: 'ask', roles: [], schema })
    expect(shown).toMatchObject({ ok: true, value: { conflict: false } })
  })

  test('what is no claim, or holds no value of the schema, is reported and left out', () => {
    const bad = [7, null, { value: 1 }, { ...claim(1, 'eve', 1), at: 'now' }, claim('x', 'eve', 50)]
    const { value, claims, conflict, problems } = show('last', [...bad, claim(4, 'ana', 10)])
    expect({ value, conflict, left: claims.length }).toEqual({ value: 4, conflict: false, left: 1 })
    expect(problems).toHaveLength(5)
  })

  test('without a claim the default is shown', () => {
    expect(show('last', [])).toMatchObject({ value: 0, claims: [], conflict: false })
  })
})

describe('writing', () => {
  test('values that were written at once are all kept, with who and when', () => {
    const people = createPeople(day)
    const [a, b] = [people.join(ana), people.join(bob)]
    a.storage.doors.set('10:00')
    b.storage.doors.set('11:00')
    people.meet()
    const shown = a.mirror.get().doors
    expect(shown.conflict).toBe(true)
    expect(shown.claims.map(({ value, by, role }) => `${value} ${by} ${role}`).sort()).toEqual([
      '10:00 ana couple',
      '11:00 bob planner'
    ])
    expect(shown.claims.every(({ at }) => Math.abs(at - Date.now()) < 60_000)).toBe(true)
    expect(b.mirror.get().doors).toEqual(shown)
  })

  test('writing after having seen the other value is no conflict', () => {
    const people = createPeople(day)
    const [a, b] = [people.join(ana), people.join(bob)]
    a.storage.doors.set('10:00')
    people.meet()
    b.storage.doors.set('11:00')
    people.meet()
    expect(a.mirror.get().doors).toMatchObject({ value: '11:00', conflict: false })
    expect(a.mirror.get().doors.claims).toHaveLength(1)
  })

  test('resolving ends a conflict for everybody', () => {
    const people = createPeople(day)
    const [a, b] = [people.join(ana), people.join(bob)]
    a.storage.doors.set('10:00')
    b.storage.doors.set('11:00')
    people.meet()
    b.storage.doors.resolve('10:00')
    people.meet()
    expect(a.mirror.get().doors).toMatchObject({ value: '10:00', conflict: false, claims: [{ by: 'bob' }] })
  })

  test('a value that does not fit throws with its path, and nothing is written', () => {
    const { storage, doc } = createPeople(day).join(ana)
    const id = storage.items.insert({ start: '10:00', tags: [] })
    const before = Y.encodeStateAsUpdate(doc)
    const wrong = () => storage.items.get(id)?.start.set('noon')
    expect(wrong).toThrow(StorageError)
    expect(wrong).toThrow(new RegExp(`items/${id}/start: .*"noon"`))
    expect(Y.encodeStateAsUpdate(doc)).toEqual(before)
  })

  test('an entry takes contested values as plain ones, which are claims of whoever inserts it', () => {
    const { storage, mirror } = createPeople(day).join(bob)
    storage.items.insert({ start: '10:00', tags: ['a'], name: 'Cake' })
    expect(mirror.get().items).toMatchObject([
      { name: 'Cake', start: { value: '10:00', claims: [{ by: 'bob', role: 'planner' }] } }
    ])
  })

  test('an entry without a contested value that it needs is not inserted', () => {
    const { storage } = createPeople(day).join(bob)
    // @ts-expect-error: what a caller without types may do
    expect(() => storage.items.insert({ start: '10:00' })).toThrow(/items\/\w+\/tags/)
  })

  test('a write is one transaction', () => {
    const people = createPeople(day)
    const a = people.join(ana)
    a.storage.doors.set('10:00')
    a.storage.doors.set('11:00')
    expect(people.log).toHaveLength(2)
  })

  test('a contested value that may be absent can be taken back', () => {
    const { storage, mirror } = createPeople(day).join(ana)
    storage.dinner.at.set('19:00')
    storage.dinner.at.set(undefined)
    expect(mirror.get().dinner.at).toMatchObject({ value: undefined, conflict: false })
  })

  test('in a record each id has claims of its own, and one that was taken back is gone', () => {
    const people = createPeople(day)
    const [a, b] = [people.join(ana), people.join(bob)]
    a.storage.seats.set('t1', 4)
    b.storage.seats.set('t1', 6)
    b.storage.seats.set('t2', 8)
    people.meet()
    expect(a.mirror.get().seats.t1?.conflict).toBe(true)
    expect(a.storage.seats.get('t2')?.value).toBe(8)
    a.storage.seats.resolve('t1', 6)
    a.storage.seats.remove('t2')
    expect(a.mirror.get().seats).toMatchObject({ t1: { value: 6, conflict: false } })
    expect(a.storage.seats.get('t2')).toBeUndefined()
  })

  test('the live value reads what the snapshot shows', () => {
    const people = createPeople(day)
    const [a, b] = [people.join(ana), people.join(eve)]
    const id = a.storage.items.insert({ start: '10:00', tags: ['x'] })
    people.meet()
    a.storage.items.get(id)?.start.set('10:30')
    b.storage.items.get(id)?.start.set('12:00')
    people.meet()
    expect(b.storage.items.get(id)?.start.get()).toEqual(b.mirror.get().items[0]?.start)
    expect(b.storage.items.get(id)?.start.get()).toMatchObject({ value: '10:30', conflict: true })
  })
})

describe('reading', () => {
  test('an empty document has no conflicts, and nothing is added to it', () => {
    const doc = new Y.Doc()
    expect(readStorage(day, doc)).toEqual({
      doors: { value: '09:00', claims: [], conflict: false },
      dinner: { at: { value: undefined, claims: [], conflict: false }, where: '' },
      items: [],
      seats: {}
    })
    expect([...doc.share.keys()]).toEqual([])
  })

  test('a bad claim is reported by path, and the others are shown', () => {
    const { storage, doc, mirror, problems } = createPeople(day).join(ana)
    const id = storage.items.insert({ start: '10:00', tags: [] })
    doc.getArray(`items/${id}/start`).push([{ value: 'noon', by: 'eve', role: 'guest', at: 5 }, new Y.Map()])
    expect(mirror.get().items[0]?.start).toMatchObject({ value: '10:00', conflict: false })
    expect(problems.map(({ path }) => path)).toEqual([`items/${id}/start`, `items/${id}/start`])
  })

  test('an entry that has no good claim for a field without a default is left out alone', () => {
    const { storage, doc, mirror, problems } = createPeople(day).join(ana)
    const good = storage.items.insert({ start: '10:00', tags: [] })
    const bad = storage.items.insert({ start: '11:00', tags: [] })
    doc.getArray(`items/${bad}/start`).delete(0, 1)
    expect(mirror.get().items.map(({ id }) => id)).toEqual([good])
    expect(problems.map(({ path }) => path)).toEqual([`items/${bad}/start`])
  })

  test('a claim that arrives changes the entry it belongs to and no other', () => {
    const people = createPeople(day)
    const [a, b] = [people.join(ana), people.join(bob)]
    const first = a.storage.items.insert({ start: '10:00', tags: [] })
    a.storage.items.insert({ start: '11:00', tags: [] })
    people.meet()
    const before = b.mirror.get()
    a.storage.items.get(first)?.start.set('10:30')
    people.meet()
    const after = b.mirror.get()
    expect(after.items[0]?.start.value).toBe('10:30')
    expect(after.items[0]?.tags).toBe(before.items[0]?.tags)
    expect(after.items[1]).toBe(before.items[1])
    expect(after.doors).toBe(before.doors)
    expect(after.dinner).toBe(before.dinner)
  })

  test('what was decided is not decided again while its claims stay', () => {
    const { storage, doc, mirror } = createPeople(day).join(ana)
    const id = storage.items.insert({ start: '10:00', tags: [] })
    const before = mirror.get().items[0]?.start
    storage.items.get(id)?.name.replace('Cake')
    expect(mirror.get().items[0]?.start).toBe(before)
    expect(createStorageMirror(day, doc).get()).toEqual(mirror.get())
  })
})

describe('undo', () => {
  test('undo of a write shows what was shown before, and redo what was written', () => {
    const { storage, mirror, history } = createPeople(day).join(ana)
    storage.doors.set('10:00')
    storage.doors.set('11:00')
    expect(history.undo()).toBe('done')
    expect(mirror.get().doors.value).toBe('10:00')
    expect(history.undo()).toBe('done')
    expect(mirror.get().doors).toMatchObject({ value: '09:00', claims: [] })
    expect(history.redo()).toBe('done')
    expect(history.redo()).toBe('done')
    expect(mirror.get().doors).toMatchObject({ value: '11:00', conflict: false })
    expect(history.redo()).toBe('empty')
  })

  test('undo of an overwrite claims the old value anew, in the name of whoever undoes', () => {
    const people = createPeople(day)
    const [a, b] = [people.join(ana), people.join(bob)]
    a.storage.doors.set('10:00')
    people.meet()
    b.storage.doors.set('11:00')
    people.meet()
    expect(b.history.undo()).toBe('done')
    people.meet()
    expect(a.mirror.get().doors).toMatchObject({ value: '10:00', conflict: false, claims: [{ by: 'bob' }] })
    expect(people.log).toHaveLength(3)
  })

  test('undo of a write beside which another stands leaves the other, without a conflict', () => {
    const people = createPeople(day)
    const [a, b] = [people.join(ana), people.join(bob)]
    a.storage.doors.set('10:00')
    people.meet()
    a.storage.doors.set('10:30')
    b.storage.doors.set('11:00')
    people.meet()
    expect(a.history.undo()).toBe('done')
    people.meet()
    expect(b.mirror.get().doors).toMatchObject({ value: '11:00', conflict: false })
    expect(a.history.redo()).toBe('done')
    people.meet()
    expect(b.mirror.get().doors).toMatchObject({ conflict: true })
  })

  test('a write that was overwritten since cannot be undone, and nothing comes of it', () => {
    const people = createPeople(day)
    const [a, b] = [people.join(ana), people.join(bob)]
    a.storage.doors.set('10:00')
    people.meet()
    b.storage.doors.set('11:00')
    people.meet()
    const before = people.log.length
    expect(a.history.undo()).toBe('overwritten')
    expect(people.log).toHaveLength(before)
    expect(a.mirror.get().doors.value).toBe('11:00')
    expect(a.history.get()).toEqual({ canUndo: false, canRedo: false })
  })

  test('an entry that was inserted, changed in the same step, undone and redone is as it was', () => {
    const { storage, mirror, history, mutate } = createPeople(day).join(ana)
    mutate(({ items }) => {
      const id = items.insert({ start: '10:00', tags: ['a'] })
      items.get(id)?.start.set('10:30')
    })
    const before = mirror.get().items.map(({ start, tags }) => [start.value, tags.value])
    expect(history.undo()).toBe('done')
    expect(mirror.get().items).toEqual([])
    expect(history.redo()).toBe('done')
    expect(mirror.get().items.map(({ start, tags }) => [start.value, tags.value])).toEqual(before)
    expect(storage.items.ids()).toHaveLength(1)
  })

  test('a mutation that changes nothing is no step', () => {
    const { history, mutate } = createPeople(day).join(ana)
    mutate(() => {})
    expect(history.get().canUndo).toBe(false)
  })

  test('undo is one transaction', () => {
    const people = createPeople(day)
    const [a, b] = [people.join(ana), people.join(bob)]
    a.storage.doors.set('10:00')
    tell(a.doc, b.doc)
    b.storage.doors.set('11:00')
    const before = people.log.length
    b.history.undo()
    expect(people.log).toHaveLength(before + 1)
  })
})
