import { describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { writeScope } from '../schema/access.ts'
import { document as kind } from '../schema/kinds/document.ts'
import { guardUpdate } from '../server/room/write-guard.ts'
import { applied, refused, startGuarded } from './support/guarded.ts'
import { type RawSection, type RawStruct, rawUpdate } from './support/raw-update.ts'
import { record } from './support/yjs-story.ts'

const id = (client: number, clock: number) => ({ client, clock })
const range = <T>(length: number, make: (at: number) => T): T[] => Array.from({ length }, (_, at) => make(at))

/** `length` items of one client, each before the last: none of them becomes one with another. */
const backwards = (client: number, length: number): RawSection => ({
  client,
  clock: 0,
  structs: range(length, (at) => (at === 0 ? { text: 'x' } : { text: 'x', right: id(client, at - 1) }))
})

describe('an update that would take too long is too complex', () => {
  it('by neighbours that never stood side by side, in the document', () => {
    const room = startGuarded()
    room.send(
      rawUpdate([
        {
          client: 1,
          clock: 0,
          structs: range(4_000, (at) => ({ embed: '1', ...(at > 0 && { origin: id(1, at - 1) }) }))
        }
      ])
    )
    const [first, last] = [id(1, 0), id(1, 3_999)]
    const between = (count: number): RawStruct[] =>
      range(count, () => ({ text: 'x', origin: first, right: last }))
    expect(room.judge(rawUpdate([{ client: 2, clock: 0, structs: between(20) }]))).toEqual(applied)
    expect(room.judge(rawUpdate([{ client: 2, clock: 0, structs: between(200) }]))).toEqual(
      refused('update-too-complex')
    )
  })

  it('by neighbours that never stood side by side, in the update itself', () => {
    const structs = range(
      8_000,
      (at): RawStruct => (at === 0 ? { text: 'x' } : { text: 'x', right: id(1, 0) })
    )
    const tangled = structs.map((struct, at) => (at > 1 ? { ...struct, origin: id(1, 1) } : struct))
    expect(startGuarded().judge(rawUpdate([{ client: 1, clock: 0, structs: tangled }]))).toEqual(
      refused('update-too-complex')
    )
  })

  it('by letters that two people wrote at one place at once, each before their last', () => {
    const room = startGuarded()
    room.send(rawUpdate([{ client: 1, clock: 0, structs: [{ text: 'x' }] }]))
    const letters = (client: number): Uint8Array => {
      const place = (at: number) => ({ origin: id(1, 0), ...(at > 0 && { right: id(client, at - 1) }) })
      return rawUpdate([{ client, clock: 0, structs: range(4_000, (at) => ({ text: 'x', ...place(at) })) }])
    }
    expect(room.send(letters(10))).toEqual(applied)
    expect(room.judge(letters(11))).toEqual(refused('update-too-complex'))
    expect(room.judge(letters(9)), 'a lower id goes before them').toEqual(applied)
    const both = Y.mergeUpdates([letters(20), letters(21)])
    expect(startGuarded().send(Y.mergeUpdates([Y.encodeStateAsUpdate(room.document), both]))).toEqual(
      refused('update-too-complex')
    )
  })

  it('by values under a key with a long history, each written as if it were the first', () => {
    const room = startGuarded()
    // Of two who take turns, so that what is replaced does not become one item.
    const turnsOf = (client: number, other: number): RawSection => ({
      client,
      clock: 0,
      structs: range(10_000, (at) => {
        const before = client === 1 ? at - 1 : at
        return before < 0
          ? { embed: '1', parent: 'map', key: 'a' }
          : { embed: '1', origin: id(other, before) }
      })
    })
    expect(room.send(rawUpdate([turnsOf(1, 2), turnsOf(2, 1)]))).toEqual(applied)
    const structs = range(200, (): RawStruct => ({ embed: '2', parent: 'map', key: 'a' }))
    expect(room.judge(rawUpdate([{ client: 3, clock: 0, structs }]))).toEqual(refused('update-too-complex'))
  })

  it('by cutting very many pieces out of very many items', () => {
    const room = startGuarded()
    room.send(rawUpdate([{ client: 1, clock: 0, structs: [{ text: 'x'.repeat(40_000) }] }]))
    const behind = (at: number): RawStruct => ({ embed: '1', origin: id(1, 39_999 + at) })
    room.send(rawUpdate([{ client: 1, clock: 40_000, structs: range(100_000, behind) }]))
    expect(room.document.store.clients.get(1)).toHaveLength(100_001)
    const holes = (count: number) =>
      rawUpdate([], [{ client: 1, ranges: range(count, (at) => [2 * at, 1] as const) }])
    expect(room.judge(holes(300))).toEqual(applied)
    expect(room.judge(holes(10_000))).toEqual(refused('update-too-complex'))
    const items = range(10_000, (at) => [40_000 + 2 * at, 1] as const)
    expect(room.judge(rawUpdate([], [{ client: 1, ranges: items }])), 'whole items').toEqual(applied)
  })

  it('by types within each other', () => {
    const nested = (depth: number): Uint8Array =>
      rawUpdate([
        {
          client: 1,
          clock: 0,
          structs: range(depth, (at) => ({ type: 0, parent: at === 0 ? 'list' : id(1, at - 1) }))
        }
      ])
    expect(startGuarded().judge(nested(32))).toEqual(applied)
    expect(startGuarded().judge(nested(33))).toEqual(refused('update-too-complex'))
    const room = startGuarded()
    room.send(nested(32))
    const deeper = { client: 2, clock: 0, structs: [{ type: 0, parent: id(1, 31) }] }
    expect(room.judge(rawUpdate([deeper]))).toEqual(refused('update-too-complex'))
  })
})

describe('honest work is not too complex', () => {
  it('when it was long offline, beside as much of others in one text', () => {
    const room = startGuarded()
    const base = new Y.Doc()
    base.clientID = 1
    base.getText('text').insert(0, 'abcdefghij'.repeat(20))
    room.send(Y.encodeStateAsUpdate(base))
    for (const client of [2, 3]) {
      const document = new Y.Doc()
      document.clientID = client
      Y.applyUpdate(document, Y.encodeStateAsUpdate(base))
      const updates = record(document)
      const text = document.getText('text')
      for (let at = 0; at < 4_000; at++) text.insert((at * 7) % text.length, 'y')
      expect(room.send(Y.mergeUpdates(updates), { userId: `u${client}` })).toEqual(applied)
    }
  })

  it('when it was written from the end to the beginning', () => {
    expect(startGuarded().judge(rawUpdate([backwards(1, 20_000)]))).toEqual(applied)
  })

  it('when everything is deleted at once', () => {
    const room = startGuarded()
    room.send(rawUpdate([backwards(1, 50_000)]))
    expect(room.judge(rawUpdate([], [{ client: 1, ranges: [[0, 50_000]] }]))).toEqual(applied)
  })
})

describe('a document of the server', () => {
  const mark: RawStruct = { content: 6, bytes: [1, 98, 4, ...Buffer.from('true')], right: id(1, 1_999) }

  it.each([
    ['an item that is deleted', rawUpdate([], [{ client: 1, ranges: [[0, 1_999]] }])],
    ['a mark that is new', rawUpdate([{ client: 2, clock: 0, structs: [mark] }])]
  ])('is not searched for marks of formats to tidy up because of %s', (_, update) => {
    const room = startGuarded()
    room.document.getText('text')
    const { structs } = backwards(1, 2_000)
    room.send(rawUpdate([{ client: 1, clock: 0, structs: [...structs, mark] }]))
    let transactions = 0
    room.document.on('afterTransactionCleanup', () => transactions++)
    expect(room.send(update)).toEqual(applied)
    // Yjs tidies up in a transaction of its own.
    expect(transactions).toBe(1)
  })
})

describe('deletes that are in effect already', () => {
  it('are remembered: whoever brings them again has them compared, not looked up', () => {
    const { document, owners, send } = startGuarded()
    send(rawUpdate([{ client: 1, clock: 0, structs: [{ text: 'x'.repeat(4_000) }] }]))
    const holes = rawUpdate([], [{ client: 1, ranges: range(1_000, (at) => [2 * at, 1] as const) }])
    send(holes)
    let lookUps = 0
    const structs = document.store.clients.get(1) ?? []
    const get = (target: typeof structs, key: string | symbol): unknown => {
      lookUps++
      return Reflect.get(target, key)
    }
    document.store.clients.set(1, new Proxy(structs, { get }))
    const by = {
      scope: writeScope(kind, 'reader', 'ada'),
      definition: kind,
      userId: 'ada',
      role: 'reader',
      owners
    }
    expect(guardUpdate(document, holes, by)).toEqual({ answer: 'known' })
    expect(lookUps).toBeGreaterThan(1_000)
    lookUps = 0
    expect(guardUpdate(document, holes, by)).toEqual({ answer: 'known' })
    expect(lookUps).toBe(0)
  })
})
