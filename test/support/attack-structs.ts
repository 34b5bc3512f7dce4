/** Structs that say one thing and become another: by their neighbours, their parents, and what is there already. */
import { type Attack, attack, attackInSteps, idleAttack, range, section, types, write } from './attack.ts'
import {
  alice,
  ana,
  cleo,
  emoji,
  entry,
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
const letter: RawStruct = { text: 'x', parent: 'items/i1/body' }

/** Something of each role's own: a unit of a list, a type, and a struct that may be written. */
const holdings: readonly { by: Person; list: Id | null; parent: Id | null; allowed: RawStruct }[] = [
  {
    by: pia,
    list: unit('items/i3/body', 1),
    parent: entry('items', 'i3'),
    allowed: { text: 'x', parent: 'items/i3/body' }
  },
  {
    by: cleo,
    list: unit('remarks/cleo:r1/draft', 1),
    parent: entry('remarks', 'cleo:r1'),
    allowed: { text: 'x', parent: 'remarks/cleo:r1/draft' }
  },
  {
    by: rosa,
    list: unit('answerTexts/a2', 1),
    parent: null,
    allowed: { any: ['x'], parent: 'answers', key: 'a7' }
  },
  {
    by: max,
    list: entry('picks', 'max:m1'),
    parent: null,
    allowed: { any: [true], parent: 'picks', key: 'max:m7' }
  },
  {
    by: ana,
    list: entry('rsvps', 'ana'),
    parent: null,
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
    write(newId, 0, { text: 'x', origin: unit('items/i1/body', 0), right: deletedOfTitle() })
  ),
  attack(
    pia,
    'stands between a text and what is garbage',
    write(newId, 0, { text: 'x', origin: unit('items/i1/body', 0), right: garbage() })
  ),
  attack(
    pia,
    'stands between what is garbage and a text',
    write(newId, 0, { text: 'x', origin: garbage(), right: unit('items/i1/body', 0) })
  ),
  attack(
    olga,
    'stands between a text and what is garbage, as one who may write everything',
    write(newId, 0, { text: 'x', origin: unit('items/i1/body', 0), right: garbage() })
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

/** The title's second letter, which is deleted. */
function deletedOfTitle(): Id {
  return { client: 5, clock: unit('title', 0).clock + 1 }
}

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

const twoSteps: readonly Attack[] = [
  attackInSteps(pia, 'writes its own text, and then from there into the title', [
    [write(newId, 0, { text: 'abc', origin: unit('items/i3/body', 5) }), 'taken'],
    [write(newId, 3, { text: 'x', origin: own(2), right: title }), 'refused']
  ]),
  attackInSteps(pia, 'writes its own text, and then repeats it with a tail in the title', [
    [write(newId, 0, { text: 'abc', origin: unit('items/i3/body', 5) }), 'taken'],
    [write(newId, 0, { text: 'abcdef', parent: 'title' }), 'refused']
  ]),
  attackInSteps(cleo, "adds an entry of its own, and then below it a neighbour of somebody's", [
    [
      write(
        newId,
        0,
        { type: types.map, parent: 'remarks', key: 'cleo:r2' },
        { any: ['x'], parent: own(0), key: 'text' }
      ),
      'taken'
    ],
    [write(newId, 2, { any: ['y'], origin: own(1), right: entry('remarks', 'carl:r1', 'text') }), 'refused']
  ]),
  attackInSteps(ana, 'deletes its own entry, and then stands behind what is left between others', [
    [rawUpdate([], [range(ana.client, [entry('rsvps', 'ana').clock, 1])]), 'taken'],
    [
      write(newId, 0, {
        any: [{ coming: true }],
        origin: entry('rsvps', 'ana'),
        right: entry('rsvps', 'bob')
      }),
      'refused'
    ]
  ]),
  attackInSteps(pia, 'is refused for a gap, and then fills it', [
    [write(newId, 2, { text: 'x', origin: title }), 'refused'],
    [write(newId, 0, { text: 'ab', parent: 'title' }), 'refused']
  ]),
  attackInSteps(pia, 'is refused for a delete of clocks to come', [
    [rawUpdate([], [range(newId, [0, 3])]), 'refused'],
    [rawUpdate([], [range(5, [next(5), 3])]), 'refused']
  ]),
  attackInSteps(pia, 'writes into an entry that it deletes in the same breath, and beside it', [
    [
      write(
        newId,
        0,
        { type: types.map, parent: 'items', key: 'i8' },
        { any: ['a6'], parent: own(0), key: 'order' }
      ),
      'taken'
    ],
    [
      rawUpdate(
        [
          section(
            newId,
            2,
            { any: ['x'], parent: own(0), key: 'name' },
            { any: ['x'], origin: entry('headline', 'value') }
          )
        ],
        [range(newId, [0, 1])]
      ),
      'refused'
    ]
  ])
]

/** What somebody wrote online into what was deleted meanwhile is taken, and is nowhere. */
const belowDeleted: readonly Attack[] = [
  attackInSteps(rosa, 'types behind a letter that is deleted, in its own text', [
    [rawUpdate([], [range(rosa.client, [unit('answerTexts/a2', 1).clock, 2])]), 'taken'],
    [write(newId, 0, { text: 'x', origin: unit('answerTexts/a2', 2) }), 'taken']
  ]),
  attack(
    ana,
    'types behind a deleted letter of the title',
    write(newId, 0, { text: 'x', origin: deletedOfTitle() }),
    'path-refused'
  ),
  attack(
    rex,
    'types behind a deleted letter of the title',
    write(newId, 0, { text: 'x', origin: deletedOfTitle() }),
    'read-only'
  ),
  attack(
    rex,
    'writes below what is garbage',
    write(newId, 0, { any: ['x'], parent: removedEntry(), key: 'name' }),
    'read-only'
  ),
  attack(rex, 'brings garbage', write(newId, 0, { gc: 3 }), 'read-only')
]

/** The entry that Alice removed with all that is in it. */
function removedEntry(): Id {
  return { client: alice.client, clock: entry('items', 'i1').clock - 3 }
}

/** What was in it. */
function garbage(): Id {
  return { client: alice.client, clock: entry('items', 'i1').clock - 2 }
}

export const structAttacks: readonly Attack[] = [
  ...inherited,
  ...twoLists,
  ...sameRole,
  ...tails,
  ...repeats,
  ...parents,
  ...twoSteps,
  ...belowDeleted
]
