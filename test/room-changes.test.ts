/** What of a room's document becomes entries of its log. */
import { beforeEach, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { writeScope } from '../schema/access.ts'
import { document as kind } from '../schema/kinds/document.ts'
import { ServerDocument } from '../server/log/server-document.ts'
import { followChanges } from '../server/room/changes.ts'
import { ClientOwners } from '../server/room/client-owners.ts'
import { type Exact, guardUpdate } from '../server/room/write-guard.ts'
import { committedElsewhere, Writing } from '../server/room/writing.ts'
import { rawUpdate } from './support/raw-update.ts'
import { record } from './support/yjs-story.ts'

const owners = new ClientOwners()
const by = {
  scope: writeScope(kind, 'writer', 'ada'),
  definition: kind,
  userId: 'ada',
  role: 'writer',
  owners
}

let document: ServerDocument
let entries: Uint8Array[]
let writer: Y.Doc
let written: Uint8Array[]

beforeEach(() => {
  document = new ServerDocument('room')
  entries = []
  followChanges(document, (update) => entries.push(update))
  writer = new Y.Doc()
  written = record(writer)
})

const writing = new Writing('ada', null)

const apply = (update: Uint8Array, exactly: (exact: Exact) => Exact = (exact) => exact): void => {
  const verdict = guardUpdate(document, update, by)
  if (verdict.answer !== 'apply') throw new Error(`an honest update: ${JSON.stringify(verdict)}`)
  writing.applies(verdict.exact === null ? null : exactly(verdict.exact))
  Y.applyUpdate(document, verdict.update, writing)
}

const applyTogether = (updates: readonly Uint8Array[]): void => {
  const applyEach = (): void => {
    for (const update of updates) apply(update)
  }
  Y.transact(document, applyEach, writing, false)
}

const typed = (...texts: readonly string[]): Uint8Array[] => {
  for (const text of texts) writer.getText('text').insert(0, text)
  return written.splice(0)
}

const replayed = (): Y.Doc => {
  const replica = new Y.Doc()
  for (const entry of entries) Y.applyUpdate(replica, entry)
  return replica
}

const expectReplay = (): void => {
  expect(Buffer.from(Y.encodeStateAsUpdate(replayed()))).toEqual(Buffer.from(Y.encodeStateAsUpdate(document)))
}

/** Its first number in two bytes, as no Yjs writes it and every one reads it: an entry that has it was not written anew. */
const withMark = (update: Uint8Array): Uint8Array =>
  Uint8Array.of(0x80 | (update[0] ?? 0), 0x00, ...update.subarray(1))

describe('a key press', () => {
  it('is an entry as it came', () => {
    const [first = Uint8Array.of(), second = Uint8Array.of()] = typed('a', 'b').map(withMark)
    apply(first)
    apply(second)
    expect(entries).toEqual([first, second])
    expectReplay()
  })

  it('is a copy: the message that it came with may be reused', () => {
    const [update = Uint8Array.of()] = typed('a')
    apply(update)
    update.fill(255)
    expectReplay()
  })
})

describe('is written anew by Yjs', () => {
  it('what came in several updates, and is one entry', () => {
    applyTogether(typed('a', 'b', 'c').map(withMark))
    const [alone = Uint8Array.of()] = typed('d').map(withMark)
    apply(alone)
    expect(entries).toHaveLength(2)
    expect(entries[1]).toEqual(alone)
    expectReplay()
  })

  it('what deletes', () => {
    for (const update of typed('ab')) apply(update)
    writer.getText('text').delete(0, 1)
    for (const update of written.splice(0).map(withMark)) apply(update)
    expect(entries).toHaveLength(2)
    expect(entries[1]?.[0]).toBe(0)
    expectReplay()
  })

  it('what is deleted as it lands', () => {
    const inner = new Y.Text()
    writer.getMap('map').set('text', inner)
    for (const update of written.splice(0)) apply(update)
    inner.insert(0, 'late')
    const [late = Uint8Array.of()] = written.splice(0)
    document.transact(() => document.getMap('map').delete('text'))
    apply(withMark(late))
    expect(entries).toHaveLength(3)
    expect(entries[2]?.[0]).toBe(1)
    expectReplay()
  })

  it('what takes a key from another, or leaves it to them', () => {
    const rival = new Y.Doc()
    rival.getMap('map').set('key', 'theirs')
    writer.getMap('map').set('key', 'ours')
    apply(withMark(Y.encodeStateAsUpdate(rival)))
    for (const update of written.splice(0)) apply(withMark(update))
    expect(entries[0]?.[0]).toBe(0x81)
    expect(entries[1]?.[0]).toBe(1)
    expectReplay()
  })

  it('what two clients wrote', () => {
    const client = writer.clientID
    const other = client === 1 ? 2 : 1
    const structs = [{ text: 'x', parent: 'text' }]
    apply(
      withMark(
        rawUpdate([
          { client: Math.min(client, other), clock: 0, structs },
          { client: Math.max(client, other), clock: 0, structs }
        ])
      )
    )
    // Yjs merges only what stands in its order: the highest client first.
    expect([...Y.parseUpdateMeta(entries[0] ?? Uint8Array.of()).to.keys()]).toEqual([
      Math.max(client, other),
      Math.min(client, other)
    ])
    expectReplay()
  })

  it('what did not become as a whole what it says', () => {
    const [update = Uint8Array.of()] = typed('a')
    apply(withMark(update), (exact) => ({ ...exact, end: exact.end + 1 }))
    expect(entries).toEqual([update])
  })

  it('what the server writes', () => {
    for (const update of typed('a')) apply(update)
    document.getMap('map').set('by', 'server')
    for (const update of typed('b')) apply(update)
    document.getMap('map').delete('by')
    expect(entries).toHaveLength(4)
    expectReplay()
  })
})

it('is no entry, what another node has committed', () => {
  const [first = Uint8Array.of(), second = Uint8Array.of(), third = Uint8Array.of()] = typed('a', 'b', 'c')
  apply(first)
  Y.applyUpdate(document, second, committedElsewhere)
  apply(third)
  expect(entries).toEqual([first, third])
})

it('is told to whoever else listens, too', () => {
  const told = record(document)
  const updates = typed('a', 'b')
  for (const update of updates) apply(update)
  expect(entries).toEqual(updates)
  expect(told).toEqual(updates)
})
