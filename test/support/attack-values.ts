/** What stands where its author may write, and is not what the kind of the room has there. */
import { type Attack, attack, erase, range, section, types, write } from './attack.ts'
import {
  ab,
  ana,
  bob,
  cat,
  cleo,
  cora,
  entry,
  flo,
  max,
  newId,
  next,
  olga,
  type Person,
  pia,
  rosa,
  unit
} from './attack-room.ts'
import { type Id, type RawStruct, rawUpdate } from './raw-update.ts'

const own = (clock: number): Id => ({ client: newId, clock })

const bad = (by: Person, what: string, ...structs: readonly RawStruct[]): Attack =>
  attack(by, what, write(newId, 0, ...structs))

const minutes = { origin: entry('items', 'i1', 'minutes') }
const done = { parent: entry('tasks', 't1'), key: 'done' }

const registers: readonly Attack[] = [
  bad(pia, 'sets a number to text', { any: ['soon'], ...minutes }),
  bad(pia, 'sets a number to NaN', { any: [Number.NaN], ...minutes }),
  bad(pia, 'sets a number to a list', { any: [[1]], ...minutes }),
  bad(pia, 'sets a number to null', { any: [null], ...minutes }),
  bad(pia, 'sets a flag to a word', { any: ['yes'], ...done }),
  bad(pia, 'sets a name to an object', { any: [{ a: 1 }], origin: entry('items', 'i1', 'name') }),
  bad(pia, 'sets a number with the content of an old client', {
    content: 2,
    bytes: [1, 3, ...Buffer.from('"x"')],
    ...minutes
  }),
  bad(pia, 'sets a number to bytes', { content: 3, bytes: [1, 7], ...minutes }),
  bad(pia, 'sets a number to a text content', { text: '7', ...minutes }),
  bad(pia, 'sets a number to an embed', { embed: '7', ...minutes }),
  bad(pia, 'sets a number to a type', { type: types.map, ...minutes }),
  bad(pia, 'sets a number to a subdocument', { content: 9, bytes: [1, 0x67, 118, 0], ...minutes }),
  bad(pia, 'sets two values under one key', { any: [7, 8], ...minutes }),
  bad(pia, 'sets a bad value behind a good one', { any: [7, 'x'], ...minutes }),
  bad(pia, 'sets a good value, then a bad one', { any: [7], ...minutes }, { any: ['x'], origin: own(0) }),
  bad(pia, 'sets a field that entries do not have', {
    any: ['x'],
    parent: entry('items', 'i1'),
    key: 'secret'
  }),
  bad(pia, 'sets a field whose text is a root', { any: ['x'], parent: entry('items', 'i1'), key: 'body' }),
  bad(pia, 'sets an order that is no text', { any: [5], origin: entry('items', 'i1', 'order') }),
  bad(rosa, 'answers with an object', { any: [{ a: 1 }], parent: 'answers', key: 'a9' }),
  bad(rosa, 'answers under an id with a slash', { any: ['x'], parent: 'answers', key: 'a9/b' }),
  bad(rosa, 'answers under an empty id', { any: ['x'], parent: 'answers', key: '' }),
  bad(rosa, 'answers under an id of 10,000 letters', {
    any: ['x'],
    parent: 'answers',
    key: 'x'.repeat(10_000)
  }),
  bad(max, 'picks with a word', { any: ['yes'], parent: 'picks', key: 'max:m9' }),
  bad(ana, 'answers the invitation with a word', { any: ['yes'], origin: entry('rsvps', 'ana') }),
  bad(ana, 'answers the invitation without what is asked', { any: [{}], origin: entry('rsvps', 'ana') }),
  bad(cat, 'sets a name to a number', { any: [5], origin: entry('items', 'i1', 'name') }),
  bad(flo, 'sets a caption to a list', { any: [['x']], origin: entry('photos', 'flo:p1', 'caption') }),
  bad(olga, 'sets the headline to a number, as one who may write everything', {
    any: [5],
    origin: entry('headline', 'value')
  }),
  bad(olga, 'sets an entry of the headline that is not read', {
    any: ['x'],
    parent: 'headline',
    key: 'other'
  }),
  bad(olga, 'sets a field that objects do not have', { any: ['x'], parent: 'theme', key: 'other' })
]

const itemName = entry('items', 'i1', 'name')

/** A value without a default is needed: without it the entry is not shown to anybody. */
const needed: readonly Attack[] = [
  attack(pia, 'takes away a value that entries need', erase(itemName.client, [itemName.clock, 1])),
  attack(
    pia,
    'takes away the order of an entry',
    erase(itemName.client, [entry('items', 'i1', 'order').clock, 1])
  ),
  bad(pia, 'replaces a value that entries need by deleted content', { deleted: 1, origin: itemName }),
  attack(
    pia,
    'replaces a value that entries need, and deletes that',
    rawUpdate([section(newId, 0, { any: ['x'], origin: itemName })], [range(newId, [0, 1])])
  ),
  attack(
    pia,
    'deletes a value that entries need, and its replacement',
    rawUpdate(
      [section(newId, 0, { any: ['x'], origin: itemName })],
      [range(newId, [0, 1]), range(itemName.client, [itemName.clock, 1])]
    )
  ),
  attack(
    cat,
    'replaces the one field that it may write by deleted content',
    write(newId, 0, { deleted: 1, origin: itemName })
  )
]

const shapes: readonly Attack[] = [
  bad(pia, 'puts a value where entries stand', { any: ['x'], parent: 'items', key: 'i8' }),
  bad(pia, 'puts a list where entries stand', { type: types.array, parent: 'items', key: 'i8' }),
  bad(pia, 'puts a text where entries stand', { type: types.text, parent: 'items', key: 'i8' }),
  bad(pia, 'puts an XML element where entries stand', { type: types.element, parent: 'items', key: 'i8' }),
  bad(pia, 'puts an XML hook where entries stand', { type: types.hook, parent: 'items', key: 'i8' }),
  bad(pia, 'puts a subdocument where entries stand', {
    content: 9,
    bytes: [1, 0x67, 118, 0],
    parent: 'items',
    key: 'i8'
  }),
  bad(pia, 'puts a list into the root of a map', { any: ['x'], parent: 'items' }),
  bad(pia, 'puts text into the root of a map', { text: 'x', parent: 'items' }),
  bad(pia, 'puts list content into an entry', { any: ['x'], parent: entry('items', 'i1') }),
  bad(pia, 'puts a map into a field', { type: types.map, parent: entry('items', 'i2'), key: 'minutes' }),
  bad(
    pia,
    'puts a map into a map into a field',
    { type: types.map, parent: entry('items', 'i2'), key: 'minutes' },
    { type: types.map, parent: own(0), key: 'a' }
  ),
  bad(pia, 'sets a key of a text', { any: ['x'], parent: 'items/i1/body', key: 'bold' }),
  bad(pia, 'puts values into a text', { any: ['x'], origin: unit('items/i1/body', 0) }),
  bad(pia, 'puts a type into a text', { type: types.map, origin: unit('items/i1/body', 0) }),
  bad(pia, 'puts bytes into a text', { content: 3, bytes: [1, 7], origin: unit('items/i1/body', 0) }),
  bad(pia, 'puts a subdocument into a text', {
    content: 9,
    bytes: [1, 0x67, 118, 0],
    origin: unit('items/i1/body', 0)
  }),
  bad(pia, 'writes to a text that entries do not have', { text: 'x', parent: 'items/i1/other' }),
  bad(pia, 'writes to a root below a value of an entry', { text: 'x', parent: 'items/i1/name' }),
  bad(pia, 'writes to a root below a text of an entry', { text: 'x', parent: 'items/i1/body/x' }),
  bad(pia, 'writes to a root of an entry without its field', { text: 'x', parent: 'items/i1' }),
  bad(pia, 'writes to a root that ends in a slash', { text: 'x', parent: 'items/' }),
  bad(pia, 'writes to a root of the entry without a name', { text: 'x', parent: 'items//body' }),
  bad(pia, 'writes to a root that begins as one of its own', { text: 'x', parent: 'itemsX' }),
  bad(pia, 'writes an entry to a root that begins as one of its own', {
    any: ['x'],
    parent: 'items2',
    key: 'i1'
  }),
  bad(pia, 'writes to the root of all storage', { text: 'x', parent: '' }),
  bad(pia, 'writes to a root below a slash', { text: 'x', parent: '/items' }),
  bad(olga, 'types into a root that nobody knows', { text: 'x', parent: 'nowhere' }),
  bad(olga, 'types into the root of a map', { text: 'x', parent: 'headline' }),
  bad(olga, 'sets a key of the title', { any: ['x'], parent: 'title', key: 'bold' }),
  bad(olga, 'writes a text below the title', { text: 'x', parent: 'title/sub' })
]

const at = 1_700_000_000_000
const claim = (more: Record<string, unknown> = {}) => ({
  value: '15:00',
  by: 'pia',
  role: 'photographer',
  at,
  ...more
})
const start = { origin: unit('items/i1/start', 0) }

const claims: readonly Attack[] = [
  bad(pia, 'claims in the name of another', { any: [claim({ by: 'alice' })], ...start }),
  bad(pia, 'claims in a role that it does not have', { any: [claim({ role: 'owner' })], ...start }),
  bad(pia, 'claims as an administrator', { any: [claim({ role: 'admin' })], ...start }),
  bad(pia, 'claims in a role that nobody has', { any: [claim({ role: 'king' })], ...start }),
  bad(pia, 'claims at a time that has not come', { any: [claim({ at: 8_000_000_000_000_000 })], ...start }),
  bad(pia, 'claims at a time a day from now', { any: [claim({ at: Date.now() + 86_400_000 })], ...start }),
  bad(pia, 'claims at a time that is text', { any: [claim({ at: '2027' })], ...start }),
  bad(pia, 'claims at no time', { any: [claim({ at: Number.NaN })], ...start }),
  bad(pia, 'claims at an endless time', { any: [claim({ at: Number.POSITIVE_INFINITY })], ...start }),
  bad(pia, 'claims without a name', { any: [claim({ by: undefined })], ...start }),
  bad(pia, 'claims a bad value', { any: [claim({ value: 5 })], ...start }),
  bad(pia, 'claims well, and in the name of another behind it', {
    any: [claim(), claim({ by: 'alice' })],
    ...start
  }),
  bad(pia, 'puts a bare value among claims', { any: ['15:00'], ...start }),
  bad(pia, 'puts null among claims', { any: [null], ...start }),
  bad(pia, 'puts text among claims', { text: 'x', ...start }),
  bad(pia, 'puts a type among claims', { type: types.map, ...start }),
  bad(pia, 'claims under a key', { any: [claim()], parent: 'items/i1/start', key: 'a' }),
  bad(pia, 'claims for a field that is not contested', { any: [claim()], parent: 'items/i1/name' }),
  bad(olga, 'claims in the name of another, as one who may write everything', {
    any: [{ ...claim({ by: 'pia' }), role: 'owner' }],
    parent: 'date'
  }),
  bad(olga, 'claims in a higher role, as one who may write everything', {
    any: [{ ...claim({ by: 'olga' }), role: 'admin' }],
    parent: 'date'
  })
]

const ownKeys: readonly Attack[] = [
  bad(ana, 'writes under a key that begins as its own', {
    any: [{ coming: true }],
    parent: 'rsvps',
    key: 'anabel'
  }),
  bad(ana, 'writes under its own key in other letters', {
    any: [{ coming: true }],
    parent: 'rsvps',
    key: 'Ana'
  }),
  bad(ana, 'writes under its own key with a space', {
    any: [{ coming: true }],
    parent: 'rsvps',
    key: 'ana '
  }),
  bad(ana, 'writes under its own key, percent-encoded', {
    any: [{ coming: true }],
    parent: 'rsvps',
    key: '%61na'
  }),
  bad(ana, "writes under another's key, percent-encoded", {
    any: [{ coming: true }],
    parent: 'rsvps',
    key: '%62ob'
  }),
  bad(ana, 'writes under a key with a colon before its own', {
    any: [{ coming: true }],
    parent: 'rsvps',
    key: 'bob:ana'
  }),
  bad(ana, 'writes under a key that ends as its own', {
    any: [{ coming: true }],
    parent: 'rsvps',
    key: 'bob/ana'
  }),
  bad(ana, 'writes under the word own', { any: [{ coming: true }], parent: 'rsvps', key: 'own' }),
  bad(ana, 'writes under the empty key', { any: [{ coming: true }], parent: 'rsvps', key: '' }),
  bad(ana, 'writes to a root of its own name', {
    any: [{ coming: true }],
    parent: 'rsvps/ana',
    key: 'value'
  }),
  bad(ana, 'writes to the root below its key', { text: 'x', parent: 'rsvps/ana/x' }),
  bad(ana, 'writes a root that is its name', { text: 'x', parent: 'ana' }),
  bad(ana, 'writes no key at all', { any: [{ coming: true }], parent: 'rsvps' }),
  bad(ana, 'claims its own key beside a neighbour of another', {
    any: [{ coming: true }],
    origin: entry('rsvps', 'bob'),
    key: 'ana'
  }),
  bad(
    ana,
    'puts a type under its own key, and writes in it',
    { type: types.map, origin: entry('rsvps', 'ana') },
    { any: [true], parent: own(0), key: 'coming' }
  ),
  bad(ana, 'writes its own key of another storage', { any: [true], parent: 'picks', key: 'ana:m1' }),
  bad(bob, 'writes under the key of another guest', { any: [{ coming: true }], parent: 'rsvps', key: 'ana' }),
  bad(ab, 'writes under its id as it is', { any: [{ coming: true }], parent: 'rsvps', key: 'a/b' }),
  bad(ab, 'writes under the first part of its id', { any: [{ coming: true }], parent: 'rsvps', key: 'a' }),
  bad(ab, 'writes to a root that its id looks like', { text: 'x', parent: 'rsvps/a/b' }),
  bad(ab, 'writes under its id, encoded twice', { any: [{ coming: true }], parent: 'rsvps', key: 'a%252Fb' }),
  bad(ab, 'writes under its id in lower case', { any: [{ coming: true }], parent: 'rsvps', key: 'a%2fb' }),
  bad(max, 'picks under its own name in another entry', { any: [true], parent: 'picks', key: 'carl:max:m1' }),
  bad(cleo, 'drafts in the root of another entry', { text: 'x', parent: 'remarks/carl:cleo:r1/draft' }),
  bad(cleo, 'drafts in a root whose id begins as its own', {
    text: 'x',
    parent: 'remarks/cleopatra:r1/draft'
  }),
  bad(cleo, 'drafts for an id with a slash', { text: 'x', parent: 'remarks/cleo:r1/x/draft' })
]

const besideOwn: readonly Attack[] = [
  bad(
    ana,
    'sets its own entry, and then that of another',
    { any: [{ coming: true }], origin: entry('rsvps', 'ana') },
    { any: [{ coming: true }], origin: entry('rsvps', 'bob') }
  ),
  bad(
    max,
    'sets a pick of its own, and then that of another',
    { any: [true], origin: entry('picks', 'max:m1') },
    { any: [true], origin: entry('picks', 'carl:m1') }
  ),
  bad(
    cleo,
    'adds an entry of its own, and then one in the name of another',
    { type: types.map, parent: 'remarks', key: 'cleo:r8' },
    { type: types.map, parent: 'remarks', key: 'carl:r8' }
  ),
  bad(
    cat,
    'sets the field that it may write, and then another of the same entry',
    { any: ['x'], origin: itemName },
    { any: [7], ...minutes }
  ),
  bad(
    flo,
    'sets its caption, and then the order beside it',
    { any: ['x'], origin: entry('photos', 'flo:p1', 'caption') },
    { any: ['a9'], origin: entry('photos', 'flo:p1', 'order') }
  ),
  bad(max, 'picks under its own name, percent-encoded', { any: [true], parent: 'picks', key: '%6Dax:m9' }),
  bad(cleo, 'adds an entry under its own name, percent-encoded', {
    type: types.map,
    parent: 'remarks',
    key: '%63leo:r9'
  }),
  bad(cora, 'adds an entry in the name of another, where it may write all of them', {
    type: types.map,
    parent: 'photos',
    key: 'carl:p9'
  }),
  bad(cora, 'adds an entry in nobody’s name, where each has a maker', {
    type: types.map,
    parent: 'photos',
    key: 'p9'
  }),
  attack(
    pia,
    'types into a text whose name begins as that of its own',
    write(newId, 0, { text: 'x', parent: 'tasksNote' }),
    'path-refused'
  )
]

const fields: readonly Attack[] = [
  bad(cat, 'sets another field of an entry', { any: [5], ...minutes }),
  bad(cat, 'moves an entry', { any: ['a9'], origin: entry('items', 'i1', 'order') }),
  bad(cat, 'removes an entry from sight', { any: [at], parent: entry('items', 'i1'), key: 'deletedAt' }),
  bad(
    cat,
    'makes an entry with only the field that it may write',
    { type: types.map, parent: 'items', key: 'i8' },
    { any: ['x'], parent: own(0), key: 'name' }
  ),
  bad(cat, 'types into the text of an entry', { text: 'x', parent: 'items/i1/body' }),
  bad(cat, 'sets the field in another collection', { any: ['x'], origin: entry('tasks', 't1', 'name') }),
  bad(cat, 'writes a root of the name of its field', { text: 'x', parent: 'items/*/name' }),
  bad(cat, 'sets the field as an entry', { any: ['x'], parent: 'items', key: 'name' }),
  bad(flo, "sets the field of another's entry", {
    any: ['x'],
    origin: entry('photos', 'carl:p1', 'caption')
  }),
  bad(flo, 'sets another field of its own entry', {
    any: ['a9'],
    origin: entry('photos', 'flo:p1', 'order')
  }),
  bad(flo, 'types into another text of its own entry', { text: 'x', origin: unit('photos/flo:p1/story', 0) }),
  attack(
    flo,
    'stands between the field that it may write and one that it may not',
    write(newId, 0, {
      any: ['x'],
      origin: entry('photos', 'flo:p1', 'caption'),
      right: entry('photos', 'flo:p1', 'order')
    })
  ),
  attack(
    flo,
    'goes on from its last clock in another field',
    write(flo.client, next(flo.client) - 1, { any: ['x', 'y'], origin: entry('photos', 'flo:p1', 'order') })
  )
]

export const valueAttacks: readonly Attack[] = [
  ...registers,
  ...needed,
  ...shapes,
  ...claims,
  ...ownKeys,
  ...besideOwn,
  ...fields
]
