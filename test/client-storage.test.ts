import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { form } from '../schema/kinds/form.ts'
import { createLiveStorage } from '../schema/live-storage.ts'
import { orderAt, sortByOrder } from '../schema/order.ts'
import { readStorage } from '../schema/storage.ts'
import { StorageError } from '../schema/storage-error.ts'

const ana = { userId: 'ana', role: 'owner' }

const open = () => {
  const doc = new Y.Doc()
  return { doc, live: createLiveStorage(form, doc, (change) => doc.transact(change), ana) }
}

describe('writing', () => {
  test('a value that does not fit throws with its path and itself, and nothing is written', () => {
    const { doc, live } = open()
    const id = live.fields.insert({ type: 'number' })
    const before = Y.encodeStateAsUpdate(doc)
    // @ts-expect-error: what a caller without types may do
    const wrong = () => live.fields.update(id, { required: true, type: 'colour' })
    expect(wrong).toThrow(StorageError)
    expect(wrong).toThrow(new RegExp(`fields/${id}/type: .*"colour"`))
    expect(Y.encodeStateAsUpdate(doc)).toEqual(before)
  })

  test('an entry without a value that it needs is not inserted', () => {
    const { doc, live } = open()
    // @ts-expect-error: what a caller without types may do
    expect(() => live.fields.insert({ label: 'Name' })).toThrow(/fields\/\w+\/type/)
    expect(readStorage(form, doc).fields).toEqual([])
  })

  test('a field that the collection does not have is refused by name', () => {
    const { live } = open()
    // @ts-expect-error: what a caller without types may do
    expect(() => live.fields.insert({ type: 'date', colour: 'red' })).toThrow(/colour: no field/)
  })

  test('an insert is one transaction, texts included', () => {
    const { doc, live } = open()
    let transactions = 0
    doc.on('update', () => transactions++)
    live.fields.insert({ type: 'short-text', label: 'Name', help: 'As in your passport' })
    expect(transactions).toBe(1)
  })

  test('an id with a slash is refused: it would name another root', () => {
    const { live } = open()
    expect(() => live.answers.set('a/b', 'x')).toThrow(StorageError)
    expect(() => live.answerTexts.get('a/b')).toThrow(StorageError)
  })

  test('writing what is not there throws', () => {
    const { live } = open()
    expect(() => live.fields.update('nope', { required: true })).toThrow(/fields\/nope: no such entry/)
  })

  test('a place next to what never was is refused by name, and nothing is written', () => {
    const { doc, live } = open()
    const id = live.options.insert({ field: 'f' })
    const before = Y.encodeStateAsUpdate(doc)
    for (const place of [{ after: 'nope' }, { before: 'nope' }]) {
      expect(() => live.options.insert({ field: 'f' }, place)).toThrow(StorageError)
      expect(() => live.options.move(id, place)).toThrow(/options\/nope: no such entry/)
    }
    expect(Y.encodeStateAsUpdate(doc)).toEqual(before)
  })

  test('an answer that is taken back is gone', () => {
    const { doc, live } = open()
    live.answers.set('f1', ['a', 'b'])
    live.answers.remove('f1')
    expect(live.answers.get('f1')).toBeUndefined()
    expect(readStorage(form, doc).answers).toEqual({})
  })
})

describe('order', () => {
  test('an entry that was removed still is a place', () => {
    const { live } = open()
    const [a, b] = [live.options.insert({ field: 'f' }), live.options.insert({ field: 'f' })]
    const c = live.options.insert({ field: 'f' })
    live.options.remove(a)
    const behind = live.options.insert({ field: 'f' }, { after: a })
    live.options.move(c, { after: a })
    expect(live.options.ids()).toEqual([c, behind, b])
  })

  test('an entry whose insert was undone is a place at the end, for everybody', () => {
    const { doc, live } = open()
    const undo = new Y.UndoManager(doc.getMap('options'))
    const a = live.options.insert({ field: 'f' })
    undo.stopCapturing()
    const b = live.options.insert({ field: 'f' })
    undo.undo()
    const other = new Y.Doc()
    Y.applyUpdate(other, Y.encodeStateAsUpdate(doc))
    const theirs = createLiveStorage(form, other, (change) => other.transact(change), ana)
    const c = theirs.options.insert({ field: 'f' }, { after: b })
    expect(theirs.options.ids()).toEqual([a, c])
  })

  test('entries come where they were put', () => {
    const { live } = open()
    const b = live.options.insert({ field: 'f' })
    const d = live.options.insert({ field: 'f' })
    const a = live.options.insert({ field: 'f' }, { before: b })
    const c = live.options.insert({ field: 'f' }, { after: b })
    expect(live.options.ids()).toEqual([a, b, c, d])
    live.options.move(d, { before: a })
    live.options.move(b, { after: c })
    expect(live.options.ids()).toEqual([d, a, c, b])
  })

  test('two people who insert at one place make two keys', () => {
    const between = [
      { id: 'x', order: 'a0' },
      { id: 'y', order: 'a1' }
    ]
    const keys = new Set(Array.from({ length: 500 }, () => orderAt(between, { after: 'x' })))
    expect(keys.size).toBe(500)
  })

  test('a key for any place lies there, whatever keys others made', () => {
    const order = fc.oneof(fc.constantFrom('a0', 'a0', 'a1', 'Zz', 'a0V'), fc.string({ maxLength: 4 }))
    fc.assert(
      fc.property(
        fc.array(order, { minLength: 1, maxLength: 12 }),
        fc.nat(11),
        fc.boolean(),
        (orders, n, isBefore) => {
          const entries = sortByOrder(orders.map((order, index) => ({ id: `e${index}`, order })))
          const reference = entries[n % entries.length]
          if (reference === undefined) throw new Error('no reference')
          const key = orderAt(entries, isBefore ? { before: reference.id } : { after: reference.id })
          if (!/^(a0|a1|Zz|a0V)$/.test(reference.order)) return
          if (isBefore) expect(key < reference.order).toBe(true)
          else expect(key > reference.order).toBe(true)
        }
      )
    )
  })

  test('after any inserts and moves of two people both see one order without doubles', () => {
    const step = fc.record({
      who: fc.nat(1),
      at: fc.nat(30),
      to: fc.nat(30),
      isMove: fc.boolean(),
      sync: fc.boolean()
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const people = [open(), open()] as const
        const sync = (): void => {
          Y.applyUpdate(people[0].doc, Y.encodeStateAsUpdate(people[1].doc))
          Y.applyUpdate(people[1].doc, Y.encodeStateAsUpdate(people[0].doc))
        }
        for (const { who, at, to, isMove, sync: isSync } of steps) {
          const { options } = (who === 0 ? people[0] : people[1]).live
          const ids = options.ids()
          const id = ids[at % Math.max(1, ids.length)]
          const other = ids[to % Math.max(1, ids.length)]
          if (isMove && id !== undefined && other !== undefined) options.move(id, { before: other })
          else options.insert({ field: 'f' }, other === undefined ? {} : { after: other })
          if (isSync) sync()
        }
        sync()
        const [a, b] = people.map(({ live }) => live.options.ids())
        expect(a).toEqual(b)
        expect(new Set(a).size).toBe(a?.length)
      }),
      { numRuns: 200 }
    )
  })
})
