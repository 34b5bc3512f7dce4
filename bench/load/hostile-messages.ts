/** Messages of 64 kB or a little less that are made to cost as much as they can, in the room of `guarded-room.ts`. */
import type { RawSection, RawStruct } from '../../test/support/raw-update.ts'
import { type Id, rawUpdate } from '../../test/support/raw-update.ts'
import { typist } from './guarded-room.ts'

export const messageBytesMax = 64 * 1024

export interface HostileMessage {
  readonly what: string
  readonly update: Uint8Array
}

const own = (clock: number): Id => ({ client: typist, clock })
const first: Id = { client: 1, clock: 0 }

/** An entry, and its first name. */
const namings: readonly RawStruct[] = [
  { type: 1, parent: 'items', key: 'i1' },
  { any: ['x'], parent: own(0), key: 'name' }
]

/** @param items of the text that the room holds */
export const hostileMessages = (items: number): HostileMessage[] => {
  const half = items / 2
  const last: Id = { client: 2, clock: half - 1 }
  const middle: Id = { client: 1, clock: Math.floor(half / 2) }
  const made: readonly [string, (count: number) => Uint8Array][] = [
    ['neighbours that were made up', structs(() => ({ text: 'x', origin: first, right: last }))],
    ['neighbours on the right alone', structs(() => ({ text: 'x', right: last }))],
    ['neighbours on the left alone', structs(() => ({ text: 'x', origin: first }))],
    [
      'neighbours far apart, each another',
      structs((at) => ({ text: 'x', origin: spread(at, half), right: last }))
    ],
    [
      'neighbours in its own past',
      structs((at) => (at === 0 ? { text: 'x', origin: first } : { text: 'x', origin: own(0), right: first }))
    ],
    [
      'the same place, by as many clients',
      clients((client) => ({ client, clock: 0, structs: [{ text: 'x', origin: middle }] }))
    ],
    [
      'the beginning, by as many clients',
      clients((client) => ({ client, clock: 0, structs: [{ text: 'x', parent: 'notes' }] }))
    ],
    ['two clients that take turns', takeTurns],
    [
      'clients that wait in a row',
      clients((client) => ({
        client,
        clock: 0,
        structs: [{ text: 'x', origin: { client: client + 1, clock: 0 } }]
      }))
    ],
    ['one key, set again and again', structs((at) => namings[at] ?? { any: ['x'], origin: own(at - 1) })],
    ['roots that are not there', structs((at) => ({ text: 'x', parent: `items/${at}/name` }))],
    ['keys of one map', structs((at) => ({ type: 1, parent: 'items', key: `k${at}` }))],
    [
      'types in each other',
      structs((at) =>
        at === 0 ? { type: 1, parent: 'items', key: 'i1' } : { type: 1, parent: own(at - 1), key: 'a' }
      )
    ],
    [
      'single deletes all over the text',
      (count) =>
        rawUpdate([], [{ client: 1, ranges: Array.from({ length: count }, (_, at) => [2 * at, 1] as const) }])
    ],
    [
      'one delete range repeated',
      (count) =>
        rawUpdate([], [{ client: 1, ranges: Array.from({ length: count }, () => [0, half] as const) }])
    ],
    [
      'repetitions of what is there',
      (count) =>
        rawUpdate([
          { client: 1, clock: 0, structs: Array.from({ length: count }, () => ({ text: 'x', origin: last })) }
        ])
    ],
    ['garbage', structs(() => ({ gc: 1 }))],
    [
      'format marks',
      structs((at) => ({
        content: 6,
        bytes: [1, 98, 4, ...Buffer.from(at % 2 ? 'null' : 'true')],
        origin: at === 0 ? middle : own(at - 1)
      }))
    ],
    [
      'format marks at both ends',
      structs((at) => ({ content: 6, bytes: [1, 98, 1, 48 + (at % 10)], origin: first, right: last }))
    ],
    [
      'lists in lists, as one value',
      (count) =>
        rawUpdate([
          {
            client: typist,
            clock: 0,
            structs: [
              {
                content: 8,
                bytes: [1, ...Array.from({ length: count }, () => [117, 1]).flat(), 126],
                parent: 'items',
                key: 'i1'
              }
            ]
          }
        ])
    ],
    [
      'brackets in an embed',
      (count) =>
        rawUpdate([
          {
            client: typist,
            clock: 0,
            structs: [{ embed: `${'['.repeat(count)}${']'.repeat(count)}`, origin: middle }]
          }
        ])
    ],
    [
      'many small values',
      structs((at) => ({ any: Array.from({ length: 16 }, () => at), parent: 'items', key: 'i1' }))
    ],
    ['a count without content', () => Uint8Array.from([1, 0xff, 0xff, 0xff, 0x0e, typist, 0])],
    [
      'the whole text deleted',
      () =>
        rawUpdate(
          [],
          [
            { client: 1, ranges: [[0, half]] },
            { client: 2, ranges: [[0, half]] }
          ]
        )
    ]
  ]
  return made.map(([what, make]) => ({ what, update: fill(make) }))
}

/** As many as fit, or nearly. */
const fill = (make: (count: number) => Uint8Array): Uint8Array => {
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

const structs =
  (make: (at: number) => RawStruct) =>
  (count: number): Uint8Array =>
    rawUpdate([{ client: typist, clock: 0, structs: Array.from({ length: count }, (_, at) => make(at)) }])

const clients =
  (make: (client: number) => RawSection) =>
  (count: number): Uint8Array =>
    rawUpdate(Array.from({ length: count }, (_, at) => make(1_000 + at)))

const spread = (at: number, half: number): Id => ({ client: 1, clock: (at * 17) % half })

const takeTurns = (count: number): Uint8Array => {
  const turn = (client: number, other: number, ahead: number): RawSection => ({
    client,
    clock: 0,
    structs: Array.from({ length: Math.ceil(count / 2) }, (_, at) =>
      at < ahead ? { text: 'x', origin: first } : { text: 'x', origin: { client: other, clock: at - ahead } }
    )
  })
  return rawUpdate([turn(typist, typist + 1, 1), turn(typist + 1, typist, 0)])
}
