import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import * as z from 'zod/mini'
import { defineRoom } from '../schema/define-room.ts'
import { s } from '../schema/storage-words.ts'
import { now } from '../server/clock.ts'
import { applied, type Guarded, refused, startGuarded } from './support/guarded.ts'
import { type RawStruct, rawUpdate } from './support/raw-update.ts'

const plan = defineRoom({
  kind: 'plan',
  roles: ['owner', 'editor', 'guest'],
  access: {
    owner: { write: '*' },
    editor: { write: ['date', 'items', 'remarks'] },
    guest: { write: ['remarks/own'] }
  },
  storage: {
    title: s.text(),
    theme: s.value(z._default(z.enum(['light', 'dark']), 'light')),
    date: s.contested(z._default(z.nullable(z.string()), null)),
    couple: s.object({ names: s.value(z._default(z.array(z.string()), [])), vows: s.text() }),
    items: s.collection({
      name: s.value(z.string()),
      hint: s.value(z.optional(z.string())),
      body: s.text(),
      start: s.contested(z._default(z.string(), ''))
    }),
    remarks: s.collection({ text: s.value(z.string()) }, { owned: true }),
    seats: s.record(s.value(z.number())),
    dishes: s.record(s.contested(z._default(z.string(), ''))),
    rsvps: s.perUser(z.boolean())
  },
  presence: z.looseObject({})
})

const author = 6
const writes = (...structs: RawStruct[]): Uint8Array => rawUpdate([{ client: author, clock: 0, structs }])
const judge = (update: Uint8Array, as = {}) => startGuarded(plan).judge(update, as)
const onMap = { type: 1 }
const first = { client: author, clock: 0 }

describe('what a kind has is written', () => {
  it.each<[string, RawStruct[]]>([
    ['a text', [{ text: 'Ada & Ben', parent: 'title' }]],
    [
      'a text with an embed and a mark',
      [
        { embed: '{}', parent: 'title' },
        { content: 6, bytes: [1, 0x62, 1, 0x31], parent: 'title' }
      ]
    ],
    ['a value', [{ any: ['dark'], parent: 'theme', key: 'value' }]],
    ['a value of an object', [{ any: [['Ada']], parent: 'couple', key: 'names' }]],
    ['a text of an object', [{ text: 'I do', parent: 'couple/vows' }]],
    [
      'an entry',
      [
        { ...onMap, parent: 'items', key: 'i1' },
        { any: ['x'], parent: first, key: 'name' }
      ]
    ],
    [
      'the order and the deletion of an entry',
      [
        { ...onMap, parent: 'items', key: 'i1' },
        { any: ['a0'], parent: first, key: 'order' },
        { any: [5], parent: first, key: 'deletedAt' }
      ]
    ],
    [
      'an entry that is there again',
      [
        { ...onMap, parent: 'items', key: 'i1' },
        { any: [null], parent: first, key: 'deletedAt' }
      ]
    ],
    ['a text of an entry', [{ text: 'x', parent: 'items/i1/body' }]],
    ['a value by id', [{ any: [3], parent: 'seats', key: 'ada' }]],
    ['a value by user', [{ any: [true], parent: 'rsvps', key: 'ada%2Fx' }]],
    [
      'history that nobody sees any more',
      [
        { deleted: 9, parent: 'title' },
        { deleted: 2, parent: 'theme', key: 'value' }
      ]
    ]
  ])('%s', (_, structs) => {
    expect(judge(writes(...structs))).toEqual(applied)
  })
})

describe('what a kind does not have is refused as invalid', () => {
  it.each<[string, string, RawStruct]>([
    ['an unknown root', 'other', { text: 'x', parent: 'other' }],
    ['an unknown root below a known one', 'title/x', { text: 'x', parent: 'title/x' }],
    ['an unknown text of an entry', 'items/i1/x', { text: 'x', parent: 'items/i1/x' }],
    ['a text for a value', 'items/i1/name', { text: 'x', parent: 'items/i1/name' }],
    ['a root that goes on behind its field', 'items/i1/body', { text: 'x', parent: 'items/i1/body/more' }],
    ['the text of an entry without an id', 'items//body', { text: 'x', parent: 'items//body' }],
    ['a name of the prototype', 'items/constructor/body', { text: 'x', parent: 'items/constructor/body' }],
    ['a key in a text', 'title/a', { text: 'x', parent: 'title', key: 'a' }],
    ['a type in a text', 'title', { type: 1, parent: 'title' }],
    ['values in a text', 'title', { any: ['x'], parent: 'title' }],
    ['a list in a map', 'couple', { any: ['x'], parent: 'couple' }],
    ['text in a map', 'theme', { text: 'dark', parent: 'theme', key: 'value' }],
    ['a key beside a value', 'theme', { any: ['dark'], parent: 'theme', key: 'other' }],
    ['a value that is none of its schema', 'theme', { any: ['green'], parent: 'theme', key: 'value' }],
    ['an unknown value of an object', 'couple/other', { any: [1], parent: 'couple', key: 'other' }],
    ['the text of an object as its value', 'couple/vows', { any: ['x'], parent: 'couple', key: 'vows' }],
    ['an entry that is a value', 'items/i1', { any: [{}], parent: 'items', key: 'i1' }],
    ['an entry that is a list', 'items/i1', { type: 0, parent: 'items', key: 'i1' }],
    ['an entry whose id has a slash', 'items/a/b', { ...onMap, parent: 'items', key: 'a/b' }],
    [
      'an entry whose id is too long',
      `items/${'x'.repeat(129)}`,
      { ...onMap, parent: 'items', key: 'x'.repeat(129) }
    ],
    ['a value by id that is none', 'seats/ada', { any: ['first'], parent: 'seats', key: 'ada' }],
    ['a user who is not encoded', 'rsvps/ada:x', { any: [true], parent: 'rsvps', key: 'ada:x' }],
    ['a document within it', 'title', { content: 9, bytes: [1, 0x67, 118, 0], parent: 'title' }]
  ])('%s', (_, path, struct) => {
    expect(judge(writes(struct))).toEqual(refused('value-invalid', path))
  })

  it.each<[string, string, RawStruct]>([
    ['an unknown field', 'other', { any: [1], parent: first, key: 'other' }],
    ['a field with another schema', 'name', { any: [1], parent: first, key: 'name' }],
    ['a field that is a type', 'name', { type: 2, parent: first, key: 'name' }],
    ['an order that is no string', 'order', { any: [1], parent: first, key: 'order' }],
    ['a deletion that is no time', 'deletedAt', { any: ['now'], parent: first, key: 'deletedAt' }],
    ['a deletion at no time', 'deletedAt', { any: [Number.NaN], parent: first, key: 'deletedAt' }]
  ])('in an entry: %s', (_, field, struct) => {
    const update = writes({ ...onMap, parent: 'items', key: 'i1' }, struct)
    expect(judge(update)).toEqual(refused('value-invalid', `items/i1/${field}`))
  })

  it('a kind that describes nothing takes all of this, but no document within a document', () => {
    const room = startGuarded()
    expect(
      room.judge(writes({ any: [1], parent: 'other', key: 'x' }, { text: 'x', parent: 'other' }))
    ).toEqual(applied)
    expect(room.judge(writes({ content: 9, bytes: [1, 0x67, 118, 0], parent: 'a' }))).toEqual(
      refused('value-invalid', 'a')
    )
  })
})

describe('a claim', () => {
  const claim = { value: '2026-05-02', by: 'ada', role: 'editor', at: 5 }
  const asEditor = { role: 'editor' }

  it('of the writer, in their role, is taken', () => {
    expect(judge(writes({ any: [claim, { ...claim, value: null }], parent: 'date' }), asEditor)).toEqual(
      applied
    )
    expect(judge(writes({ any: [{ ...claim, value: 'noon' }], parent: 'items/i1/start' }), asEditor)).toEqual(
      applied
    )
    const { value: _, ...unset } = claim
    expect(judge(writes({ any: [unset], parent: 'date' }), asEditor)).toEqual(applied)
  })

  it('in the lower role that the writer had before is taken', () => {
    expect(judge(writes({ any: [{ ...claim, role: 'guest' }], parent: 'date' }), asEditor)).toEqual(applied)
  })

  it.each<[string, unknown]>([
    ['by somebody else', { ...claim, by: 'ben' }],
    ['in a higher role', { ...claim, role: 'owner' }],
    ['in a role that the kind does not have', { ...claim, role: 'butler' }],
    ['that is yet to come', { ...claim, at: now() + 120_000 }],
    ['at no time', { ...claim, at: Number.POSITIVE_INFINITY }],
    ['that does not say when', { value: null, by: 'ada', role: 'editor' }],
    ['that does not say by whom', { value: null, role: 'editor', at: 5 }],
    ['with something else in it', { ...claim, seq: 1 }],
    ['whose value is none of the schema', { ...claim, value: 1 }],
    ['that is none', 'noon'],
    ['that is nothing', null],
    ['that is a list', [claim]]
  ])('%s is refused', (_, bad) => {
    expect(judge(writes({ any: [claim, bad], parent: 'date' }), asEditor)).toEqual(
      refused('value-invalid', 'date')
    )
  })

  it('is one in a list of values, not a text, a type or a value under a key', () => {
    for (const struct of [{ text: 'x' }, { type: 1 }, { embed: '{}' }, { any: [claim], key: 'a' }])
      expect(judge(writes({ ...struct, parent: 'date' }), asEditor)).toMatchObject({ code: 'value-invalid' })
  })

  it('that a full writer brings for somebody else says what that one said, and has the form of one', () => {
    const room = startGuarded(plan)
    room.owners.claim(author, 'ben')
    const theirs = { ...claim, by: 'ben' }
    expect(room.judge(writes({ any: [theirs], parent: 'date' }))).toEqual(applied)
    expect(room.judge(writes({ any: [{ ...theirs, value: 1 }], parent: 'date' }))).toEqual(
      refused('value-invalid', 'date')
    )
    expect(room.judge(writes({ any: [{ ...theirs, by: 1 }], parent: 'date' }))).toEqual(
      refused('value-invalid', 'date')
    )
  })

  it('is looked at where the document has those before it', () => {
    const room = startGuarded(plan)
    room.send(writes({ any: [claim], parent: 'date' }), asEditor)
    const longer = writes({ any: [claim, { ...claim, by: 'ben' }], parent: 'date' })
    expect(room.judge(longer, asEditor)).toEqual(refused('value-invalid', 'date'))
    expect(room.send(writes({ any: [claim, { ...claim, at: 6 }], parent: 'date' }), asEditor)).toEqual(
      applied
    )
    const asOwner = writes({ any: [claim, { ...claim, at: 6 }, { ...claim, role: 'owner' }], parent: 'date' })
    expect(room.send(asOwner), 'those before it were written in another role').toEqual(applied)
    expect(room.document.getArray('date').length).toBe(3)
  })
})

describe('what stands under a key', () => {
  const startRoom = (): Guarded => {
    const room = startGuarded(plan)
    room.send(
      writes(
        { ...onMap, parent: 'items', key: 'i1' },
        { any: ['x'], parent: first, key: 'name' },
        { any: ['h'], parent: first, key: 'hint' },
        { any: ['a0'], parent: first, key: 'order' }
      )
    )
    return room
  }
  const deleted = (...clocks: number[]) => [
    { client: author, ranges: clocks.map((clock) => [clock, 1] as const) }
  ]
  const next = (...structs: RawStruct[]) => [{ client: author, clock: 4, structs }]

  it('is taken away where the kind can do without it, or with its entry', () => {
    expect(startRoom().judge(rawUpdate([], deleted(2)))).toEqual(applied)
    expect(startRoom().judge(rawUpdate([], deleted(0, 1, 2, 3)))).toEqual(applied)
  })

  it('is not taken away where it is needed, but replaced', () => {
    expect(startRoom().judge(rawUpdate([], deleted(1)))).toEqual(refused('value-invalid', 'items/i1/name'))
    expect(startRoom().judge(rawUpdate([], deleted(3)))).toEqual(refused('value-invalid', 'items/i1/order'))
    const another = { any: ['y'], origin: { client: author, clock: 1 } }
    expect(startRoom().judge(rawUpdate(next(another), deleted(1)))).toEqual(applied)
    expect(startRoom().judge(rawUpdate(next(another), deleted(1, 4)))).toEqual(
      refused('value-invalid', 'items/i1/name')
    )
  })

  it('is not taken away by something behind it that does not stay', () => {
    const gone = { deleted: 1, origin: { client: author, clock: 1 } }
    expect(startRoom().judge(rawUpdate(next(gone)))).toEqual(refused('value-invalid', 'items/i1/name'))
    const two = [
      { any: ['y'], origin: { client: author, clock: 1 } },
      { any: ['z'], origin: { client: author, clock: 4 } }
    ]
    expect(startRoom().judge(rawUpdate(next(...two), deleted(4, 5)))).toEqual(
      refused('value-invalid', 'items/i1/name')
    )
    expect(startRoom().judge(rawUpdate(next(...two), deleted(4)))).toEqual(applied)
  })

  it('is taken away by an undo that Yjs cannot do otherwise: the later of two that were set at once', () => {
    const room = startRoom()
    const replica = new Y.Doc()
    Y.applyUpdate(replica, Y.encodeStateAsUpdate(room.document))
    replica.clientID = 2 ** 31
    const entry = replica.getMap('items').get('i1') as Y.Map<unknown>
    const undo = new Y.UndoManager(entry)
    entry.set('name', 'mine')
    const other = {
      client: 9,
      clock: 0,
      structs: [{ any: ['theirs'], origin: { client: author, clock: 1 } }]
    }
    room.send(rawUpdate([other]))
    Y.applyUpdate(replica, Y.encodeStateAsUpdate(room.document), 'pull')
    room.send(Y.encodeStateAsUpdate(replica))
    undo.undo()
    expect(room.send(Y.encodeStateAsUpdate(replica))).toEqual(applied)
  })

  it('is one value, unless the same update deletes them all', () => {
    const two = { any: ['light', 'dark'], parent: 'theme', key: 'value' }
    expect(judge(writes(two))).toEqual(refused('update-malformed'))
    const [section] = next(two)
    expect(
      startRoom().judge(rawUpdate(section ? [section] : [], [{ client: author, ranges: [[4, 2]] }]))
    ).toEqual(applied)
    expect(
      startRoom().judge(rawUpdate(section ? [section] : [], [{ client: author, ranges: [[4, 1]] }]))
    ).toEqual(refused('update-malformed'))
  })

  it('of an owned collection is made by whom its id says, or by a full writer', () => {
    const made = writes({ ...onMap, parent: 'remarks', key: 'ada:r1' })
    for (const role of ['owner', 'editor', 'guest']) expect(judge(made, { role })).toEqual(applied)
    expect(judge(made, { userId: 'ben', role: 'editor' })).toEqual(refused('value-invalid', 'remarks/ada:r1'))
    expect(judge(made, { userId: 'ben', role: 'owner' })).toEqual(applied)
  })
})
