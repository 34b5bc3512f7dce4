/** Attacks in several steps, of which the first are allowed; and what is written below something deleted. */
import { type Attack, attack, attackInSteps, range, section, types, write } from './attack.ts'
import {
  ana,
  cleo,
  deletedLetter,
  entry,
  newId,
  next,
  pia,
  removedEntry,
  rex,
  rosa,
  unit
} from './attack-room.ts'
import { type Id, rawUpdate } from './raw-update.ts'

const own = (clock: number): Id => ({ client: newId, clock })
const title = unit('title', 2)

/** Every other clock. */
const odd = Array.from({ length: 20 }, (_, index) => [2 * index + 1, 1] as const)

const twoSteps: readonly Attack[] = [
  attackInSteps(pia, 'writes its own text, and then from there into the title', [
    [write(newId, 0, { text: 'abc', origin: unit('items/i3/body', 5) }), 'taken'],
    [write(newId, 3, { text: 'x', origin: own(2), right: title }), 'refused']
  ]),
  attackInSteps(pia, 'writes its own text, and then repeats it with a tail in the title', [
    [write(newId, 0, { text: 'abc', origin: unit('items/i3/body', 5) }), 'taken'],
    [write(newId, 0, { text: 'abcdef', parent: 'title' }), 'refused']
  ]),
  attackInSteps(pia, 'writes two texts, and then repeats the first with a tail behind the second', [
    [
      write(
        newId,
        0,
        { text: 'abc', parent: 'items/i2/body' },
        { text: 'de', origin: unit('items/i3/body', 5) }
      ),
      'taken'
    ],
    [write(newId, 0, { text: 'abcdefg', parent: 'items/i2/body' }), 'refused']
  ]),
  attackInSteps(
    pia,
    'says what it deleted, and then as many deletes of what is not',
    [
      [
        rawUpdate(
          [section(newId, 0, { text: 'x'.repeat(40), parent: 'items/i2/body' })],
          [range(newId, ...odd)]
        ),
        'taken'
      ],
      [rawUpdate([], [range(newId, ...odd)]), 'nothing'],
      [rawUpdate([], [range(newId, ...odd)]), 'nothing'],
      [rawUpdate([], [range(5, ...odd)]), 'refused']
    ],
    'path-refused'
  ),
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
    write(newId, 0, { text: 'x', origin: deletedLetter }),
    'path-refused'
  ),
  attack(
    rex,
    'types behind a deleted letter of the title',
    write(newId, 0, { text: 'x', origin: deletedLetter }),
    'read-only'
  ),
  attack(
    rex,
    'writes below what is garbage',
    write(newId, 0, { any: ['x'], parent: removedEntry, key: 'name' }),
    'read-only'
  ),
  attack(rex, 'brings garbage', write(newId, 0, { gc: 3 }), 'read-only')
]

export const stepAttacks: readonly Attack[] = [...twoSteps, ...belowDeleted]
