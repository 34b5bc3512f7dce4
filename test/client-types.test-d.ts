/** The types that a room definition gives its app. tsc is the test: an expectation that is not met does not compile. */
import * as z from 'zod/mini'
import { createClient, defineRoom, type Room, type StorageSnapshot, s, type User } from '../client/index.ts'
import { createRoomContext, shallow } from '../client/react/index.ts'
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
