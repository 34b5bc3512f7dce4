/** The types that a room definition gives its app. tsc is the test: an expectation that is not met does not compile. */
import * as z from 'zod/mini'
import {
  type ContestedValue,
  createClient,
  defineRoom,
  type Room,
  type StorageSnapshot,
  s,
  type User
} from '../client/index.ts'
import { createRoomContext, shallow, usePresenceStatus } from '../client/react/index.ts'
import type { Answer, FieldType, form } from '../schema/kinds/form.ts'

type Equal<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
const claim = <T extends true>(_: T): void => {}

const deck = defineRoom({
  kind: 'deck',
  roles: ['host', 'player', 'watcher'],
  readers: ['watcher'],
  guests: 'player',
  presence: z.object({ place: z.enum(['hall', 'bar']) }),
  storage: {
    title: s.text(),
    phase: s.value(z._default(z.enum(['open', 'closed']), 'open')),
    cards: s.collection({ name: s.text(), rank: s.value(z.number()), note: s.value(z.optional(z.string())) }),
    scores: s.record(s.value(z.number()))
  }
})

type DeckRoom = Room<(typeof deck)['storage'], { place: 'hall' | 'bar' }, 'host' | 'player' | 'watcher'>
type FormSnapshot = StorageSnapshot<(typeof form)['storage']>

export const aSnapshotHasTheTypesOfTheSchemas = (snapshot: FormSnapshot): void => {
  claim<Equal<FormSnapshot['title'], string>>(true)
  claim<Equal<FormSnapshot['fields'][number]['type'], FieldType>>(true)
  claim<Equal<FormSnapshot['fields'][number]['section'], string | null>>(true)
  claim<Equal<FormSnapshot['fields'][number]['id'], string>>(true)
  claim<Equal<FormSnapshot['answers'], Readonly<Record<string, Answer>>>>(true)
  // @ts-expect-error: snapshots are read, not written
  snapshot.title = 'x'
  // @ts-expect-error: an id may have no answer
  const answer: Answer = snapshot.answers.f1
  return void answer
}

export const aRoomKnowsItsStorage = (room: DeckRoom): void => {
  const { cards, scores, phase, title } = room.storage
  cards.insert({ rank: 1 })
  cards.insert({ rank: 1, name: 'Queen', note: 'red' }, { after: 'c1' })
  // @ts-expect-error: rank has no default
  cards.insert({ name: 'Queen' })
  // @ts-expect-error: rank is a number
  cards.insert({ rank: '1' })
  // @ts-expect-error: cards have no suit
  cards.insert({ rank: 1, suit: 'hearts' })
  cards.update('c1', { rank: 2 })
  // @ts-expect-error: a text is edited, not replaced as a value
  cards.update('c1', { name: 'King' })
  // @ts-expect-error: there may be no such card
  cards.get('c1').rank.set(1)
  cards.get('c1')?.name.replace('King')
  scores.set('ana', 3)
  // @ts-expect-error: scores are numbers
  scores.set('ana', 'three')
  phase.set('closed')
  // @ts-expect-error: no such phase
  phase.set('ajar')
  title.replace('Deck')
  // @ts-expect-error: a text has no set
  title.set('Deck')
  // @ts-expect-error: no such key
  void room.storage.hands
  claim<Equal<ReturnType<(typeof scores)['get']>, number | undefined>>(true)
}

export const aRoomKnowsItsPeople = (room: DeckRoom): void => {
  room.updatePresence({ place: 'bar' })
  // @ts-expect-error: no such place
  room.updatePresence({ place: 'pub' })
  const other = room.others.get()[0]
  claim<Equal<typeof other, User<{ place: 'hall' | 'bar' }, 'host' | 'player' | 'watcher'> | undefined>>(true)
  if (other?.role === 'watcher') return
  // @ts-expect-error: no such role
  if (other?.role === 'referee') return
}

export const aSyncStatusIsAUnion = (room: DeckRoom): string => {
  const status = room.syncStatus.get()
  // @ts-expect-error: only a saved room has a time of saving
  void status.savedAt
  switch (status.state) {
    case 'saved':
      return status.savedAt.toISOString()
    case 'saving':
    case 'waiting':
      return String(status.pending)
    case 'offline':
      return status.storedLocally ? 'kept' : 'not kept'
    case 'rejected':
      return status.keptText
    case 'loading':
      return ''
  }
}

export const hooksAreTypedByTheDefinition = (): void => {
  const { useStorage, useMutation, useText, useOthers, useMyPresence } = createRoomContext(deck)
  claim<Equal<ReturnType<typeof useMyPresence>[0]['place'], 'hall' | 'bar'>>(true)
  const ids: readonly string[] = useStorage((root) => root.cards.map((card) => card.id), shallow)
  // @ts-expect-error: the selector makes numbers
  const names: readonly string[] = useStorage((root) => root.cards.map((card) => card.rank))
  const raise = useMutation(({ storage }, id: string, by: number) => {
    const card = storage.cards.get(id)
    card?.rank.set(card.rank.get() + by)
  })
  raise('c1', 1)
  // @ts-expect-error: by is a number
  raise('c1', '1')
  useText((root) => root.cards.get('c1')?.name)
  // @ts-expect-error: rank is no text
  useText((root) => root.cards.get('c1')?.rank)
  useOthers((others) => others.some((user) => user.presence.place === 'bar'))
  // @ts-expect-error: no such place
  useOthers((others) => others.some((user) => user.presence.place === 'pub'))
  return void [ids, names]
}

export const aClientEntersTyped = (): void => {
  const client = createClient({ url: 'ws://127.0.0.1:8080/ws', auth: async () => ({ token: 't' }) })
  const { room } = client.enter(deck, '1', { initialPresence: { place: 'hall' } })
  claim<Equal<ReturnType<typeof room.self.get>, ReturnType<DeckRoom['self']['get']>>>(true)
  // @ts-expect-error: presence lacks its place
  client.enter(deck, '1', { initialPresence: {} })
}

export const definitionsAreChecked = (): void => {
  const presence = z.object({})
  defineRoom({
    kind: 'x',
    roles: ['a'],
    // @ts-expect-error: b is no role of it
    readers: ['b'],
    guests: 'a',
    presence,
    storage: {}
  })
  const required = s.value(z.string())
  // @ts-expect-error: nobody may have written it yet, so it needs a default
  defineRoom({ kind: 'x', roles: ['a'], readers: [], guests: 'a', presence, storage: { required } })
  // @ts-expect-error: the same within an object
  s.object({ required })
}

const clock = z.string()

const day = defineRoom({
  kind: 'day',
  roles: ['couple', 'planner', 'guest'],
  access: { couple: { write: '*', mayTake: [] }, guest: { write: ['votes/own'] } },
  presence: z.object({}),
  storage: {
    doors: s.contested(z._default(clock, '09:00')),
    items: s.collection({
      name: s.text(),
      start: s.contested(clock),
      minutes: s.value(z._default(z.number(), 30)),
      note: s.contested(z.optional(z.string()))
    }),
    seats: s.record(s.contested(z.number())),
    votes: s.perUser(z.enum(['yes', 'no']))
  },
  conflict: {
    doors: (claims) => claims.map(({ value }) => value).join(),
    'items/start': 'role',
    note: 'ask',
    seats: (claims) => Math.max(...claims.map(({ value }) => value))
  }
})

type DaySnapshot = StorageSnapshot<(typeof day)['storage']>
type DayRoom = Room<(typeof day)['storage'], Record<string, never>, 'couple' | 'planner' | 'guest'>

export const aContestedValueIsShownWithItsClaims = (snapshot: DaySnapshot): void => {
  const [item] = snapshot.items
  claim<Equal<DaySnapshot['doors'], ContestedValue<string>>>(true)
  claim<Equal<DaySnapshot['items'][number]['note'], ContestedValue<string | undefined>>>(true)
  claim<Equal<DaySnapshot['seats'], Readonly<Record<string, ContestedValue<number>>>>>(true)
  claim<Equal<DaySnapshot['votes'], Readonly<Record<string, 'yes' | 'no'>>>>(true)
  const start: string | undefined = item?.start.value
  // @ts-expect-error: it is the shown value with its claims
  const wrong: string | undefined = item?.start
  // @ts-expect-error: claims are read, not written
  snapshot.doors.claims[0] = { value: '10:00', by: 'ana', role: 'couple', at: 0 }
  return void [start, wrong]
}

export const aContestedValueIsWrittenAlone = (room: DayRoom): void => {
  const { doors, items, seats, votes } = room.storage
  doors.set('10:00')
  doors.resolve('10:00')
  // @ts-expect-error: a value, not a claim
  doors.set({ value: '10:00', by: 'ana', role: 'couple', at: 0 })
  // @ts-expect-error: doors hold strings
  doors.resolve(10)
  const id: string = items.insert({ start: '10:00', name: 'Cake', note: 'two tiers' })
  // @ts-expect-error: start has no default
  items.insert({ name: 'Cake' })
  // @ts-expect-error: start is a string
  items.insert({ start: 10 })
  items.update(id, { minutes: 15 })
  // @ts-expect-error: a contested value is set by itself, so that what others wrote at once is kept
  items.update(id, { start: '11:00' })
  // @ts-expect-error: a text is edited, not replaced as a value
  items.update(id, { name: 'q' })
  const start = items.get(id)?.start
  start?.set(`${start.get().value} sharp`)
  // @ts-expect-error: what it shows is not what it is
  start?.set(start.get())
  seats.set('t1', 4)
  // @ts-expect-error: nobody may have written it
  seats.get('t1').value
  // @ts-expect-error: seats are numbers
  seats.resolve('t1', 'four')
  votes.set('yes')
  votes.of('ana').remove()
  // @ts-expect-error: no such vote
  votes.set('perhaps')
  claim<Equal<ReturnType<(typeof votes)['get']>, 'yes' | 'no' | undefined>>(true)
}

export const hooksKnowConflictsAndRights = (): void => {
  const { useStorage, useMutation, useCan, useRoster, useSyncStatus } = createRoomContext(day)
  const conflicts = useStorage(
    (root) => root.items.filter((item) => item.start.conflict).map((item) => item.id),
    shallow
  )
  claim<Equal<typeof conflicts, string[]>>(true)
  const shift = useMutation(({ storage }, id: string, to: string) => storage.items.get(id)?.start.set(to))
  shift('i1', '10:15')
  // @ts-expect-error: to is a string
  shift('i1', 15)
  claim<Equal<ReturnType<typeof useCan>, boolean>>(true)
  useCan('write', 'items/i1/start')
  // @ts-expect-error: no such action
  useCan('admin')
  const role: 'couple' | 'planner' | 'guest' | 'admin' | undefined = useRoster()[0]?.role
  const status = useSyncStatus()
  if (status.state === 'rejected') return void [status.path, status.keptEdits[0]?.value]
  // @ts-expect-error: only what was refused has a place
  return void [role, status.path]
}

export const whoIsInRoomsThatAreNotEntered = (): void => {
  const { status, rooms } = usePresenceStatus(['form/42'], { everyMs: 5_000 })
  claim<Equal<typeof status, 'loading' | 'fresh' | 'stale' | 'refused'>>(true)
  const room = rooms['form/42']
  // @ts-expect-error: of that room nothing may be known yet
  void room.people
  const since: Date | undefined = room?.people[0]?.devices[0]?.since
  // @ts-expect-error: names of rooms
  usePresenceStatus('form/42')
  return void [since, room?.refused]
}

export const rulesBelongToContestedValues = (): void => {
  const presence = z.object({})
  const storage = { doors: s.contested(z._default(z.number(), 9)), title: s.text() }
  defineRoom({ kind: 'x', roles: ['a'], presence, storage, conflict: { doors: 'ask' } })
  // @ts-expect-error: no contested value is named so
  defineRoom({ kind: 'x', roles: ['a'], presence, storage, conflict: { title: 'ask' } })
  // @ts-expect-error: no such rule
  defineRoom({ kind: 'x', roles: ['a'], presence, storage, conflict: { doors: 'first' } })
  // @ts-expect-error: doors hold numbers
  defineRoom({ kind: 'x', roles: ['a'], presence, storage, conflict: { doors: () => 'ten' } })
  const required = s.contested(z.string())
  // @ts-expect-error: nobody may have written it yet, so it needs a default
  defineRoom({ kind: 'x', roles: ['a'], presence, storage: { required } })
  // @ts-expect-error: b is no role of it
  defineRoom({ kind: 'x', roles: ['a'], access: { b: { write: '*' } }, presence, storage })
  // @ts-expect-error: collections and records are not within others
  s.collection({ inner: s.record(s.text()) })
}
