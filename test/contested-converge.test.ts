/** Whatever several people do to contested values, all come to show the same, by every rule and in every order. */
import fc from 'fast-check'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import * as Y from 'yjs'
import * as z from 'zod/mini'
import type { Claim } from '../schema/contested.ts'
import { defineRoom } from '../schema/define-room.ts'
import { isObject } from '../schema/json.ts'
import { readStorage } from '../schema/storage.ts'
import { s } from '../schema/storage-words.ts'
import { createPeople, type Person, receive, tell } from './support/replicas.ts'

const number = z._default(z.number(), 0)
const sum = (claims: readonly Claim<unknown>[]): number =>
  claims.reduce((total, { value }) => total + Number(value), 0)

/** Refuses whenever a 3 is among them. */
const fussy = (claims: readonly Claim<unknown>[]): number => {
  if (claims.some(({ value }) => value === 3)) throw new Error('no threes')
  return claims.length
}

const fields = {
  last: s.contested(number),
  role: s.contested(number),
  ask: s.contested(number),
  sum: s.contested(number),
  fussy: s.contested(number)
}

const arena = defineRoom({
  kind: 'arena',
  roles: ['judge', 'player'],
  presence: z.object({}),
  storage: { ...fields, fixed: s.object(fields), items: s.collection(fields), seats: s.record(fields.role) },
  conflict: { last: 'last', role: 'role', ask: 'ask', sum, fussy, seats: 'role' }
})

type ArenaPerson = Person<(typeof arena)['storage']>

const users = [
  { userId: 'ana', role: 'judge' },
  { userId: 'bob', role: 'player' },
  { userId: 'cho', role: 'player' },
  // A second device.
  { userId: 'bob', role: 'player' }
]

const rules = ['last', 'role', 'ask', 'sum', 'fussy'] as const
const rule = fc.constantFrom(...rules)

interface Step {
  readonly who: number
  readonly other: number
  /** By the clock of whoever acts: clocks differ, and go back. */
  readonly at: number
  readonly act: (person: ArenaPerson) => void
  readonly isMeeting: boolean
  readonly isRestart: boolean
}

const set = fc.tuple(rule, fc.nat(4)).map(
  ([name, value]) =>
    ({ storage }: ArenaPerson) =>
      storage[name].set(value)
)

const act: fc.Arbitrary<Step['act']> = fc.oneof(
  { weight: 4, arbitrary: set },
  fc.tuple(rule, fc.nat(4)).map(
    ([name, value]) =>
      ({ storage }: ArenaPerson) =>
        storage.fixed[name].resolve(value)
  ),
  fc.nat(4).map((value) => ({ storage }: ArenaPerson) => {
    storage.items.insert({ last: value, ask: value })
  }),
  fc.tuple(fc.nat(9), rule, fc.nat(4)).map(([n, name, value]) => ({ storage, mutate }: ArenaPerson) => {
    const ids = storage.items.ids()
    const id = ids[n % Math.max(1, ids.length)] ?? ''
    mutate(({ items }) => {
      items.get(id)?.[name].set(value)
      items.get(id)?.last.set(value)
    })
  }),
  fc.tuple(fc.nat(1), fc.nat(4)).map(
    ([n, value]) =>
      ({ storage }: ArenaPerson) =>
        storage.seats.set(`s${n}`, value)
  ),
  fc.nat(1).map(
    (n) =>
      ({ storage }: ArenaPerson) =>
        storage.seats.remove(`s${n}`)
  ),
  { weight: 3, arbitrary: fc.constant(({ history }: ArenaPerson) => void history.undo()) },
  fc.constant(({ history }: ArenaPerson) => void history.redo())
)

const step: fc.Arbitrary<Step> = fc.record({
  who: fc.nat(users.length - 1),
  other: fc.nat(users.length - 1),
  at: fc.nat(5),
  act,
  isMeeting: fc.boolean(),
  isRestart: fc.nat(9).map((n) => n === 0)
})

const steps = fc.array(step, { minLength: 5, maxLength: 40, size: 'max' })

const play = (steps: readonly Step[]) => {
  const people = createPeople(arena)
  const present = users.map(people.join)
  for (const { who, other, at, act, isMeeting, isRestart } of steps) {
    vi.setSystemTime(1_000_000 + at)
    const [person, peer] = [present[who], present[other]]
    if (person === undefined || peer === undefined) throw new Error(`nobody at ${who} or ${other}`)
    act(person)
    if (isMeeting) tell(person.doc, peer.doc)
    // Somebody starts anew, from the log alone.
    if (isRestart) {
      present[who] = people.join(person.who)
      for (const update of people.log) receive(present[who].doc, update)
    }
  }
  return { people, present }
}

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['Date'] })
})

afterEach(() => {
  vi.useRealTimers()
})

test('all replicas show the same, in any order of delivery, and so does a restart from the log', () => {
  fc.assert(
    fc.property(steps, fc.integer(), (steps, seed) => {
      const { people, present } = play(steps)
      const shown = present.map(({ doc, mirror }, index) => {
        // Looking while it arrives must not matter either.
        for (const update of shuffled(people.log, seed + index)) {
          receive(doc, update)
          if (index === 1) mirror.get()
        }
        return mirror.get()
      })
      const fromLog = new Y.Doc()
      Y.applyUpdate(fromLog, Y.mergeUpdates([...people.log]))
      const fresh = readStorage(arena, people.log.length > 0 ? fromLog : new Y.Doc())
      for (const one of shown) expect(one).toEqual(fresh)
      for (const { doc } of present) expect(readStorage(arena, doc)).toEqual(fresh)
    }),
    { numRuns: 150 }
  )
})

test('no update holds a claim in the name of anybody but the user who made it, whatever was undone', () => {
  fc.assert(
    fc.property(steps, (steps) => {
      const { people } = play(steps)
      for (const update of people.log) {
        for (const { by, client } of claimsIn(update)) expect(by).toBe(people.userOf(client))
      }
    }),
    { numRuns: 150 }
  )
})

test('writes that follow each other are no conflict, whoever writes', () => {
  const turn = fc.tuple(fc.nat(users.length - 1), rule, fc.nat(4))
  fc.assert(
    fc.property(fc.array(turn, { maxLength: 15 }), (turns) => {
      const people = createPeople(arena)
      const present = users.map(people.join)
      for (const [who, name, value] of turns) {
        present[who]?.storage[name].set(value)
        people.meet()
        for (const { mirror } of present)
          expect(mirror.get()[name]).toMatchObject({ value, conflict: false, claims: [{ value }] })
      }
    }),
    { numRuns: 60 }
  )
})

test('writes that knew nothing of each other are all kept, until somebody who saw them writes', () => {
  fc.assert(
    fc.property(rule, fc.array(fc.nat(4), { minLength: 3, maxLength: 3 }), (name, values) => {
      const people = createPeople(arena)
      const present = users.slice(0, 3).map(people.join)
      for (const [index, value] of values.entries()) present[index]?.storage[name].set(value)
      people.meet()
      for (const { mirror } of present) {
        const { claims, conflict } = mirror.get()[name]
        expect(claims.map(({ value }) => value).sort()).toEqual(values.toSorted())
        expect(conflict).toBe(new Set(values).size > 1)
      }
      present[0]?.storage[name].resolve(2)
      people.meet()
      for (const { mirror } of present)
        expect(mirror.get()[name]).toMatchObject({ value: 2, conflict: false, claims: [{ by: 'ana' }] })
    }),
    { numRuns: 60 }
  )
})

/** The same order for the same seed. */
const shuffled = <T>(items: readonly T[], seed: number): readonly T[] => {
  let state = seed >>> 0
  const next = (): number => {
    state = (state * 1_664_525 + 1_013_904_223) >>> 0
    return state
  }
  return items
    .map((item) => ({ item, at: next() }))
    .sort((a, b) => a.at - b.at)
    .map(({ item }) => item)
}

const claimsIn = (update: Uint8Array): { readonly by: unknown; readonly client: number }[] =>
  Y.decodeUpdate(update).structs.flatMap((struct) => {
    if (!(struct instanceof Y.Item) || !(struct.content instanceof Y.ContentAny)) return []
    const claims = struct.content.arr.filter(isObject).filter((value) => 'by' in value)
    return claims.map(({ by }) => ({ by, client: struct.id.client }))
  })
