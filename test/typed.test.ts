import * as fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { Arrivals } from '../server/session/arrivals.ts'
import { joinTyped } from '../server/session/typed.ts'
import { rawUpdate } from './support/raw-update.ts'
import { record } from './support/yjs-story.ts'

const client = 4_000_000_000

/** One letter, at its clock, behind the one before. */
const press = (clock: number, text = 'x', by = client): Uint8Array =>
  rawUpdate([
    {
      client: by,
      clock,
      structs: [clock === 0 ? { text, parent: 'text' } : { text, origin: { client: by, clock: clock - 1 } }]
    }
  ])

const counts = (...updates: readonly Uint8Array[]): number[] => joinTyped(updates).map(({ count }) => count)

const folded = (updates: readonly Uint8Array[]): Buffer => {
  const document = new Y.Doc()
  for (const update of updates) Y.applyUpdate(document, update)
  return Buffer.from(Y.encodeStateAsUpdate(document))
}

describe('key presses that came together', () => {
  it('are one update, which makes what they make', () => {
    const presses = [press(0, 'a'), press(1, 'é'), press(2, '🙂'), press(4, 'word'), press(8)]
    const [run] = joinTyped(presses)
    expect(run?.count).toBe(5)
    expect(folded([run?.update ?? Uint8Array.of()])).toEqual(folded(presses))
  })

  it('are as many updates as there are clients, and hundreds', () => {
    const many = Array.from({ length: 250 }, (_, clock) => press(clock))
    expect(counts(...many)).toEqual([100, 100, 50])
    expect(counts(press(0), press(0, 'y', 7), press(1, 'y', 7), press(1))).toEqual([1, 2, 1])
    expect(counts(press(0), press(1, 'y', 7))).toEqual([1, 1])
  })

  it('are left as they are where there is one', () => {
    expect(joinTyped([press(0)])).toEqual([])
    expect(joinTyped([])).toEqual([])
  })

  it('are judged one by one with the first sync, which another node may know of', () => {
    const arrivals = new Arrivals({ bytes: 0 })
    arrivals.receiveFirst(press(0))
    arrivals.receive(press(1))
    expect(arrivals.take()).toMatchObject({ updates: [press(0), press(1)], typed: [] })
    arrivals.firstSync = null
    arrivals.receive(press(2))
    arrivals.receive(press(3))
    expect(arrivals.take().typed).toMatchObject([{ count: 2 }])
  })

  it.each([
    ['the same once more', press(1)],
    ['one that is not the next', press(3)]
  ])('are joined anew from %s', (_, update) => {
    expect(counts(press(0), press(1), update)).toEqual([2, 1])
  })

  it.each([
    ['deletes', rawUpdate([], [{ client, ranges: [[0, 1]] }])],
    [
      'types and deletes',
      rawUpdate(
        [{ client, clock: 2, structs: [{ text: 'x', origin: { client, clock: 1 } }] }],
        [{ client, ranges: [[0, 1]] }]
      )
    ],
    [
      'sets a value',
      rawUpdate([{ client, clock: 2, structs: [{ any: [1], origin: { client, clock: 1 } }] }])
    ],
    [
      'is two structs',
      rawUpdate([
        {
          client,
          clock: 2,
          structs: [
            { text: 'x', origin: { client, clock: 1 } },
            { text: 'x', origin: { client, clock: 2 } }
          ]
        }
      ])
    ],
    ['is long', press(2, 'x'.repeat(300))],
    ['is cut off', press(2).subarray(0, -3)],
    ['goes on behind its end', Uint8Array.of(...press(2), 0)],
    ['is nothing', Uint8Array.of()]
  ])('end where an update %s', (_, update) => {
    expect(counts(press(0), press(1), update, press(3))).toEqual([2])
  })

  it('make the same document as one by one, whatever was written', async () => {
    const edit = fc.record({
      at: fc.nat(20),
      text: fc.constantFrom('a', 'b', '🙂', 'two words', ''),
      isTyped: fc.integer({ min: 0, max: 9 }).map((die) => die > 1)
    })
    await fc.assert(
      fc.property(fc.array(edit, { maxLength: 60 }), (edits) => {
        const writer = new Y.Doc()
        const updates = record(writer)
        const text = writer.getText('text')
        for (const { at, text: typed, isTyped } of edits) {
          if (isTyped) text.insert(Math.min(at, text.length), typed)
          else if (text.length > 0) text.delete(0, 1)
        }
        const runs = joinTyped(updates)
        const joined = runs.reduce((sum, { count }) => sum + count, 0)
        expect(joined).toBeLessThanOrEqual(updates.length)
        expect(folded([...runs.map(({ update }) => update), ...updates.slice(joined)])).toEqual(
          folded(updates)
        )
      })
    )
  })
})
