import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import * as z from 'zod/mini'
import { defineRoom } from '../schema/define-room.ts'
import { s } from '../schema/storage-words.ts'
import { applied, type Guarded, refused, startGuarded } from './support/guarded.ts'
import { type RawStruct, rawUpdate } from './support/raw-update.ts'
import { record } from './support/yjs-story.ts'

const day = defineRoom({
  kind: 'day',
  roles: ['couple', 'photographer', 'caterer', 'florist', 'guest', 'reader'],
  access: {
    couple: { write: '*' },
    photographer: { write: ['items', 'notes'] },
    caterer: { write: ['items/*/name', 'items/*/body'] },
    florist: { write: ['remarks/own/text', 'remarks/own/draft'] },
    guest: { write: ['rsvps/own', 'remarks/own'] },
    reader: {}
  },
  storage: {
    notes: s.text(),
    budget: s.text(),
    items: s.collection({
      name: s.value(z.string()),
      minutes: s.value(z._default(z.number(), 0)),
      body: s.text()
    }),
    remarks: s.collection({ text: s.value(z.string()), draft: s.text() }, { owned: true }),
    rsvps: s.perUser(z.string())
  },
  presence: z.looseObject({})
})

const couple = 5
const stranger = 6
/** In the root `budget`, which only the couple may write: `secret 😀`. */
const budgetAt = (clock: number) => ({ client: couple, clock })

const startDay = (): Guarded => {
  const room = startGuarded(day)
  const document = new Y.Doc()
  document.clientID = couple
  const updates = record(document)
  document.getText('budget').insert(0, 'secret 😀')
  document.getText('notes').insert(0, 'open')
  document.getMap('items').set(
    'i1',
    new Y.Map([
      ['order', 'a0'],
      ['name', 'Vows']
    ] as [string, string][])
  )
  document.getMap('remarks').set(
    'ana:r1',
    new Y.Map([
      ['order', 'a0'],
      ['text', 'hm']
    ] as [string, string][])
  )
  document.getMap('rsvps').set('ana', 'yes')
  for (const update of updates) expect(room.send(update)).toEqual(applied)
  return room
}

/** What somebody else's replica would send after this change. */
const changed = ({ document }: Guarded, change: (document: Y.Doc) => void, client = stranger): Uint8Array => {
  const replica = new Y.Doc()
  Y.applyUpdate(replica, Y.encodeStateAsUpdate(document))
  replica.clientID = client
  const updates = record(replica)
  replica.transact(() => change(replica))
  return Y.mergeUpdates(updates)
}

const entry = (document: Y.Doc, root: string, id: string): Y.Map<unknown> => {
  const found = document.getMap(root).get(id)
  if (found instanceof Y.Map) return found
  throw new Error(`no ${root}/${id}`)
}

const newEntry = (values: Record<string, unknown>): Y.Map<unknown> => new Y.Map(Object.entries(values))

const writes = (...structs: RawStruct[]): Uint8Array => rawUpdate([{ client: stranger, clock: 0, structs }])

describe('a role writes where its paths are, and nowhere else', () => {
  const cases: [role: string, what: string, change: (document: Y.Doc) => void, path: string | null][] = [
    ['photographer', 'a text of its path', (d) => d.getText('notes').insert(4, '!'), null],
    ['photographer', 'another text', (d) => d.getText('budget').insert(0, '!'), 'budget'],
    [
      'photographer',
      'a new entry',
      (d) => d.getMap('items').set('i2', newEntry({ order: 'a1', name: 'x' })),
      null
    ],
    ['photographer', 'a field of an entry', (d) => entry(d, 'items', 'i1').set('name', 'x'), null],
    ['photographer', 'the text of an entry', (d) => d.getText('items/i1/body').insert(0, 'x'), null],
    [
      'photographer',
      'the text of another root',
      (d) => d.getText('remarks/ana:r1/draft').insert(0, 'x'),
      'remarks/ana:r1/draft'
    ],
    ['photographer', 'a root whose name only begins so', (d) => d.getText('itemsX').insert(0, 'x'), 'itemsX'],
    ['photographer', 'a deletion elsewhere', (d) => d.getText('budget').delete(0, 1), 'budget'],
    ['caterer', 'its field', (d) => entry(d, 'items', 'i1').set('name', 'x'), null],
    ['caterer', 'its text', (d) => d.getText('items/i1/body').insert(0, 'x'), null],
    ['caterer', 'another field', (d) => entry(d, 'items', 'i1').set('minutes', 5), 'items/i1/minutes'],
    ['caterer', 'a new entry', (d) => d.getMap('items').set('i2', newEntry({ name: 'x' })), 'items/i2'],
    [
      'caterer',
      'another entry in the place of one',
      (d) => d.getMap('items').set('i1', newEntry({ name: 'x' })),
      'items/i1'
    ],
    ['caterer', 'the deletion of an entry', (d) => d.getMap('items').delete('i1'), 'items/i1'],
    [
      'florist',
      'a field of somebody else’s',
      (d) => entry(d, 'remarks', 'ana:r1').set('text', 'x'),
      'remarks/ana:r1/text'
    ],
    [
      'florist',
      'a new entry of its own',
      (d) => d.getMap('remarks').set('ben:r2', newEntry({ text: 'x' })),
      'remarks/ben:r2'
    ],
    ['florist', 'a text of its own', (d) => d.getText('remarks/ben:r2/draft').insert(0, 'x'), null],
    ['guest', 'its own key', (d) => d.getMap('rsvps').set('ben', 'no'), null],
    ['guest', 'another’s key', (d) => d.getMap('rsvps').set('ana', 'no'), 'rsvps/ana'],
    ['guest', 'the deletion of another’s key', (d) => d.getMap('rsvps').delete('ana'), 'rsvps/ana'],
    ['guest', 'a key that begins as its own', (d) => d.getMap('rsvps').set('benno', 'no'), 'rsvps/benno'],
    [
      'guest',
      'an entry of its own',
      (d) => d.getMap('remarks').set('ben:r1', newEntry({ order: 'a', text: 'x' })),
      null
    ],
    [
      'guest',
      'an entry of another',
      (d) => d.getMap('remarks').set('ana:r2', newEntry({ text: 'x' })),
      'remarks/ana:r2'
    ],
    ['guest', 'a list where a map is', (d) => d.getArray('rsvps').insert(0, ['x']), 'rsvps'],
    ['couple', 'everything', (d) => d.getText('budget').delete(0, 3), null]
  ]

  it.each(cases)('%s: %s', (role, _, change, path) => {
    const room = startDay()
    const verdict = room.send(changed(room, change), { userId: 'ben', role })
    expect(verdict).toEqual(path === null ? applied : refused('path-refused', path))
  })

  it('whoever writes nowhere is told that, and not where', () => {
    const room = startDay()
    const update = changed(room, (d) => d.getText('notes').insert(0, 'x'))
    expect(room.judge(update, { role: 'reader' })).toEqual(refused('read-only'))
    const garbage = writes({ gc: 2 })
    expect(room.judge(garbage, { role: 'reader' })).toEqual(refused('read-only'))
  })
})

describe('where a struct goes is not what it says', () => {
  const photographer = { userId: 'pia', role: 'photographer' }

  it.each<[string, RawStruct]>([
    ['the left neighbour', { text: 'x', origin: budgetAt(3) }],
    ['the right neighbour', { text: 'x', right: budgetAt(3) }],
    ['a tombstone with a neighbour', { deleted: 1, origin: budgetAt(3) }],
    ['a mark of a format with a neighbour', { content: 6, bytes: [1, 0x62, 1, 0x31], origin: budgetAt(3) }]
  ])('but what %s decides', (_, struct) => {
    expect(startDay().judge(writes(struct), photographer)).toEqual(refused('path-refused', 'budget'))
  })

  it('a neighbour that came with the same update is followed to its root', () => {
    const update = writes({ text: 'x', parent: 'notes' }, { gc: 1 }, { text: 'y', origin: budgetAt(0) })
    expect(startDay().judge(update, photographer)).toEqual(refused('path-refused', 'budget'))
  })

  it('neighbours of two lists are malformed, also where one is garbage', () => {
    const room = startDay()
    const notes = { client: couple, clock: 9 }
    expect(room.judge(writes({ text: 'x', origin: notes, right: budgetAt(0) }), photographer)).toEqual(
      refused('update-malformed')
    )
    const update = writes({ gc: 1 }, { text: 'x', origin: { client: stranger, clock: 0 }, right: notes })
    expect(room.judge(update, photographer)).toEqual(refused('update-malformed'))
  })

  it('two keys of one map are two lists', () => {
    const update = writes(
      { any: ['yes'], parent: 'rsvps', key: 'pia' },
      { any: ['yes'], parent: 'rsvps', key: 'eve' },
      { any: ['no'], origin: { client: stranger, clock: 0 }, right: { client: stranger, clock: 1 } }
    )
    expect(startDay().judge(update)).toEqual(refused('update-malformed'))
  })

  it('an id that the document has is looked up there first', () => {
    const room = startDay()
    // Client and clock of the text `notes`, claimed again as a type in a list that may be written.
    const claimed = { client: couple, clock: 9, structs: [{ type: 1, parent: 'items', key: 'i9' }] }
    const inside = {
      client: stranger,
      clock: 0,
      structs: [{ any: ['x'], parent: { client: couple, clock: 9 }, key: 'name' }]
    }
    expect(room.judge(rawUpdate([inside, claimed]), photographer)).toEqual(refused('update-malformed'))
  })

  it('a parent that is no type is malformed', () => {
    const update = writes({ any: ['x'], parent: budgetAt(0), key: 'name' })
    expect(startDay().judge(update, photographer)).toEqual(refused('update-malformed'))
  })

  it('a key deeper down does not make an entry one’s own', () => {
    const room = startDay()
    const ofAna = entry(room.document, 'remarks', 'ana:r1')._item?.id
    const struct = { any: ['x'], parent: ofAna ?? budgetAt(0), key: 'ben' }
    expect(room.judge(writes(struct), { userId: 'ben', role: 'guest' })).toEqual(
      refused('path-refused', 'remarks/ana:r1/ben')
    )
  })

  it('whatever is below something deleted goes nowhere, and passes', () => {
    const room = startDay()
    const late = changed(room, (d) => entry(d, 'items', 'i1').set('minutes', 3))
    expect(room.send(changed(room, (d) => d.getMap('items').delete('i1'), 7))).toEqual(applied)
    expect(room.send(late, { userId: 'cato', role: 'caterer' })).toEqual(applied)
    expect(room.document.getMap('items').toJSON()).toEqual({})
  })
})

describe('what is nothing new is refused to nobody', () => {
  it.each(['photographer', 'caterer', 'guest', 'reader'])(
    '%s may send all that the room has, and has deleted',
    (role) => {
      const room = startDay()
      room.send(changed(room, (d) => d.getText('budget').delete(0, 4), 7))
      const whole = Y.encodeStateAsUpdate(room.document)
      const replica = startGuarded(day)
      replica.send(whole)
      room.send(Y.encodeStateAsUpdate(replica.document))
      expect(room.judge(Y.encodeStateAsUpdate(replica.document), { userId: 'ben', role })).toEqual({
        answer: 'known'
      })
    }
  )

  it('a replica of a reader tidies marks of formats: that is dropped', () => {
    const room = startDay()
    room.send(changed(room, (d) => d.getText('budget').format(0, 6, { bold: true }), 7))
    const mark = { client: 7, ranges: [[0, 1]] as const }
    expect(room.judge(rawUpdate([], [mark]), { role: 'reader' })).toEqual({ answer: 'known' })
    expect(room.judge(rawUpdate([], [mark]))).toEqual(applied)
  })

  it('between what may be deleted a mark stays', () => {
    const room = startDay()
    const mark: RawStruct = { content: 6, bytes: [1, 0x62, 1, 0x31], origin: budgetAt(0) }
    const own: RawStruct = { text: 'x', origin: { client: couple, clock: 9 } }
    room.send(rawUpdate([{ client: 7, clock: 0, structs: [own, mark, own] }]))
    const update = rawUpdate([], [{ client: 7, ranges: [[0, 3]] }])
    expect(room.send(update, { userId: 'pia', role: 'photographer' })).toEqual(applied)
    expect(room.document.getText('notes').toString()).toBe('open')
    expect(room.document.store.clients.get(7)?.map(({ deleted }) => deleted)).toEqual([true, false, true])
  })

  it('beside something new the marks stay, and the rest is applied', () => {
    const room = startDay()
    room.send(changed(room, (d) => d.getText('budget').format(0, 6, { bold: true }), 7))
    const notes = { client: couple, clock: 9 }
    const update = rawUpdate(
      [{ client: stranger, clock: 0, structs: [{ text: 'x', origin: notes }] }],
      [
        { client: 7, ranges: [[0, 2]] },
        { client: couple, ranges: [[9, 1]] }
      ]
    )
    expect(room.send(update, { userId: 'pia', role: 'photographer' })).toEqual(applied)
    expect(room.document.getText('notes').toString()).toBe('penx')
    expect(room.document.getText('budget').toDelta()).toMatchObject([{ attributes: { bold: true } }, {}])
  })
})
