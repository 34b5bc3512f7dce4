/** One edit of somebody: a transaction that sets a marker of its own, and does something else besides. */
import * as Y from 'yjs'
import type { Random } from '../support/seeded-random.ts'
import type { Change } from './client.ts'

const letters = 'abcdefghijklmnopqrstuvwxyz'

/** The document as everybody in a story has it. */
export const partsOf = (document: Y.Doc) => ({
  marks: document.getMap<number>('marks'),
  text: document.getText('text'),
  list: document.getArray<number>('list'),
  shared: document.getMap<number>('shared')
})

export const randomEdit =
  (random: Random): Change =>
  (document, marker) => {
    const { marks, text, list, shared } = partsOf(document)
    let struck: string | null = null
    document.transact(() => {
      random.pick([
        () => text.insert(random.below(text.length + 1), letters.slice(0, 1 + random.below(letters.length))),
        () => text.insert(text.length, random.pick([...letters])),
        () => remove(random, text),
        () => remove(random, list),
        () => list.insert(random.below(list.length + 1), [random.below(1_000)]),
        () => shared.set(random.pick(['one', 'two', 'three']), random.below(1_000)),
        () => {
          struck = marks.size === 0 ? null : random.pick([...marks.keys()])
          if (struck !== null) marks.delete(struck)
        }
      ])()
      marks.set(marker, random.below(1_000))
    })
    return { marker, struck, clock: Y.getState(document.store, document.clientID) }
  }

/** Much text, at the end. */
export const pasting =
  (characters: number): Change =>
  (document, marker) => {
    const { marks, text } = partsOf(document)
    document.transact(() => {
      text.insert(text.length, letters.charAt(characters % letters.length).repeat(characters))
      marks.set(marker, characters)
    })
    return { marker, struck: null, clock: Y.getState(document.store, document.clientID) }
  }

/** So much text, from the start, is gone. */
export const cutting =
  (characters: number): Change =>
  (document, marker) => {
    const { marks, text } = partsOf(document)
    document.transact(() => {
      text.delete(0, Math.min(characters, text.length))
      marks.set(marker, characters)
    })
    return { marker, struck: null, clock: Y.getState(document.store, document.clientID) }
  }

const remove = (random: Random, from: Y.Text | Y.Array<number>): void => {
  const at = random.below(from.length + 1)
  from.delete(at, Math.min(from.length - at, 1 + random.below(8)))
}
