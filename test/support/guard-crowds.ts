/** Honest updates that are large: what somebody did offline for a day, beside what others did online. */
import * as Y from 'yjs'
import type { Random } from './seeded-random.ts'

export interface Crowd {
  readonly what: string
  /** What the room holds when the update comes. */
  readonly room: Y.Doc
  readonly update: Uint8Array
}

/** Two who do this at one place make Yjs compare all with all. */
const backwardsMax = 300

const author = (client: number, of?: Y.Doc): Y.Doc => {
  const document = new Y.Doc({ guid: 'room' })
  if (of !== undefined) Y.applyUpdate(document, Y.encodeStateAsUpdate(of))
  document.clientID = client
  return document
}

const times = (count: number, change: (at: number) => void): void => {
  for (let at = 0; at < count; at++) change(at)
}

/** A text of so many items: letters that were put in anywhere. */
const scattered = (random: Random, items: number): Y.Doc => {
  const document = author(1)
  const text = document.getText('title')
  document.transact(() => times(items, () => text.insert(random.below(text.length + 1), 'x')))
  return document
}

const brought = (what: string, room: Y.Doc, writer: Y.Doc): Crowd => ({
  what,
  room,
  update: Y.encodeStateAsUpdate(writer, Y.encodeStateVector(room))
})

/** Two who start from one text and do as much, one online and one offline. */
const apart = (what: string, start: Y.Doc, change: (text: Y.Text) => void): Crowd => {
  const [online, offline] = [author(2, start), author(3, start)]
  for (const document of [online, offline]) document.transact(() => change(document.getText('title')))
  return brought(what, online, offline)
}

export const crowds = (random: Random, edits: number): Crowd[] => {
  const text = scattered(random, edits)
  const emptied = author(3, text)
  emptied.transact(() => times(edits / 2, (at) => emptied.getText('title').delete(at, 1)))
  const cleared = author(3, text)
  cleared.getText('title').delete(0, edits)
  const pasted = author(3, text)
  pasted.transact(() =>
    times(edits / 4, (at) =>
      pasted
        .getMap('items')
        .set(`i${at}`, new Y.Map(Object.entries({ order: `a${at}`, name: 'pasted', minutes: 5 })))
    )
  )
  const marked = author(3, text)
  marked.transact(() => times(edits / 4, (at) => marked.getText('title').format(at * 4, 2, { bold: true })))
  const named = author(3, pasted)
  times(edits / 4, (at) => named.getMap<Y.Map<unknown>>('items').get('i1')?.set('name', `name ${at}`))
  return [
    apart('letters anywhere in one text', text, (own) =>
      times(edits, () => own.insert(random.below(own.length + 1), 'y'))
    ),
    apart('letters at one place', text, (own) => times(edits, (at) => own.insert(edits / 2 + at, 'y'))),
    apart('letters at one place, backwards', text, (own) =>
      times(backwardsMax, () => own.insert(edits / 2, 'y'))
    ),
    apart('letters and deletes anywhere', text, (own) =>
      times(edits, (at) => {
        const spot = random.below(own.length)
        if (at % 3 === 0) own.delete(spot, 1)
        else own.insert(spot, 'y')
      })
    ),
    apart('a new text of each', author(1), (own) =>
      times(edits, () => own.insert(random.below(own.length + 1), 'y'))
    ),
    brought('every other letter deleted', text, emptied),
    brought('all letters deleted', text, cleared),
    brought('entries pasted', text, pasted),
    brought('marks all over a text', text, marked),
    brought('one name that was changed again and again', pasted, named),
    brought('all of a document to an empty room', author(1), text)
  ]
}
