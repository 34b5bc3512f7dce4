import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { content } from '../server/room/update-reader.ts'
import type { Verdict } from '../server/room/write-guard.ts'
import { applied, type Guarded, refused, startGuarded } from './support/guarded.ts'
import { type RawStruct, rawUpdate } from './support/raw-update.ts'

const author = 5
const stranger = 6

/** The room holds `hello 😀` in the root `text`, eight clocks of the author. */
const startRoom = (): Guarded => {
  const room = startGuarded()
  room.send(rawUpdate([{ client: author, clock: 0, structs: [{ text: 'hello 😀' }] }]))
  return room
}

const judge = (update: Uint8Array, room = startRoom()): Verdict => room.judge(update)

const behind = (clock: number) => ({ origin: { client: author, clock } })

describe('a struct', () => {
  it('is applied where its neighbour is there', () => {
    const update = rawUpdate([{ client: stranger, clock: 0, structs: [{ text: 'x', ...behind(4) }] }])
    expect(judge(update)).toEqual({
      answer: 'apply',
      update,
      claims: expect.any(Array),
      isRelayed: false,
      exact: { update, client: stranger, end: 1 }
    })
  })

  it.each([
    ['neighbour', { origin: { client: author, clock: 8 } }],
    ['right neighbour', { right: { client: author, clock: 8 } }],
    ['parent', { parent: { client: author, clock: 8 } }],
    ['neighbour of an unknown client', { origin: { client: 9, clock: 0 } }]
  ])('whose %s is not there is refused as incomplete', (_, place) => {
    const update = rawUpdate([{ client: stranger, clock: 0, structs: [{ text: 'x', ...place }] }])
    expect(judge(update)).toEqual(refused('update-incomplete'))
  })

  it.each([
    ['neighbour', { origin: { client: stranger, clock: 1 } }],
    ['neighbour that is itself', { origin: { client: stranger, clock: 0 } }],
    ['right neighbour', { right: { client: stranger, clock: 1 } }],
    ['parent', { parent: { client: stranger, clock: 1 } }]
  ])('with a %s in its own future is malformed', (_, place) => {
    const structs = [{ text: 'x', ...place }, { text: 'y' }]
    expect(judge(rawUpdate([{ client: stranger, clock: 0, structs }]))).toEqual(refused('update-malformed'))
  })

  it.each([
    ['text', { text: '' }],
    ['garbage', { gc: 0 }],
    ['skip', { skip: 0 }],
    ['deleted', { deleted: 0 }],
    ['any', { any: [] }]
  ])('of length 0 is malformed: %s', (_, struct) => {
    const update = rawUpdate([{ client: stranger, clock: 0, structs: [struct] }])
    expect(judge(update)).toEqual(refused('update-malformed'))
  })

  it('behind a gap is refused as incomplete, said or skipped', () => {
    const structs = [{ text: 'x' }]
    expect(judge(rawUpdate([{ client: stranger, clock: 1, structs }]))).toEqual(refused('update-incomplete'))
    expect(judge(rawUpdate([{ client: stranger, clock: 0, structs: [{ skip: 1 }, ...structs] }]))).toEqual(
      refused('update-incomplete')
    )
  })

  it('that goes on where its client stands is applied, also behind a skip of what is known', () => {
    const structs = [{ skip: 8 }, { text: 'x', ...behind(7) }]
    expect(judge(rawUpdate([{ client: author, clock: 0, structs }]))).toMatchObject({ answer: 'apply' })
  })

  it('beyond two billion clocks is malformed', () => {
    const update = rawUpdate([{ client: stranger, clock: 0, structs: [{ gc: 2 ** 31 + 1 }] }])
    expect(judge(update)).toEqual(refused('update-malformed'))
  })
})

describe('a struct that the room has', () => {
  const repeated = (struct: RawStruct, clock = 0) => rawUpdate([{ client: author, clock, structs: [struct] }])

  it('is nothing to do where it is repeated as it is', () => {
    expect(judge(repeated({ text: 'hello 😀' }))).toEqual({ answer: 'known' })
    expect(judge(repeated({ text: 'lo', ...behind(2) }, 3))).toEqual({ answer: 'known' })
  })

  it.each<[string, RawStruct, number?]>([
    ['a neighbour that is not there', { text: 'hello', origin: { client: 99, clock: 99 } }],
    ['another neighbour', { text: 'lo', ...behind(1) }, 3],
    ['a neighbour that it has not', { text: 'hello', right: { client: author, clock: 7 } }],
    ['no neighbour within a text', { text: 'lo' }, 3],
    ['another root', { text: 'hello', parent: 'other' }],
    ['a key', { text: 'hello', key: 'key' }],
    ['another type as its parent', { text: 'hello', parent: { client: stranger, clock: 0 } }]
  ])('is malformed with %s', (_, struct, clock) => {
    expect(judge(repeated(struct, clock))).toEqual(refused('update-malformed'))
  })

  it('is left out of what is applied: within an emoji it would cut it in two', () => {
    const room = startRoom()
    const half = { content: content.text, bytes: [3, 0xef, 0xbf, 0xbd], ...behind(6) }
    const update = rawUpdate([
      { client: author, clock: 7, structs: [half] },
      { client: stranger, clock: 0, structs: [{ text: 'x', parent: 'other' }] }
    ])
    expect(room.send(update)).toEqual(applied)
    expect(room.document.getText('text').toString()).toBe('hello 😀')
    expect(room.document.getText('other').toString()).toBe('x')
  })

  it('is cut off where its end is new, and that goes on where the room stands', () => {
    const room = startRoom()
    expect(room.send(repeated({ text: 'lo 😀 you', ...behind(2) }, 3))).toEqual(applied)
    expect(room.document.getText('text').toString()).toBe('hello 😀 you')
  })

  it('is malformed where it goes on in another list than it claims', () => {
    const room = startRoom()
    room.send(rawUpdate([{ client: author, clock: 8, structs: [{ text: 'x', parent: 'other' }] }]))
    const update = repeated({ text: 'hello 😀xyz' })
    expect(room.judge(update)).toEqual(refused('update-malformed'))
  })

  it('is garbage by now, and may be repeated as what it was', () => {
    const room = startRoom()
    const list = {
      client: stranger,
      clock: 0,
      structs: [
        { type: 0, parent: 'list' },
        { any: [1], parent: { client: stranger, clock: 0 } }
      ]
    }
    room.send(rawUpdate([list]))
    room.send(rawUpdate([], [{ client: stranger, ranges: [[0, 1]] }]))
    expect(room.judge(rawUpdate([list]))).toEqual({ answer: 'known' })
  })
})

describe('an update', () => {
  it('of several clients is applied where each waits for what another brings', () => {
    const update = rawUpdate([
      { client: 1, clock: 0, structs: [{ text: 'a' }, { text: 'c', origin: { client: 2, clock: 0 } }] },
      {
        client: 2,
        clock: 0,
        structs: [
          { text: 'b', origin: { client: 1, clock: 0 } },
          { text: 'd', origin: { client: 1, clock: 1 } }
        ]
      }
    ])
    expect(judge(update)).toEqual({
      answer: 'apply',
      update,
      claims: expect.any(Array),
      isRelayed: true,
      exact: null
    })
  })

  it('that also deletes is not exact: what it deletes may be deleted already', () => {
    const update = rawUpdate(
      [{ client: stranger, clock: 0, structs: [{ text: 'x', ...behind(4) }] }],
      [{ client: author, ranges: [[0, 1]] }]
    )
    expect(judge(update)).toMatchObject({ answer: 'apply', exact: null })
  })

  it('in which two clients wait for each other is refused as incomplete', () => {
    const update = rawUpdate([
      { client: 1, clock: 0, structs: [{ text: 'a', origin: { client: 2, clock: 0 } }] },
      { client: 2, clock: 0, structs: [{ text: 'b', origin: { client: 1, clock: 0 } }] }
    ])
    expect(judge(update)).toEqual(refused('update-incomplete'))
  })

  it('in which many clients wait for two that take turns is judged in a time that grows with its length', () => {
    const turns = 20_000
    const takesTurns = (client: number, other: number, first: number) => ({
      client,
      clock: 0,
      structs: Array.from({ length: turns }, (_, at) => {
        const place = at < first ? { parent: 'list' } : { origin: { client: other, clock: at - first } }
        return at === turns - 1 ? { type: 1, ...place } : { embed: '1', ...place }
      })
    })
    const waiting = Array.from({ length: turns }, (_, index) => ({
      client: 100 + index,
      clock: 0,
      structs: [{ any: [1], parent: { client: 2, clock: turns - 1 }, key: `k${index}` }]
    }))
    const update = rawUpdate([...waiting, takesTurns(1, 2, 1), takesTurns(2, 1, 0)])
    expect(judge(update)).toMatchObject({ answer: 'apply' })
  })

  it('that names a client twice is malformed', () => {
    const section = { client: stranger, clock: 0, structs: [{ text: 'x' }] }
    expect(judge(rawUpdate([section, section]))).toEqual(refused('update-malformed'))
  })

  it('of the second format is malformed, and not taken for an empty one', () => {
    const document = new Y.Doc()
    document.getText('text').insert(0, 'x')
    expect(judge(Y.encodeStateAsUpdateV2(document))).toEqual(refused('update-malformed'))
  })

  it('with bytes behind its end is malformed', () => {
    const update = rawUpdate([{ client: stranger, clock: 0, structs: [{ text: 'x' }] }])
    expect(judge(Buffer.concat([update, Uint8Array.of(0)]))).toEqual(refused('update-malformed'))
  })

  it('that is cut off anywhere is malformed', () => {
    const update = rawUpdate(
      [
        {
          client: stranger,
          clock: 0,
          structs: [
            { text: 'xy', ...behind(4) },
            { any: [{ a: [1, 'b'] }], parent: 'a' }
          ]
        }
      ],
      [{ client: author, ranges: [[0, 2]] }]
    )
    for (let end = 0; end < update.length; end++)
      expect(judge(update.subarray(0, end)), `${end} bytes`).toEqual(refused('update-malformed'))
  })

  it.each([
    ['clients', [0xff, 0xff, 0xff, 0x0e]],
    ['structs', [1, 0xff, 0xff, 0xff, 0x0e, 5, 0]],
    ['values', [1, 1, 5, 0, 8, 1, 1, 0x61, 0xff, 0xff, 0xff, 0x0e]],
    ['keys', [1, 1, 5, 0, 8, 1, 1, 0x61, 1, 118, 0xff, 0xff, 0xff, 0x0e]],
    ['delete ranges', [0, 1, 5, 0xff, 0xff, 0xff, 0x0e]]
  ])(
    'that announces 30 million %s in a few bytes is malformed, and nothing is made ready for them',
    (_, bytes) => {
      expect(judge(Uint8Array.from(bytes))).toEqual(refused('update-malformed'))
    }
  )

  it('that is refused creates no root type', () => {
    const room = startRoom()
    const update = rawUpdate([{ client: stranger, clock: 1, structs: [{ text: 'x', parent: 'made up' }] }])
    expect(room.judge(update)).toEqual(refused('update-incomplete'))
    expect([...room.document.share.keys()]).toEqual(['text'])
  })
})

describe('content that Yjs could not read', () => {
  const contentOf = (content: number, bytes: readonly number[]) =>
    rawUpdate([{ client: stranger, clock: 0, structs: [{ content, bytes }] }])

  it.each([
    ['an embed that is undefined', 5, [9, ...Buffer.from('undefined')]],
    ['an embed that is no JSON', 5, [1, 0x7b]],
    ['a string that is no UTF-8', 4, [2, 0xc3, 0x28]],
    ['an integer of nine bytes', 8, [1, 125, 0xbf, 255, 255, 255, 255, 255, 255, 255, 1]],
    ['an unknown kind of value', 8, [1, 115]],
    ['an unknown type', 7, [7]],
    ['an unknown content', 11, [0]],
    ['a subdocument whose options are null', 9, [1, 0x67, 126]],
    ['a mark of a format that would be a prototype', 6, [9, ...Buffer.from('__proto__'), 1, 0x31]],
    ['an embed with a property that would be one', 5, [15, ...Buffer.from('{"__proto__":1}')]],
    ['an embed that hides its name', 5, [20, ...Buffer.from('{"\\u005f_proto__":1}')]],
    ['a property that would be a prototype', 8, [1, 118, 1, 9, ...Buffer.from('__proto__'), 126]]
  ])('is malformed: %s', (_, content, bytes) => {
    expect(judge(contentOf(content, bytes))).toEqual(refused('update-malformed'))
  })

  it('is not confused with what looks like it: brackets within strings are no depth', () => {
    const text = JSON.stringify({ text: '[{"'.repeat(100) })
    expect(judge(rawUpdate([{ client: stranger, clock: 0, structs: [{ embed: text }] }]))).toMatchObject({
      answer: 'apply'
    })
  })

  it('is too complex when it is nested a thousand deep, also behind a string of closing brackets', () => {
    const deep = `["${']'.repeat(2000)}",${'['.repeat(1000)}${']'.repeat(1001)}`
    expect(judge(rawUpdate([{ client: stranger, clock: 0, structs: [{ embed: deep }] }]))).toEqual(
      refused('update-too-complex')
    )
    const any = [
      1,
      ...Array<number>(2_000)
        .fill(117)
        .flatMap((tag) => [tag, 1]),
      126
    ]
    expect(judge(contentOf(8, any))).toEqual(refused('update-too-complex'))
  })
})

describe('a delete', () => {
  const deletes = (...ranges: (readonly [number, number])[]) => rawUpdate([], [{ client: author, ranges }])

  it('of what is there is applied', () => {
    expect(judge(deletes([0, 3]))).toMatchObject({ answer: 'apply' })
  })

  it('of clocks to come is refused as incomplete: what is typed next would vanish', () => {
    expect(judge(deletes([7, 2]))).toEqual(refused('update-incomplete'))
    expect(startRoom().judge(deletes([8, 1]), { role: 'reader' })).toEqual(refused('read-only'))
  })

  it('of what the same update brings is applied', () => {
    const section = { client: stranger, clock: 0, structs: [{ text: 'xy' }] }
    const update = rawUpdate([section], [{ client: stranger, ranges: [[0, 2]] }])
    expect(judge(update)).toMatchObject({ answer: 'apply' })
  })

  it.each([
    [
      'the same twice',
      [
        [0, 2],
        [0, 2]
      ]
    ],
    [
      'one that overlaps',
      [
        [0, 2],
        [1, 2]
      ]
    ],
    [
      'out of order',
      [
        [4, 1],
        [0, 1]
      ]
    ],
    ['of nothing', [[0, 0]]]
  ] as const)('of ranges that no Yjs writes is malformed: %s', (_, ranges) => {
    expect(judge(deletes(...ranges))).toEqual(refused('update-malformed'))
  })

  it('that names a client twice is malformed', () => {
    const range = { client: author, ranges: [[0, 1]] as const }
    expect(judge(rawUpdate([], [range, range]))).toEqual(refused('update-malformed'))
  })
})

describe('a reader', () => {
  const reading = { role: 'reader' }

  it('may send all of the document with all its deletes, as a provider does that reconnects', () => {
    const room = startRoom()
    room.document.getText('text').delete(1, 3)
    const whole = Y.encodeStateAsUpdate(room.document)
    expect(room.judge(whole, reading)).toEqual({ answer: 'known' })
    expect(room.judge(Uint8Array.of(0, 0), reading)).toEqual({ answer: 'known' })
  })

  it('may send nothing new: not a character, not a delete, not what is malformed or incomplete', () => {
    const addition = rawUpdate([{ client: stranger, clock: 0, structs: [{ text: 'x', ...behind(4) }] }])
    const deletion = rawUpdate([], [{ client: author, ranges: [[0, 1]] }])
    const incomplete = rawUpdate([{ client: stranger, clock: 1, structs: [{ text: 'x' }] }])
    for (const update of [addition, deletion, incomplete])
      expect(startRoom().judge(update, reading)).toEqual(refused('read-only'))
    expect(startRoom().judge(Uint8Array.of(1), reading)).toEqual(refused('update-malformed'))
  })

  it('may not delete a part of what is deleted in parts', () => {
    const room = startRoom()
    room.document.getText('text').delete(0, 2)
    const deletion = rawUpdate([], [{ client: author, ranges: [[1, 2]] }])
    expect(room.judge(deletion, reading)).toEqual(refused('read-only'))
  })
})
