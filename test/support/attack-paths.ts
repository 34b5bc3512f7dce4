/** Plain writes and deletes, each by every role that may not do it there. */
import { can } from '../../schema/access.ts'
import { type Attack, attack, erase, types, write } from './attack.ts'
import { plan } from './attack-kinds.ts'
import { ana, cat, cleo, entry, flo, max, newId, type Person, pia, rex, rosa, unit } from './attack-room.ts'
import type { Id, RawStruct } from './raw-update.ts'

/** Something that is done to a place, as in `can`. */
interface Deed {
  readonly what: string
  readonly path: string
  readonly update: Uint8Array
}

const deed = (what: string, path: string, ...structs: readonly RawStruct[]): Deed => ({
  what,
  path,
  update: write(newId, 0, ...structs)
})

const removal = (what: string, path: string, { client, clock }: Id, length = 1): Deed => ({
  what,
  path,
  update: erase(client, [clock, length])
})

const own = (clock: number): Id => ({ client: newId, clock })

const writes: readonly Deed[] = [
  deed('types into the title, naming it', 'title', { text: 'x', parent: 'title' }),
  deed('types behind a letter of the title', 'title', { text: 'x', origin: unit('title', 2) }),
  deed('types before a letter of the title', 'title', { text: 'x', right: unit('title', 2) }),
  deed('types between two letters of the title', 'title', {
    text: 'x',
    origin: unit('title', 2),
    right: unit('title', 3)
  }),
  deed('sets the headline, as if it were the first to', 'headline/value', {
    any: ['x'],
    parent: 'headline',
    key: 'value'
  }),
  deed('replaces the headline', 'headline', { any: ['x'], origin: entry('headline', 'value') }),
  deed('replaces a field of an object', 'theme/color', { any: ['x'], origin: entry('theme', 'color') }),
  deed('types into a text of an object', 'theme/motto', { text: 'x', parent: 'theme/motto' }),
  deed(
    'adds an entry to a collection',
    'items/i9',
    { type: types.map, parent: 'items', key: 'i9' },
    { any: ['a5'], parent: own(0), key: 'order' },
    { any: ['New'], parent: own(0), key: 'name' }
  ),
  deed('replaces a whole entry', 'items/i1', { type: types.map, origin: entry('items', 'i1') }),
  deed('replaces a field of an entry', 'items/i1/name', { any: ['x'], origin: entry('items', 'i1', 'name') }),
  deed('sets a field of an entry, as if it were the first to', 'items/i2/minutes', {
    any: [7],
    parent: entry('items', 'i2'),
    key: 'minutes'
  }),
  deed('types into a text of an entry', 'items/i1/body', { text: 'x', origin: unit('items/i1/body', 1) }),
  deed('begins the text of another entry', 'items/i2/body', { text: 'x', parent: 'items/i2/body' }),
  deed('sets a task to done', 'tasks/t1/done', { any: [true], parent: entry('tasks', 't1'), key: 'done' }),
  deed("replaces somebody's answer to the invitation", 'rsvps/bob', {
    any: [{ coming: true }],
    origin: entry('rsvps', 'bob')
  }),
  deed('answers the invitation for a stranger', 'rsvps/zoe', {
    any: [{ coming: true }],
    parent: 'rsvps',
    key: 'zoe'
  }),
  deed("replaces the text of somebody's remark", 'remarks/carl:r1/text', {
    any: ['x'],
    origin: entry('remarks', 'carl:r1', 'text')
  }),
  deed('adds a remark in the name of somebody', 'remarks/carl:r9', {
    type: types.map,
    parent: 'remarks',
    key: 'carl:r9'
  }),
  deed("types into somebody's draft", 'remarks/carl:r1/draft', {
    text: 'x',
    origin: unit('remarks/carl:r1/draft', 0)
  }),
  deed("replaces somebody's pick", 'picks/carl:m1', { any: [false], origin: entry('picks', 'carl:m1') }),
  deed("sets the caption of somebody's photo", 'photos/carl:p1/caption', {
    any: ['x'],
    origin: entry('photos', 'carl:p1', 'caption')
  }),
  deed('answers a question', 'answers/a9', { any: ['x'], parent: 'answers', key: 'a9' }),
  deed('types an answer', 'answerTexts/a1', { text: 'x', origin: unit('answerTexts/a1', 0) })
]

const removals: readonly Deed[] = [
  removal('deletes a letter of the title', 'title', unit('title', 2)),
  removal('deletes the headline', 'headline', entry('headline', 'value')),
  removal('deletes a whole entry', 'items/i1', entry('items', 'i1')),
  removal('deletes a field of an entry', 'items/i1/name', entry('items', 'i1', 'name')),
  removal('deletes from a text of an entry', 'items/i1/body', unit('items/i1/body', 1), 3),
  removal('deletes what was claimed for a contested value', 'date', unit('date', 0)),
  removal("deletes somebody's answer to the invitation", 'rsvps/bob', entry('rsvps', 'bob')),
  removal("deletes somebody's remark", 'remarks/carl:r1', entry('remarks', 'carl:r1')),
  removal("deletes somebody's pick", 'picks/carl:m1', entry('picks', 'carl:m1')),
  removal('deletes an answer', 'answers/a1', entry('answers', 'a1')),
  removal('deletes from a typed answer', 'answerTexts/a1', unit('answerTexts/a1', 0), 2)
]

/** Who tries all of it, and who only what lies nearest to what they may. */
const people: readonly (readonly [Person, readonly RegExp[]])[] = [
  [pia, []],
  [ana, []],
  [rex, []],
  [cleo, [/title, naming/, /behind a letter/, /entry/, /rsvps|invitation/, /remark/, /draft/, /pick/]],
  [rosa, [/title, naming/, /behind a letter/, /entry/, /invitation/, /remark/, /pick/, /headline/]],
  [max, [/title, naming/, /behind a letter/, /entry/, /invitation/, /remark/, /pick/, /answer/]],
  [flo, [/entry/, /photo/, /behind a letter/]],
  [cat, [/entry/, /task/, /behind a letter/]]
]

export const pathAttacks: readonly Attack[] = people.flatMap(([person, only]) =>
  [...writes, ...removals]
    .filter(({ what }) => only.length === 0 || only.some((pattern) => pattern.test(what)))
    .filter(({ path }) => !can(plan, { role: person.role, userId: person.user }, 'write', path))
    .map(({ what, update }) => attack(person, what, update, person === rex ? 'read-only' : 'path-refused'))
)
