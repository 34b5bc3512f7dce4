import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { guardUpdate, type Verdict } from '../server/room/write-guard.ts'
import { rawUpdate } from './support/raw-update.ts'

const author = 5
const stranger = 6

/** The room holds `hello 😀` in the root `text`, eight clocks of the author. */
const startRoom = (): Y.Doc => {
  const document = new Y.Doc({ guid: 'room' })
  Y.applyUpdate(document, rawUpdate([{ client: author, clock: 0, structs: [{ text: 'hello 😀' }] }]))
  return document
}

const refusedAs = (code: string) => ({ answer: 'refuse', code, detail: expect.any(String) })

const judge = (update: Uint8Array, { document = startRoom(), mayWrite = true } = {}): Verdict => {
  const before = Buffer.from(Y.encodeStateAsUpdate(document))
  const roots = [...document.share.keys()]
  const verdict = guardUpdate(document, update, mayWrite)
  expect(Buffer.compare(Y.encodeStateAsUpdate(document), before), 'judging changes nothing').toBe(0)
  expect([...document.share.keys()]).toEqual(roots)
  return verdict
}

const behind = (clock: number) => ({ origin: { client: author, clock } })

describe('a struct', () => {
  it('is applied where its neighbour is there', () => {
    const update = rawUpdate([{ client: stranger, clock: 0, structs: [{ text: 'x', ...behind(4) }] }])
    expect(judge(update)).toEqual({ answer: 'apply', update })
  })

  it.each([
    ['neighbour', { origin: { client: author, clock: 8 } }],
    ['right neighbour', { right: { client: author, clock: 8 } }],
    ['parent', { parent: { client: author, clock: 8 } }],
    ['neighbour of an unknown client', { origin: { client: 9, clock: 0 } }]
  ])('whose %s is not there is refused as incomplete', (_, place) => {
    const update = rawUpdate([{ client: stranger, clock: 0, structs: [{ text: 'x', ...place }] }])
    expect(judge(update)).toEqual(refusedAs('update-incomplete'))
  })

  it.each([
    ['neighbour', { origin: { client: stranger, clock: 1 } }],
    ['neighbour that is itself', { origin: { client: stranger, clock: 0 } }],
    ['right neighbour', { right: { client: stranger, clock: 1 } }],
    ['parent', { parent: { client: stranger, clock: 1 } }]
  ])('with a %s in its own future is malformed', (_, place) => {
    const structs = [{ text: 'x', ...place }, { text: 'y' }]
    expect(judge(rawUpdate([{ client: stranger, clock: 0, structs }]))).toEqual(refusedAs('update-malformed'))
  })

  it.each([
    ['text', { text: '' }],
    ['garbage', { gc: 0 }],
    ['skip', { skip: 0 }],
    ['deleted', { deleted: 0 }],
    ['any', { any: [] }]
  ])('of length 0 is malformed: %s', (_, struct) => {
    const update = rawUpdate([{ client: stranger, clock: 0, structs: [struct] }])
    expect(judge(update)).toEqual(refusedAs('update-malformed'))
  })

  it('behind a gap is refused as incomplete, said or skipped', () => {
    const structs = [{ text: 'x' }]
    expect(judge(rawUpdate([{ client: stranger, clock: 1, structs }]))).toEqual(
      refusedAs('update-incomplete')
    )
    expect(judge(rawUpdate([{ client: stranger, clock: 0, structs: [{ skip: 1 }, ...structs] }]))).toEqual(
      refusedAs('update-incomplete')
    )
  })

  it('that goes on where its client stands is applied, also behind a skip of what is known', () => {
    const structs = [{ skip: 8 }, { text: 'x', ...behind(7) }]
    expect(judge(rawUpdate([{ client: author, clock: 0, structs }]))).toMatchObject({ answer: 'apply' })
  })

  it('beyond two billion clocks is malformed', () => {
    const update = rawUpdate([{ client: stranger, clock: 0, structs: [{ gc: 2 ** 31 + 1 }] }])
    expect(judge(update)).toEqual(refusedAs('update-malformed'))
  })
})

describe('a struct that the room has', () => {
  it('is nothing to do, whatever it claims of its neighbours', () => {
    const lies = [{ text: 'hello', origin: { client: 99, clock: 99 } }]
    expect(judge(rawUpdate([{ client: author, clock: 0, structs: lies }]))).toEqual({ answer: 'known' })
  })

  it('does not come along with new ones: what it claims would wait for ever, or split an emoji', () => {
    const document = startRoom()
    Y.applyUpdate(document, rawUpdate([{ client: stranger, clock: 0, structs: [{ text: 'o' }] }]))
    const update = rawUpdate([
      { client: author, clock: 0, structs: [{ text: 'h', origin: { client: 99, clock: 99 } }] },
      {
        client: stranger,
        clock: 0,
        structs: [
          { text: 'o', ...behind(6) },
          { text: 'x', parent: 'other' }
        ]
      }
    ])
    const verdict = judge(update, { document })
    expect(verdict).toMatchObject({ answer: 'apply' })
    if (verdict.answer === 'apply') Y.applyUpdate(document, verdict.update)
    expect(document.store.pendingStructs).toBeNull()
    expect(document.getText('text').toString()).toContain('hello 😀')
    expect(document.getText('other').toString()).toBe('x')
  })

  it('is left out up to where the room stands, and what follows goes on from there', () => {
    const document = startRoom()
    const update = rawUpdate([
      { client: author, clock: 6, structs: [{ text: '😀 you', parent: 'elsewhere' }] }
    ])
    const verdict = judge(update, { document })
    if (verdict.answer === 'apply') Y.applyUpdate(document, verdict.update)
    expect(document.getText('text').toString()).toBe('hello 😀 you')
    expect(document.share.has('elsewhere')).toBe(false)
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
    expect(judge(update)).toEqual({ answer: 'apply', update })
  })

  it('in which two clients wait for each other is refused as incomplete', () => {
    const update = rawUpdate([
      { client: 1, clock: 0, structs: [{ text: 'a', origin: { client: 2, clock: 0 } }] },
      { client: 2, clock: 0, structs: [{ text: 'b', origin: { client: 1, clock: 0 } }] }
    ])
    expect(judge(update)).toEqual(refusedAs('update-incomplete'))
  })

  it('in which many clients wait for two that take turns is judged in a time that grows with its length', () => {
    const turns = 20_000
    const takesTurns = (client: number, other: number, first: number) => ({
      client,
      clock: 0,
      structs: Array.from({ length: turns }, (_, at) =>
        at < first ? { text: 'x' } : { text: 'x', origin: { client: other, clock: at - first } }
      )
    })
    const waiting = Array.from({ length: turns }, (_, index) => ({
      client: 100 + index,
      clock: 0,
      structs: [{ text: 'x', origin: { client: 2, clock: turns - 1 } }]
    }))
    const update = rawUpdate([...waiting, takesTurns(1, 2, 1), takesTurns(2, 1, 0)])
    expect(judge(update)).toMatchObject({ answer: 'apply' })
  })

  it('that names a client twice is malformed', () => {
    const section = { client: stranger, clock: 0, structs: [{ text: 'x' }] }
    expect(judge(rawUpdate([section, section]))).toEqual(refusedAs('update-malformed'))
  })

  it('of the second format is malformed, and not taken for an empty one', () => {
    const document = new Y.Doc()
    document.getText('text').insert(0, 'x')
    expect(judge(Y.encodeStateAsUpdateV2(document))).toEqual(refusedAs('update-malformed'))
  })

  it('with bytes behind its end is malformed', () => {
    const update = rawUpdate([{ client: stranger, clock: 0, structs: [{ text: 'x' }] }])
    expect(judge(Buffer.concat([update, Uint8Array.of(0)]))).toEqual(refusedAs('update-malformed'))
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
      expect(judge(update.subarray(0, end)), `${end} bytes`).toEqual(refusedAs('update-malformed'))
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
      expect(judge(Uint8Array.from(bytes))).toEqual(refusedAs('update-malformed'))
    }
  )

  it('that is refused creates no root type', () => {
    const document = startRoom()
    const update = rawUpdate([{ client: stranger, clock: 1, structs: [{ text: 'x', parent: 'made up' }] }])
    expect(judge(update, { document })).toEqual(refusedAs('update-incomplete'))
    expect([...document.share.keys()]).toEqual(['text'])
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
    ['a property that would be a prototype', 8, [1, 118, 1, 9, ...Buffer.from('__proto__'), 126]]
  ])('is malformed: %s', (_, content, bytes) => {
    expect(judge(contentOf(content, bytes))).toEqual(refusedAs('update-malformed'))
  })

  it('is not confused with what looks like it: brackets within strings are no depth', () => {
    const text = JSON.stringify({ text: '[{"'.repeat(100) })
    expect(judge(rawUpdate([{ client: stranger, clock: 0, structs: [{ embed: text }] }]))).toMatchObject({
      answer: 'apply'
    })
  })

  it('is malformed when it is nested a thousand deep, also behind a string of closing brackets', () => {
    const deep = `["${']'.repeat(2000)}",${'['.repeat(1000)}${']'.repeat(1001)}`
    expect(judge(rawUpdate([{ client: stranger, clock: 0, structs: [{ embed: deep }] }]))).toEqual(
      refusedAs('update-malformed')
    )
    const any = [
      1,
      ...Array<number>(2_000)
        .fill(117)
        .flatMap((tag) => [tag, 1]),
      126
    ]
    expect(judge(contentOf(8, any))).toEqual(refusedAs('update-malformed'))
  })
})

describe('a delete', () => {
  const deletes = (...ranges: (readonly [number, number])[]) => rawUpdate([], [{ client: author, ranges }])

  it('of what is there is applied', () => {
    expect(judge(deletes([0, 3]))).toMatchObject({ answer: 'apply' })
  })

  it('of clocks to come is refused as incomplete: what is typed next would vanish', () => {
    expect(judge(deletes([7, 2]))).toEqual(refusedAs('update-incomplete'))
    expect(judge(deletes([8, 1]), { mayWrite: false })).toEqual(refusedAs('read-only'))
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
    expect(judge(deletes(...ranges))).toEqual(refusedAs('update-malformed'))
  })

  it('that names a client twice is malformed', () => {
    const range = { client: author, ranges: [[0, 1]] as const }
    expect(judge(rawUpdate([], [range, range]))).toEqual(refusedAs('update-malformed'))
  })
})

describe('a reader', () => {
  const reading = { mayWrite: false }

  it('may send all of the document with all its deletes, as a provider does that reconnects', () => {
    const document = startRoom()
    document.getText('text').delete(1, 3)
    const whole = Y.encodeStateAsUpdate(document)
    expect(judge(whole, { document, ...reading })).toEqual({ answer: 'known' })
    expect(judge(Uint8Array.of(0, 0), { document, ...reading })).toEqual({ answer: 'known' })
  })

  it('may send nothing new: not a character, not a delete, not what is malformed or incomplete', () => {
    const addition = rawUpdate([{ client: stranger, clock: 0, structs: [{ text: 'x', ...behind(4) }] }])
    const deletion = rawUpdate([], [{ client: author, ranges: [[0, 1]] }])
    const incomplete = rawUpdate([{ client: stranger, clock: 1, structs: [{ text: 'x' }] }])
    for (const update of [addition, deletion, incomplete])
      expect(judge(update, reading)).toEqual(refusedAs('read-only'))
    expect(judge(Uint8Array.of(1), reading)).toEqual(refusedAs('update-malformed'))
  })

  it('may not delete a part of what is deleted in parts', () => {
    const document = startRoom()
    document.getText('text').delete(0, 2)
    const deletion = rawUpdate([], [{ client: author, ranges: [[1, 2]] }])
    expect(judge(deletion, { document, ...reading })).toEqual(refusedAs('read-only'))
  })
})
