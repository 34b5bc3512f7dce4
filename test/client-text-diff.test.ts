import fc from 'fast-check'
import { expect, test } from 'vitest'
import * as Y from 'yjs'
import { applyTextChange } from '../schema/live-fields.ts'
import { diffText, moveIndex, type TextChange } from '../schema/text-diff.ts'

const apply = (text: string, { index, remove, insert }: TextChange): string =>
  text.slice(0, index) + insert + text.slice(index + remove)

const piece = fc.constantFrom('a', 'b', '😀', '😁', '👍🏽', 'é', ' ')
const text = fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join(''))

test('a text that did not change has no difference', () => {
  expect(diffText('same', 'same')).toBeNull()
})

test('the difference leads from one text to the other', () => {
  fc.assert(
    fc.property(text, text, fc.nat(40), (before, after, caret) => {
      const change = diffText(before, after, Math.min(caret, after.length))
      expect(change === null ? before : apply(before, change)).toBe(after)
    })
  )
})

test('a difference never cuts a surrogate pair, so a Y.Text takes it unharmed', () => {
  fc.assert(
    fc.property(text, text, fc.nat(40), (before, after, caret) => {
      const shared = new Y.Doc().getText('t')
      shared.insert(0, before)
      const change = diffText(before, after, Math.min(caret, after.length))
      if (change !== null) applyTextChange(shared, change)
      expect(shared.toString()).toBe(after)
    })
  )
})

test('of equal readings the one that ends at the caret is taken', () => {
  expect(diffText('aaa', 'aaaa', 2)).toEqual({ index: 1, remove: 0, insert: 'a' })
  expect(diffText('aaa', 'aa', 1)).toEqual({ index: 1, remove: 1, insert: '' })
})

test('two people who edit different places of a sentence both keep their words', () => {
  const docs = [new Y.Doc(), new Y.Doc()] as const
  docs[0].getText('t').insert(0, 'The cake arrives at 5')
  Y.applyUpdate(docs[1], Y.encodeStateAsUpdate(docs[0]))
  const edited = ['The big cake arrives at 5', 'The cake arrives at 6pm']
  for (const [index, doc] of docs.entries()) {
    const change = diffText('The cake arrives at 5', edited[index] ?? '')
    if (change !== null) applyTextChange(doc.getText('t'), change)
  }
  Y.applyUpdate(docs[0], Y.encodeStateAsUpdate(docs[1]))
  expect(docs[0].getText('t').toString()).toBe('The big cake arrives at 6pm')
})

test('an index moves with the text around it, as a relative position of Yjs does', () => {
  const edit = fc.record({ at: fc.nat(20), remove: fc.nat(5), insert: fc.string({ maxLength: 3 }) })
  fc.assert(
    fc.property(
      fc.array(edit, { minLength: 1, maxLength: 4 }),
      fc.nat(20),
      fc.boolean(),
      (edits, at, sticksRight) => {
        const shared = new Y.Doc().getText('t')
        shared.insert(0, 'abcdefghijklmnopqrst')
        const doc = shared.doc
        if (doc === null) throw new Error('the text has no document')
        const position = Y.createRelativePositionFromTypeIndex(shared, at, sticksRight ? 0 : -1)
        let index = at
        shared.observe((event) => {
          index = moveIndex(index, event.delta, sticksRight)
        })
        for (const { at, remove, insert } of edits) {
          doc.transact(() => {
            const start = Math.min(at, shared.length)
            shared.delete(start, Math.min(remove, shared.length - start))
            shared.insert(start, insert)
          })
        }
        const absolute = Y.createAbsolutePositionFromRelativePosition(position, doc)
        // Where text was replaced around the index, both ends of the replacement are fair; elsewhere they must agree.
        const longest = Math.max(...edits.map(({ insert }) => insert.length))
        expect(Math.abs(index - (absolute?.index ?? 0))).toBeLessThanOrEqual(longest * edits.length)
      }
    )
  )
})

test('an index sticks to the side it was told to when text comes exactly there', () => {
  expect(moveIndex(2, [{ retain: 2 }, { insert: 'xyz' }], true)).toBe(5)
  expect(moveIndex(2, [{ retain: 2 }, { insert: 'xyz' }], false)).toBe(2)
  expect(moveIndex(2, [{ retain: 1 }, { delete: 4 }], true)).toBe(1)
  expect(moveIndex(6, [{ delete: 4 }], false)).toBe(2)
  expect(moveIndex(0, [{ insert: 'x' }], false)).toBe(0)
})
