/** Structs that say one thing and become another: by their neighbours, their parents, and what is there already. */
import { type Attack, attack, attackInSteps, idleAttack, range, section, types, write } from './attack.ts'
import {
  ana,
  cleo,
  deletedLetter,
  emoji,
  entry,
  garbage,
  max,
  newId,
  next,
  olga,
  type Person,
  pia,
  rex,
  rosa,
  unit
} from './attack-room.ts'
import { type Id, type RawStruct, rawUpdate } from './raw-update.ts'

const own = (clock: number): Id => ({ client: newId, clock })
const subdocument = { content: 9, bytes: [1, 0x67, 118, 0] }
const letter: RawStruct = { text: 'x', parent: 'items/i1/body' }

/** Something of each role's own: a unit of a list, a type, and a struct that may be written. */
const holdings: readonly { by: Person; list: Id | null; allowed: RawStruct }[] = [
  {
    by: pia,
    list: unit('items/i3/body', 1),
    allowed: { text: 'x', parent: 'items/i3/body' }
  },
  {
    by: cleo,
    list: unit('remarks/cleo:r1/draft', 1),
    allowed: { text: 'x', parent: 'remarks/cleo:r1/draft' }
  },
  {
    by: rosa,
    list: unit('answerTexts/a2', 1),
    allowed: { any: ['x'], parent: 'answers', key: 'a7' }
  },
  {
    by: max,
    list: entry('picks', 'max:m1'),
    allowed: { any: [true], parent: 'picks', key: 'max:m7' }
  },
  {
    by: ana,
    list: entry('rsvps', 'ana'),
    allowed: { any: [{ coming: true }], origin: entry('rsvps', 'ana') }
  }
]

const title = unit('title', 2)

const inherited: readonly Attack[] = holdings.flatMap(({ by, allowed }) => [
  attack(
    by,
    'hides a letter of the title behind what it may write',
    write(newId, 0, allowed, { text: 'x', origin: title }),
    'path-refused'
  ),
  attack(
    by,
    'hides a delete behind what it may write',
    rawUpdate([section(newId, 0, allowed)], [range(5, [title.clock, 1])]),
    'path-refused'
  ),
  attack(
    by,
    'hides it under a second client',
    rawUpdate([section(newId + 1, 0, { text: 'x', right: title }), section(newId, 0, allowed)]),
    'path-refused'
  ),
  attack(
    by,
    'inherits through a chain of its own',
    write(newId, 0, { text: 'x', origin: title }, { text: 'y', origin: own(0) }, allowed),
    'path-refused'
  ),
  attack(
    by,
    'says its own root beside a neighbour in the title',
    write(newId, 0, { text: 'x', origin: title, parent: by.user }),
    'path-refused'
  )
])

const twoLists: readonly Attack[] = holdings.flatMap(({ by, list }) =>
  list === null
    ? []
    : [
        attack(
          by,
          'stands between its own and the title',
          write(newId, 0, { text: 'x', origin: list, right: title })
        ),
        attack(
          by,
          'stands between the title and its own',
          write(newId, 0, { text: 'x', origin: title, right: list })
        ),
        attack(
          by,
          "stands between its own and somebody's entry",
          write(newId, 0, { any: [{ coming: true }], origin: list, right: entry('rsvps', 'bob') })
        ),
        attack(
          by,
          "stands between somebody's entry and its own",
          write(newId, 0, { any: [{ coming: true }], origin: entry('rsvps', 'bob'), right: list })
        )
      ]
)

const sameRole: readonly Attack[] = [
  attack(
    pia,
    'stands between two texts that it may both write',
    write(newId, 0, { text: 'x', origin: unit('items/i1/body', 0), right: unit('items/i3/body', 0) })
  ),
  attack(
    pia,
    'stands between two fields of one entry',
    write(newId, 0, {
      any: ['x'],
      origin: entry('items', 'i1', 'name'),
      right: entry('items', 'i1', 'order')
    })
  ),
  attack(
    pia,
    'stands between a text and something deleted elsewhere',
    write(newId, 0, { text: 'x', origin: unit('items/i1/body', 0), right: deletedLetter })
  ),
  attack(
    pia,
    'stands between a text and what is garbage',
    write(newId, 0, { text: 'x', origin: unit('items/i1/body', 0), right: garbage })
  ),
  ...[pia, olga].flatMap((by) => [
    attack(
      by,
      'puts a subdocument beside what is garbage',
      write(newId, 0, { ...subdocument, origin: garbage }),
      ['value-invalid']
    ),
    attack(
      by,
      'puts a subdocument below what is deleted',
      write(newId, 0, { ...subdocument, parent: garbage, key: 'a' }),
      ['value-invalid']
    )
  ]),
  attack(
    pia,
    'stands between what is garbage and a text',
    write(newId, 0, { text: 'x', origin: garbage, right: unit('items/i1/body', 0) })
  ),
  attack(
    olga,
    'stands between a text and what is garbage, as one who may write everything',
    write(newId, 0, { text: 'x', origin: unit('items/i1/body', 0), right: garbage })
  ),
  attack(
    olga,
    'stands between two texts, as one who may write everything',
    write(newId, 0, { text: 'x', origin: unit('title', 0), right: unit('items/i1/body', 0) })
  ),
  attack(
    olga,
    'stands between two roots of maps',
    write(newId, 0, { any: ['x'], origin: entry('headline', 'value'), right: entry('theme', 'color') })
  )
]

const tails: readonly Attack[] = holdings.flatMap(({ by, list }) => {
  const last = next(by.client) - 1
  const from = { client: by.client, clock: last }
  return [
    attack(
      by,
      'goes on from its last clock in the title',
      write(by.client, last, { text: 'xyz', parent: 'title' })
    ),
    attack(
      by,
      'goes on from its last clock behind a letter of the title',
      write(by.client, last, { text: 'xyz', origin: title })
    ),
    // Whoever deletes what they have not sent yet sends such garbage: it is nowhere.
    attackInSteps(by, 'goes on from its last clock as garbage', [
      [write(by.client, last, { gc: 5 }), 'taken']
    ]),
    ...(list === null
      ? []
      : [
          attack(
            by,
            'goes on from its last clock, and then stands behind that in another list',
            write(by.client, last, { text: 'xyz', origin: title, right: list }, { text: '!', origin: from })
          )
        ])
  ]
})

const repeats: readonly Attack[] = [
  ...[rex, ana, pia].flatMap((by) => [
    idleAttack(
      by,
      'repeats a struct with a neighbour inside an emoji',
      write(5, 0, { text: 'h', origin: { ...emoji } })
    ),
    idleAttack(
      by,
      'repeats a struct with a right neighbour inside an emoji',
      write(7, 0, { any: [{ coming: false }], right: { client: 5, clock: emoji.clock + 1 } })
    ),
    idleAttack(
      by,
      'repeats from the middle of an emoji',
      write(5, emoji.clock + 1, { text: '� ', origin: emoji })
    ),
    idleAttack(
      by,
      'repeats a struct with a neighbour that never was',
      write(5, 0, { text: 'h', origin: { client: 98, clock: 7 } })
    ),
    idleAttack(
      by,
      'repeats a struct under a root that is not there',
      write(5, 0, { text: 'h', parent: 'made up' })
    ),
    idleAttack(by, 'repeats a struct as garbage', write(5, 0, { gc: 4 })),
    idleAttack(by, 'repeats a struct as a skip', write(5, 0, { skip: 4 })),
    idleAttack(by, 'repeats a struct with other content', write(5, 0, { text: 'HELLO', parent: 'title' })),
    idleAttack(by, 'repeats all that the owner wrote as one garbage', write(5, 0, { gc: next(5) }))
  ]),
  attack(
    pia,
    'repeats the owner with a lie, and writes into the title beside it',
    rawUpdate([
      section(5, 0, { text: 'h', parent: 'items/i3/body' }),
      section(newId, 0, { text: 'x', origin: { client: 5, clock: 0 } })
    ])
  ),
  attack(
    rex,
    'repeats the owner, and goes on for her',
    write(5, next(5) - 1, { text: 'xyz', parent: 'title' })
  ),
  attack(
    pia,
    'repeats the owner, and goes on for her where it may write itself',
    write(5, next(5) - 1, { text: 'xyz', parent: 'items/i3/body' })
  )
]

const parents: readonly Attack[] = [
  attack(
    pia,
    'claims a letter of its own again as a type, and writes below it',
    rawUpdate([
      section(pia.client, unit('items/i3/body', 0).clock, { type: types.map, parent: 'title' }),
      section(newId, 0, { any: ['x'], parent: unit('items/i3/body', 0), key: 'a' })
    ])
  ),
  attack(
    cleo,
    "claims somebody's entry again as one of its own, and writes below it",
    rawUpdate([
      section(5, entry('remarks', 'carl:r1').clock, { type: types.map, parent: 'remarks', key: 'cleo:r5' }),
      section(newId, 0, { any: ['x'], parent: entry('remarks', 'carl:r1'), key: 'draft' })
    ])
  ),
  attack(
    ana,
    "claims somebody's entry again as its own, and stands behind it",
    rawUpdate([
      section(7, entry('rsvps', 'bob').clock, { any: [{ coming: false }], parent: 'rsvps', key: 'ana' }),
      section(newId, 0, { any: [{ coming: true }], origin: entry('rsvps', 'bob') })
    ])
  ),
  attack(
    pia,
    'has a letter for a parent',
    write(newId, 0, { any: ['x'], parent: unit('items/i3/body', 0), key: 'name' })
  ),
  attack(
    pia,
    'has a value for a parent',
    write(newId, 0, { any: ['x'], parent: entry('items', 'i1', 'name'), key: 'name' })
  ),
  attack(
    pia,
    'has a parent in another root, beside one of its own',
    write(newId, 0, letter, { any: ['x'], parent: entry('remarks', 'carl:r1'), key: 'text' }),
    'path-refused'
  ),
  attack(
    cleo,
    "writes its own key below somebody's entry",
    write(newId, 0, { any: ['x'], parent: entry('remarks', 'carl:r1'), key: 'cleo:r1' })
  ),
  attack(
    cleo,
    'writes its own key below an entry of another collection',
    write(newId, 0, { any: ['x'], parent: entry('items', 'i1'), key: 'cleo:r1' })
  )
]

export const structAttacks: readonly Attack[] = [
  ...inherited,
  ...twoLists,
  ...sameRole,
  ...tails,
  ...repeats,
  ...parents
]
