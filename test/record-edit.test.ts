import { describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { editRecord } from '../client/record-edit.ts'
import { createLiveStorage } from '../schema/live-storage.ts'
import { createStorageMirror } from '../schema/storage.ts'
import { StorageError } from '../schema/storage-error.ts'
import { board } from './support/board.ts'

/** One person's room, without its connection: what others write is written to the same document. */
const start = () => {
  const doc = new Y.Doc()
  const who = { userId: 'ana', role: 'owner' }
  const storage = createLiveStorage(board, doc, (change) => doc.transact(change), who)
  const mirror = createStorageMirror(board, doc)
  let mutations = 0
  const room = {
    definition: board,
    snapshot: mirror,
    mutate: <T>(change: (live: typeof storage) => T): T => {
      mutations++
      return doc.transact(() => change(storage))
    }
  }
  const id = storage.cards.insert({ name: 'tea is hot', rank: 1 })
  const card = () => mirror.get().cards.find((entry) => entry.id === id)
  return { doc, room, storage, id, card, mutations: () => mutations }
}

describe('a record that is edited at leisure', () => {
  test('is saved as one mutation, with what others wrote to other fields meanwhile', () => {
    const { room, storage, id, card, mutations } = start()
    const edit = editRecord(room, 'cards', id)
    expect(edit.base).toMatchObject({ name: 'tea is hot', rank: 1, color: 'white', start: 0 })
    storage.cards.update(id, { color: 'red' })
    expect(edit.save({ name: 'tea is cold', rank: 2, start: 5 })).toEqual([])
    expect(card()).toMatchObject({ name: 'tea is cold', rank: 2, color: 'red', start: { value: 5 } })
    expect(mutations()).toBe(1)
  })

  test('is not saved where others changed the same, until its editor has seen that', () => {
    const { room, storage, id, card } = start()
    const edit = editRecord(room, 'cards', id)
    storage.cards.update(id, { color: 'red' })
    const changes = { color: 'blue', rank: 7 }
    expect(edit.save(changes)).toEqual([
      { path: `cards/${id}/color`, base: 'white', theirs: 'red', mine: 'blue' }
    ])
    expect(card()).toMatchObject({ color: 'red', rank: 1 })
    expect(edit.base).toMatchObject({ color: 'red' })
    expect(edit.save(changes)).toEqual([])
    expect(card()).toMatchObject({ color: 'blue', rank: 7 })
  })

  test('tells a conflict once more when others have changed it once more', () => {
    const { room, storage, id } = start()
    const edit = editRecord(room, 'cards', id)
    storage.cards.update(id, { color: 'red' })
    edit.save({ color: 'blue' })
    storage.cards.update(id, { color: 'green' })
    expect(edit.save({ color: 'blue' })).toMatchObject([{ base: 'red', theirs: 'green', mine: 'blue' }])
  })

  test('is merged by field and text, or wins, as the strategy says', () => {
    const { room, storage, id, card } = start()
    const [merged, last] = [editRecord(room, 'cards', id), editRecord(room, 'cards', id)]
    storage.cards.get(id)?.name.replace('green tea is hot')
    storage.cards.update(id, { color: 'red' })
    expect(merged.save({ name: 'tea is very hot' }, 'merge')).toEqual([])
    expect(card()).toMatchObject({ name: 'green tea is very hot' })
    expect(last.save({ color: 'blue' }, 'last')).toEqual([])
    expect(card()).toMatchObject({ color: 'blue' })
  })

  test('can be saved again and again', () => {
    const { room, id, card } = start()
    const edit = editRecord(room, 'cards', id)
    expect(edit.save({ rank: 2 })).toEqual([])
    expect(edit.save({ rank: 3 })).toEqual([])
    expect(card()).toMatchObject({ rank: 3 })
  })

  test('decides a conflict of claims, also for the value that is shown', () => {
    const { doc, room, id, card } = start()
    doc.getArray(`cards/${id}/start`).push([
      { value: 1, by: 'ben', role: 'owner', at: 1 },
      { value: 2, by: 'cleo', role: 'owner', at: 2 }
    ])
    const edit = editRecord(room, 'cards', id)
    expect(card()?.start).toMatchObject({ value: 2, conflict: true })
    expect(edit.save({ rank: 5 })).toEqual([])
    expect(card()?.start.conflict).toBe(true)
    expect(edit.save({ start: 2 })).toEqual([])
    expect(card()?.start).toMatchObject({ value: 2, conflict: false })
  })

  test('that is gone is told as a conflict, and not saved', () => {
    const { room, storage, id } = start()
    const edit = editRecord(room, 'cards', id)
    storage.cards.remove(id)
    expect(edit.save({ rank: 2 }, 'last')).toMatchObject([
      { path: `cards/${id}`, base: { rank: 1 }, theirs: null, mine: { rank: 2 } }
    ])
    expect(() => editRecord(room, 'cards', id)).toThrow(StorageError)
  })

  test('may be an object', () => {
    const { room, storage } = start()
    const edit = editRecord(room, 'settings')
    storage.settings.note.replace('hello')
    expect(edit.save({ limit: 5, theme: 'dark' })).toEqual([])
    expect(room.snapshot.get().settings).toMatchObject({ limit: 5, note: 'hello', theme: { value: 'dark' } })
  })
})
