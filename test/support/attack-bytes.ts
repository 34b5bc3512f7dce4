/**
 * Bytes that no Yjs client writes. Most of them are for a place where their author may write, so that nothing but their
 * form can be what they are refused for.
 */
import * as Y from 'yjs'
import { type Attack, attack, attackInSteps, erase, range, section, types, write } from './attack.ts'
import { ana, emoji, entry, newId, next, olga, pia, rex, rosa, seededDocument, unit } from './attack-room.ts'
import { type Id, type RawStruct, rawUpdate } from './raw-update.ts'

const body = 'items/i3/body'
const own = (clock: number): Id => ({ client: newId, clock })
const behind: RawStruct = { text: 'x', origin: unit(body, 5) }
const honest = write(newId, 0, behind)

const malformed = (what: string, update: Uint8Array, by = pia): Attack =>
  attack(by, what, update, 'update-malformed')

const edited = (): Y.Doc => {
  const replica = seededDocument(newId)
  replica.getText('items/i1/body').insert(0, 'x')
  return replica
}

const thirtyMillion = [0xff, 0xff, 0xff, 0x0e]
const letters = (text: string): number[] => [text.length, ...Buffer.from(text)]

const form: readonly Attack[] = [
  malformed(
    'sends the second format',
    Y.encodeStateAsUpdateV2(edited(), Y.encodeStateVector(seededDocument()))
  ),
  malformed('sends all of the document in the second format', Y.encodeStateAsUpdateV2(edited())),
  malformed('sends a byte behind the end', Buffer.concat([honest, Uint8Array.of(0)])),
  malformed('sends a second update behind the end', Buffer.concat([honest, honest])),
  malformed('sends all but the last byte', honest.subarray(0, -1)),
  malformed('announces 30 million clients', Uint8Array.from(thirtyMillion)),
  malformed('announces 30 million structs', Uint8Array.from([1, ...thirtyMillion, newId, 0])),
  malformed(
    'announces 30 million values',
    Uint8Array.from([1, 1, newId, 0, 8, 1, ...letters('answers'), ...thirtyMillion])
  ),
  malformed(
    'announces 30 million properties',
    Uint8Array.from([1, 1, newId, 0, 8, 1, ...letters('answers'), 1, 118, ...thirtyMillion])
  ),
  malformed('announces 30 million deletes', Uint8Array.from([0, 1, 5, ...thirtyMillion])),
  malformed('announces 30 million clients that delete', Uint8Array.from([0, ...thirtyMillion])),
  malformed('names a client without structs', Uint8Array.from([1, 0, newId, 0, 0])),
  malformed(
    'names a client twice, the second time for the title',
    rawUpdate([section(newId, 0, behind), section(newId, 0, { text: 'x', parent: 'title' })])
  ),
  malformed('names a client twice', rawUpdate([section(newId, 0, behind), section(newId, 1, behind)])),
  malformed('puts flags on garbage', Uint8Array.from([1, 1, newId, 0, 0x80, 1, 0])),
  malformed('puts flags on a skip', Uint8Array.from([1, 1, newId, 0, 0x4a, 1, 0])),
  malformed(
    'names a parent of neither kind',
    Uint8Array.from([1, 1, newId, 0, 4, 2, ...letters('x'), 1, 120, 0])
  ),
  malformed('brings an unknown content', write(newId, 0, { content: 11, bytes: [0], parent: body })),
  malformed(
    'brings an unknown type',
    write(newId, 0, { content: 7, bytes: [7], parent: 'items', key: 'i8' })
  ),
  malformed(
    'brings text that is no UTF-8',
    write(newId, 0, { content: 4, bytes: [2, 0xc3, 0x28], parent: body })
  ),
  malformed(
    'brings JSON that is none',
    write(newId, 0, { content: 2, bytes: [1, 1, 0x7b], parent: 'answers', key: 'a' }),
    rosa
  ),
  malformed('brings an embed that is no JSON', write(newId, 0, { embed: '{', parent: body })),
  malformed('counts beyond two billion', write(newId, 2 ** 31 - 1, { gc: 5 })),
  malformed('counts beyond two billion at once', write(newId, 0, { deleted: 2 ** 31 + 5, parent: body })),
  malformed('has a client id beyond 2^53', Uint8Array.from([1, 1, ...Array(8).fill(0xff), 0x7f, 0, 0, 1, 0]))
]

const lengths: readonly Attack[] = (
  [
    ['text', { text: '', origin: unit(body, 5) }],
    ['garbage', { gc: 0 }],
    ['a skip', { skip: 0 }],
    ['a deletion', { deleted: 0, origin: unit(body, 5) }],
    ['values', { any: [], parent: 'answers', key: 'a9' }],
    ['JSON', { content: 2, bytes: [0], parent: 'answers', key: 'a9' }]
  ] satisfies [string, RawStruct][]
).map(([what, struct]) =>
  malformed(`brings ${what} of length 0, and something under the same clock`, write(newId, 0, struct, behind))
)

const future: readonly Attack[] = [
  malformed('stands behind itself', write(newId, 0, { text: 'x', origin: own(0) })),
  malformed('stands behind what it writes next', write(newId, 0, { text: 'x', origin: own(1) }, behind)),
  malformed('stands before itself', write(newId, 0, { text: 'x', right: own(0) })),
  malformed('stands before what it writes next', write(newId, 0, { text: 'x', right: own(1) }, behind)),
  malformed('is its own parent', write(newId, 0, { type: types.map, parent: own(0), key: 'a' })),
  malformed(
    'has a parent that it writes next',
    write(
      newId,
      0,
      { any: [1], parent: own(1), key: 'name' },
      { type: types.map, parent: 'items', key: 'i8' }
    )
  ),
  malformed('writes well, then stands behind itself', write(newId, 0, behind, { text: 'x', origin: own(1) })),
  malformed(
    'has one neighbour on both sides',
    write(newId, 0, { text: 'x', origin: unit(body, 1), right: unit(body, 1) })
  )
]

const names: readonly Attack[] = [
  malformed(
    'writes under the key __proto__',
    write(newId, 0, { any: ['x'], parent: 'answers', key: '__proto__' }),
    rosa
  ),
  malformed('writes to the root __proto__', write(newId, 0, { text: 'x', parent: '__proto__' }), olga),
  malformed('brings a value with the property __proto__', propertyOf('__proto__'), rosa),
  malformed(
    'brings such a property deep in a value',
    write(newId, 0, {
      content: 8,
      bytes: [1, 117, 1, 118, 1, ...letters('a'), 118, 1, ...letters('__proto__'), 118, 0],
      parent: 'answers',
      key: 'a9'
    }),
    rosa
  )
]

function propertyOf(name: string): Uint8Array {
  const bytes = [1, 118, 1, ...letters(name), 118, 1, ...letters('isAdmin'), 120]
  return write(newId, 0, { content: 8, bytes, parent: 'answers', key: 'a9' })
}

const deepValue = (depth: number): number[] => [
  1,
  ...Array.from({ length: depth }, () => [117, 1]).flat(),
  126
]

const size: readonly Attack[] = [
  attack(
    rosa,
    'brings a value 200 deep',
    write(newId, 0, { content: 8, bytes: deepValue(200), parent: 'answers', key: 'a9' })
  ),
  attack(
    rosa,
    'brings a value 10,000 deep',
    write(newId, 0, { content: 8, bytes: deepValue(10_000), parent: 'answers', key: 'a9' })
  ),
  attack(
    pia,
    'brings an embed 10,000 deep',
    write(newId, 0, { embed: `${'['.repeat(10_000)}${']'.repeat(10_000)}`, parent: body })
  ),
  attack(
    pia,
    'brings 8,000 letters whose neighbours were made up, so that each is compared with all',
    write(newId, 0, { text: 'x', origin: unit(body, 0) }, ...tangle(8_000, unit(body, 0), unit(body, 5))),
    'update-too-complex'
  ),
  attack(
    olga,
    'brings the same as one who may write everything',
    write(newId, 0, ...tangle(8_000, unit('title', 0), unit('title', 9))),
    'update-too-complex'
  )
]

/** As a text that is typed from its end to its beginning: each letter before the one that was written last. */
const backwards = (client: number, count: number, origin: Id): Uint8Array =>
  write(
    client,
    0,
    ...Array.from({ length: count }, (_, clock): RawStruct => {
      const right = { client, clock: clock - 1 }
      return { text: 'x', origin, ...(clock > 0 && { right }) }
    })
  )

const crowded: readonly Attack[] = [newId + 1, newId + 7].map((second) =>
  attackInSteps(
    pia,
    `types 6,000 letters backwards, and as many at the same place as client ${second}`,
    [
      [backwards(newId, 6_000, unit(body, 0)), 'taken'],
      [backwards(second, 6_000, unit(body, 0)), 'refused']
    ],
    'update-too-complex'
  )
)

function tangle(count: number, origin: Id, right: Id): RawStruct[] {
  return Array.from({ length: count }, () => ({ text: 'x', origin, right }))
}

const order: readonly Attack[] = [
  attack(pia, 'leaves a gap before what it writes', write(newId, 3, behind)),
  attack(pia, 'skips what it never wrote', write(newId, 0, { skip: 3 }, behind)),
  attack(pia, 'skips in between', write(newId, 0, behind, { skip: 2 }, behind)),
  attack(
    pia,
    'builds on clocks of the owner that are not there',
    write(newId, 0, { text: 'x', origin: { client: 5, clock: 9_000 } })
  ),
  attack(
    pia,
    'builds on a client that is not there',
    write(newId, 0, { text: 'x', origin: { client: 98, clock: 0 } })
  ),
  attack(
    pia,
    'has a parent that is not there',
    write(newId, 0, { any: ['x'], parent: { client: 98, clock: 0 }, key: 'name' })
  ),
  attack(
    olga,
    'lets two clients wait for each other',
    rawUpdate([
      section(newId, 0, { text: 'a', origin: { client: newId + 1, clock: 0 } }),
      section(newId + 1, 0, { text: 'b', origin: own(0) })
    ])
  ),
  attack(
    pia,
    'lets three clients wait for each other',
    rawUpdate([
      section(newId, 0, { text: 'a', origin: { client: newId + 1, clock: 0 } }),
      section(newId + 1, 0, { text: 'b', right: { client: newId + 2, clock: 0 } }),
      section(newId + 2, 0, { text: 'c', origin: own(0) })
    ])
  )
]

const repeatedRanges: readonly (readonly [string, readonly (readonly [number, number])[]])[] = [
  [
    'the same range twice',
    [
      [0, 2],
      [0, 2]
    ]
  ],
  [
    'a range that overlaps',
    [
      [0, 3],
      [2, 2]
    ]
  ],
  [
    'ranges out of order',
    [
      [4, 1],
      [1, 1]
    ]
  ],
  ['an empty range', [[2, 0]]],
  ['one range ten thousand times', Array.from({ length: 10_000 }, () => [0, 4] as const)]
]

const bodyStart = unit(body, 0)
const onBody = ([clock, length]: readonly [number, number]) => [bodyStart.clock + clock, length] as const

const deletes: readonly Attack[] = [
  ...repeatedRanges.map(([what, ranges]) =>
    malformed(`deletes ${what}`, erase(pia.client, ...ranges.map(onBody)))
  ),
  malformed(
    'names a client twice among its deletes',
    rawUpdate([], [range(pia.client, onBody([0, 1])), range(pia.client, onBody([2, 1]))])
  ),
  ...[pia, ana, rex, olga].flatMap((by) => [
    attack(by, 'deletes what the owner types next', erase(5, [next(5), 20])),
    attack(by, 'deletes what anybody writes under a client to come', erase(777, [0, 1_000]))
  ]),
  attack(pia, 'deletes its own text and beyond it', erase(pia.client, onBody([0, 1_000]))),
  attack(ana, 'deletes what another guest writes next', erase(7, [next(7), 1])),
  attack(
    pia,
    'deletes its own text, and a letter of the title',
    rawUpdate([], [range(pia.client, onBody([0, 1])), range(5, [unit('title', 2).clock, 1])])
  ),
  attack(
    pia,
    'deletes in one range from its own to a photo',
    erase(5, [
      unit('items/i1/body', 0).clock,
      entry('photos', 'carl:p1').clock - unit('items/i1/body', 0).clock + 1
    ]),
    'path-refused'
  ),
  attack(
    pia,
    'deletes in one range from the title to an entry',
    erase(5, [unit('title', 10).clock, entry('items', 'i2').clock - unit('title', 10).clock + 1]),
    'path-refused'
  ),
  attack(ana, 'deletes half of an emoji', erase(emoji.client, [emoji.clock, 1]), 'path-refused'),
  attack(rex, 'deletes half of an emoji', erase(emoji.client, [emoji.clock + 1, 1]), 'read-only')
]

export const byteAttacks: readonly Attack[] = [
  ...form,
  ...lengths,
  ...future,
  ...names,
  ...size,
  ...crowded,
  ...order,
  ...deletes
]
