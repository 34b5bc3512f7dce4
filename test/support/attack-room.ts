/** What stands in a room before it is attacked: the same in every room, so that an attack is bytes that can be written down. */
import * as Y from 'yjs'
import type { Id } from './raw-update.ts'

export interface Person {
  readonly user: string
  readonly role: string
  readonly client: number
}

export const alice: Person = { user: 'alice', role: 'owner', client: 5 }
/** An honest guest, whose entry is what others are after. */
export const bob: Person = { user: 'bob', role: 'guest', client: 7 }

export const pia: Person = { user: 'pia', role: 'photographer', client: 21 }
export const cora: Person = { user: 'cora', role: 'curator', client: 32 }
export const flo: Person = { user: 'flo', role: 'florist', client: 22 }
export const cat: Person = { user: 'cat', role: 'caterer', client: 23 }
export const rosa: Person = { user: 'rosa', role: 'respondent', client: 24 }
export const cleo: Person = { user: 'cleo', role: 'commenter', client: 25 }
export const max: Person = { user: 'max', role: 'member', client: 26 }
export const ana: Person = { user: 'ana', role: 'guest', client: 27 }
export const rex: Person = { user: 'rex', role: 'reader', client: 28 }
/** Writes everything, as Alice does: what she may not is what nobody may. */
export const olga: Person = { user: 'olga', role: 'owner', client: 29 }
/** A user id that looks like a path. */
export const ab: Person = { user: 'a/b', role: 'guest', client: 30 }

/** Of a user that has not written yet. */
export const newId = 99

const document = new Y.Doc({ guid: 'room' })

const put = (root: string, id: string, entries: Record<string, unknown>): void =>
  void document.getMap(root).set(id, new Y.Map(Object.entries(entries)))

const claim = (value: string) => ({ value, by: 'alice', role: 'owner', at: 1_700_000_000_000 })

const seedOf = {
  alice: () => {
    document.getText('title').insert(0, 'hello 😀 world')
    document.getMap('headline').set('value', 'Plan')
    document.getArray('date').push([claim('2027-05-01')])
    document.getMap('theme').set('color', 'red')
    document.getText('theme/motto').insert(0, 'ever after')
    put('items', 'i0', { order: 'Zz', name: 'Gone' })
    put('items', 'i1', { order: 'a0', name: 'Vows', minutes: 30 })
    put('items', 'i2', { order: 'a1', name: 'Cake' })
    document.getText('items/i1/body').insert(0, 'the vows 😀')
    document.getArray('items/i1/start').push([claim('14:00')])
    put('tasks', 't1', { order: 'a0', name: 'Rings' })
    put('photos', 'carl:p1', { order: 'a0', caption: 'Carl' })
    put('photos', 'flo:p1', { order: 'a1' })
    document.getText('photos/flo:p1/story').insert(0, 'a story')
    put('remarks', 'carl:r1', { order: 'a0', text: 'by Carl' })
    document.getText('remarks/carl:r1/draft').insert(0, 'draft')
    document.getMap('picks').set('carl:m1', true)
    document.getMap('answers').set('a1', 'yes')
    document.getText('answerTexts/a1').insert(0, 'because')
    document.getMap('items').delete('i0')
    document.getText('title').delete(1, 2)
  },
  bob: () => document.getMap('rsvps').set('bob', { coming: false }),
  pia: () => {
    put('items', 'i3', { order: 'a2', name: 'Portraits' })
    document.getText('items/i3/body').insert(0, 'by pia')
  },
  cora: () => put('photos', 'cora:p1', { order: 'a2', caption: 'by Cora' }),
  flo: () => mapOf('photos', 'flo:p1').set('caption', 'Flowers'),
  cat: () => mapOf('items', 'i2').set('name', 'Big cake'),
  rosa: () => {
    document.getMap('answers').set('a2', 'mine')
    document.getText('answerTexts/a2').insert(0, 'typed')
  },
  cleo: () => {
    put('remarks', 'cleo:r1', { order: 'a1', text: 'by Cleo' })
    document.getText('remarks/cleo:r1/draft').insert(0, 'my draft')
  },
  max: () => document.getMap('picks').set('max:m1', true),
  ana: () => document.getMap('rsvps').set('ana', { coming: true }),
  ab: () => document.getMap('rsvps').set('a%2Fb', { coming: true })
} satisfies Record<string, () => unknown>

const mapOf = (root: string, id: string): Y.Map<unknown> =>
  document.getMap<Y.Map<unknown>>(root).get(id) ?? new Y.Map()

/** What one change adds to a document, and no more. */
export const updateBy = (document: Y.Doc, change: () => unknown): Uint8Array<ArrayBuffer> => {
  const updates: Uint8Array[] = []
  const hear = (update: Uint8Array): number => updates.push(update)
  document.on('update', hear)
  document.transact(change)
  document.off('update', hear)
  return Uint8Array.from(Y.mergeUpdates(updates))
}

const seed = (person: Person, write: () => unknown): { person: Person; update: Uint8Array<ArrayBuffer> } => {
  document.clientID = person.client
  return { person, update: updateBy(document, write) }
}

/** Each person's first update, in the order that they came. */
export const seeds = [
  seed(alice, seedOf.alice),
  seed(bob, seedOf.bob),
  seed(pia, seedOf.pia),
  seed(cora, seedOf.cora),
  seed(flo, seedOf.flo),
  seed(cat, seedOf.cat),
  seed(rosa, seedOf.rosa),
  seed(cleo, seedOf.cleo),
  seed(max, seedOf.max),
  seed(ana, seedOf.ana),
  seed(ab, seedOf.ab)
]

/** A replica of the room as Alice and Bob leave it, for a client of theirs. */
export const seededDocument = (client?: number): Y.Doc => {
  const replica = new Y.Doc({ guid: 'room' })
  if (client !== undefined) replica.clientID = client
  for (const { person, update } of seeds)
    if (person === alice || person === bob) Y.applyUpdate(replica, update)
  return replica
}

/** The next clock of a client. */
export const next = (client: number): number => Y.getState(document.store, client)

/** What stands under the keys of a root map, and of the maps in it. */
export const entry = (root: string, ...keys: readonly string[]): Id => {
  let type: Y.AbstractType<unknown> | null = document.getMap(root) as unknown as Y.AbstractType<unknown>
  let id: Id | null = null
  for (const key of keys) {
    const item: Y.Item | undefined = type?._map.get(key)
    if (item === undefined) throw new Error(`${root} has no ${keys.join('/')}`)
    id = item.id
    type = item.content instanceof Y.ContentType ? item.content.type : null
  }
  if (id === null) throw new Error(`${root}: no key`)
  return id
}

/** The unit of a root text or array that stands at an index. */
export const unit = (root: string, index: number): Id => {
  const type = document.share.get(root)
  let left = index
  for (let item = type?._start ?? null; item !== null; item = item.right) {
    if (item.deleted) continue
    if (left < item.length) return { client: item.id.client, clock: item.id.clock + left }
    left -= item.length
  }
  throw new Error(`${root} has nothing at ${index}`)
}

/** The emoji of the title: two units of one item, with Alice's clocks. */
export const emoji = unit('title', 4)

/** The title's second letter, which is deleted. */
export const deletedLetter: Id = { client: alice.client, clock: unit('title', 0).clock + 1 }

/** The entry that Alice removed, and what was in it: of that only garbage is left. */
export const removedEntry: Id = { client: alice.client, clock: entry('items', 'i1').clock - 3 }
export const garbage: Id = { client: alice.client, clock: entry('items', 'i1').clock - 2 }
