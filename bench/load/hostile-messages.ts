/** Messages of 64 kB or a little less that are made to cost as much as they can, in the room of `guarded-room.ts`. */
import { type Id, type RawSection, type RawStruct, rawUpdate } from '../../test/support/raw-update.ts'
import { typist } from './guarded-room.ts'

export const messageBytesMax = 64 * 1024

export interface HostileMessage {
  readonly what: string
  /** What its sender wrote before; null: nothing. */
  readonly before: Uint8Array | null
  readonly update: Uint8Array
}

/** So many structs, or ranges, or whatever it is made of. */
type Make = (count: number) => Uint8Array
type Plot = readonly [what: string, make: Make, before?: Make]

/** @param items of the text that the room holds */
export const hostileMessages = (items: number): HostileMessage[] =>
  [
    ...neighbours(items / 2),
    ...clients(items / 2),
    ...keysAndTypes(),
    ...deletes(items / 2),
    ...values(items / 2)
  ].map(([what, make, before]) => ({
    what,
    before: before === undefined ? null : fill(before),
    update: fill(make)
  }))

const own = (clock: number): Id => ({ client: typist, clock })
const first: Id = { client: 1, clock: 0 }
const lastOf = (half: number): Id => ({ client: 2, clock: half - 1 })
const middleOf = (half: number): Id => ({ client: 1, clock: Math.floor(half / 2) })

const neighbours = (half: number): Plot[] => {
  const last = lastOf(half)
  const between = [middleOf(half), { client: 2, clock: middleOf(half).clock }] as const
  const spread = (at: number): Id => ({ client: 1, clock: (at * 17) % half })
  return [
    ['neighbours that were made up', structs(() => ({ text: 'x', origin: first, right: last }))],
    ['neighbours on the right alone', structs(() => ({ text: 'x', right: last }))],
    ['neighbours on the left alone', structs(() => ({ text: 'x', origin: first }))],
    ['neighbours far apart, each another', structs((at) => ({ text: 'x', origin: spread(at), right: last }))],
    [
      'neighbours in its own past',
      structs((at) => (at === 0 ? { text: 'x', origin: first } : { text: 'x', origin: own(0), right: first }))
    ],
    ['letters typed backwards', backwards(typist, [middleOf(half)])],
    ['letters typed backwards where others were', backwards(typist + 1, between), backwards(typist, between)],
    [
      'letters typed backwards where others were, by a lower client',
      backwards(typist, between),
      backwards(typist + 1, between)
    ],
    [
      'format marks',
      structs((at) => ({
        ...mark(at % 2 ? 'null' : 'true'),
        origin: at === 0 ? middleOf(half) : own(at - 1)
      }))
    ],
    [
      'format marks, each of another format',
      structs((at) => ({ ...mark('true', `k${at}`), origin: at === 0 ? first : own(at - 1) }))
    ],
    ['format marks at both ends', structs((at) => ({ ...mark(String(at % 10)), origin: first, right: last }))]
  ]
}

const clients = (half: number): Plot[] => [
  ['the same place, by as many clients', byClients(() => ({ text: 'x', origin: middleOf(half) }))],
  ['the beginning, by as many clients', byClients(() => ({ text: 'x', parent: 'notes' }))],
  [
    'clients that wait in a row',
    byClients((client) => ({ text: 'x', origin: { client: client + 1, clock: 0 } }))
  ],
  ['two clients that take turns', takeTurns],
  ['a count without content', () => Uint8Array.from([1, 0xff, 0xff, 0xff, 0x0e, typist, 0])]
]

const keysAndTypes = (): Plot[] => [
  ['one key, set again and again', structs((at) => namings[at] ?? { any: ['x'], origin: own(at - 1) })],
  [
    'one key of others, set again and again, and all of it deleted',
    (count) =>
      rawUpdate(
        [{ client: typist + 1, clock: 0, structs: Array.from({ length: count }, (_, at) => renaming(at)) }],
        [{ client: typist + 1, ranges: [[0, count]] }]
      ),
    () => rawUpdate([{ client: typist, clock: 0, structs: namings }])
  ],
  ['roots that are not there', structs((at) => ({ text: 'x', parent: `items/${at}/name` }))],
  ['keys of one map', structs((at) => ({ type: 1, parent: 'items', key: `k${at}` }))],
  [
    'types in each other',
    structs((at) =>
      at === 0 ? { type: 1, parent: 'items', key: 'i1' } : { type: 1, parent: own(at - 1), key: 'a' }
    )
  ],
  ['garbage', structs(() => ({ gc: 1 }))]
]

/** An entry, and its first name. */
const namings: readonly RawStruct[] = [
  { type: 1, parent: 'items', key: 'i1' },
  { any: ['x'], parent: own(0), key: 'name' }
]

const renaming = (at: number): RawStruct => ({
  any: ['x'],
  origin: at === 0 ? own(1) : { client: typist + 1, clock: at - 1 }
})

const deletes = (half: number): Plot[] => {
  const ranges =
    (range: (at: number) => readonly [number, number]): Make =>
    (count) =>
      rawUpdate([], [{ client: 1, ranges: Array.from({ length: count }, (_, at) => range(at)) }])
  const all = [[0, half]] as const
  return [
    ['single deletes all over the text', ranges((at) => [2 * at, 1])],
    ['one delete range repeated', ranges(() => [0, half])],
    [
      'letters typed backwards deleted, in a text with a mark',
      () => rawUpdate([], [{ client: typist, ranges: [[1, 6_000]] }]),
      marked(half)
    ],
    [
      'the whole text deleted',
      () =>
        rawUpdate(
          [],
          [1, 2].map((client) => ({ client, ranges: all }))
        )
    ]
  ]
}

const values = (half: number): Plot[] => [
  [
    'repetitions of what is there',
    (count) =>
      rawUpdate([
        {
          client: 1,
          clock: 0,
          structs: Array.from({ length: count }, () => ({ text: 'x', origin: lastOf(half) }))
        }
      ])
  ],
  [
    'lists in lists, as one value',
    (count) =>
      one({
        content: 8,
        bytes: [1, ...Array<number[]>(count).fill([117, 1]).flat(), 126],
        parent: 'items',
        key: 'i1'
      })
  ],
  [
    'brackets in an embed',
    (count) => one({ embed: `${'['.repeat(count)}${']'.repeat(count)}`, origin: middleOf(half) })
  ],
  ['many small values', structs((at) => ({ any: Array<number>(16).fill(at), parent: 'items', key: 'i1' }))]
]

/** As many as fit, or nearly. */
const fill = (make: Make): Uint8Array => {
  let few = 1
  let many = messageBytesMax
  let update = make(few)
  while (many - few > many / 50) {
    const count = (few + many) >>> 1
    const next = make(count)
    if (next.length > messageBytesMax) many = count
    else {
      few = count
      update = next
    }
  }
  return update
}

const one = (struct: RawStruct): Uint8Array => rawUpdate([{ client: typist, clock: 0, structs: [struct] }])

const structs =
  (make: (at: number) => RawStruct, client = typist): Make =>
  (count) =>
    rawUpdate([{ client, clock: 0, structs: Array.from({ length: count }, (_, at) => make(at)) }])

const byClients =
  (make: (client: number) => RawStruct): Make =>
  (count) =>
    rawUpdate(
      Array.from({ length: count }, (_, at) => ({
        client: 1_000 + at,
        clock: 0,
        structs: [make(1_000 + at)]
      }))
    )

const mark = (value: string, format = 'b'): RawStruct => ({
  content: 6,
  bytes: [format.length, ...Buffer.from(format), value.length, ...Buffer.from(value)]
})

/** Each letter before the one that was written last: two who do so at one place make Yjs compare all with all. */
const backwards = (client: number, [origin, end]: readonly [Id, Id?]): Make =>
  structs((at) => {
    const right = at === 0 ? end : { client, clock: at - 1 }
    return { text: 'x', origin, ...(right && { right }) }
  }, client)

/** A mark, and letters before it: Yjs looks at all that is deleted around each letter that is. */
const marked = (half: number): Make => {
  const origin = middleOf(half)
  return structs((at) => {
    const right = at === 0 ? { client: 2, clock: origin.clock } : own(at - 1)
    return at === 0 ? { ...mark('true'), origin, right } : { text: 'x', origin, right }
  })
}

const takeTurns: Make = (count) => {
  const turn = (client: number, other: number, ahead: number): RawSection => ({
    client,
    clock: 0,
    structs: Array.from({ length: Math.ceil(count / 2) }, (_, at) =>
      at < ahead ? { text: 'x', origin: first } : { text: 'x', origin: { client: other, clock: at - ahead } }
    )
  })
  return rawUpdate([turn(typist, typist + 1, 1), turn(typist + 1, typist, 0)])
}
