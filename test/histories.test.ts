/** Recorded histories of real writing, key press for key press, through stock providers. */
import { setImmediate } from 'node:timers/promises'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as Y from 'yjs'
import { auditLog } from './support/log-audit.ts'
import { missing } from './support/missing.ts'
import { type ProxiedServer, startProxiedServer } from './support/proxied-server.ts'
import { readView } from './support/room-over-http.ts'
import { readSharedData } from './support/shared-data.ts'
import { openProvider, type StockProvider } from './support/stock-provider.ts'
import { waitUntil } from './support/wait-until.ts'

type Patch = readonly [position: number, deleted: number, inserted: string]

interface Story {
  readonly endContent: string
  readonly txns: readonly {
    readonly parents: readonly number[]
    readonly agent: number
    readonly patches: readonly Patch[]
  }[]
}

const kills = 5

const isLeftOut = missing('postgres') ?? missing('shared data')

describe.skipIf(isLeftOut)('G2: a recorded history', { timeout: 600_000 }, () => {
  let world: ProxiedServer
  beforeAll(async () => {
    world = await startProxiedServer()
  })
  afterAll(() => world[Symbol.asyncDispose]())

  test(`of two people who write at the same time ends as it did, with ${kills} kills of the server on the way`, async () => {
    const story = readSharedData('friendsforever') as Story
    const room = 'document/friends'
    const began = performance.now()
    using providers = new DisposableStack()
    const authors = [0, 1].map((agent) => providers.use(openAuthor(world, room, agent)))
    const lengthOfPart = Math.ceil(story.txns.length / (kills + 1))
    let restarting: Promise<void> = Promise.resolve()
    await replay(story, authors, async (index) => {
      if (index === 0 || index % lengthOfPart !== 0) return
      await restarting
      await world.server.kill()
      restarting = world.server.restart()
    })
    await restarting
    for (const { shown } of authors) {
      await waitUntil(() => contentOf(shown) === story.endContent, {
        about: 'both to have all',
        timeoutMs: 30_000
      })
      await shown.settled()
    }
    using fresh = openProvider(world.server.wsUrl, room)
    await fresh.settled()
    expect(contentOf(fresh)).toBe(story.endContent)
    const { seq, data } = await readView(world.server.url, room)
    expect(data).toEqual({ content: story.endContent })
    const rows = await world.rows(room)
    expect(auditLog(rows).document.getText('content').toString()).toBe(story.endContent)
    expect(rows.length).toBe(seq)
    tell(`${story.txns.length} edits of two people, ${kills} kills, ${rows.length} entries`, began)
  })

  test('of a paper is written and loaded', async () => {
    const story = readSharedData('automerge-paper') as Story
    const room = 'document/paper'
    const began = performance.now()
    {
      using writer = openProvider(world.server.wsUrl, room)
      await writer.settled()
      const text = writer.document.getText('content')
      for (const { patches } of story.txns) {
        edit(text, patches)
        if (writer.provider.unsyncedChanges > unsyncedMax) await drained(writer)
      }
      await writer.settled(120_000)
    }
    const { head } = await roomOf(world, room)
    tell(`${story.txns.length} edits written, ${head} entries`, began)
    await waitUntil(async () => (await world.stats()).rooms === 0, { about: 'the room to be closed' })
    const reopened = performance.now()
    using fresh = openProvider(world.server.wsUrl, room)
    await fresh.settled()
    expect(contentOf(fresh)).toBe(story.endContent)
    tell('loaded', reopened)
    expect((await readView(world.server.url, room)).data).toEqual({ content: story.endContent })
  })
})

/** More would only wait in the memory of this process. */
const unsyncedMax = 2_000

const drained = async ({ provider }: StockProvider): Promise<void> => {
  while (provider.unsyncedChanges > unsyncedMax / 2) await setImmediate()
}

/** Yjs counts UTF-16 units, a history code points: the same for the characters of these two. */
const edit = (text: Y.Text, patches: readonly Patch[]): void => {
  for (const [position, deleted, inserted] of patches) {
    if (deleted > 0) text.delete(position, deleted)
    if (inserted.length > 0) text.insert(position, inserted)
  }
}

/** One who writes: on a copy that has exactly what the record says that they had seen, and a provider that shows it. */
interface Author extends Disposable {
  readonly copy: Y.Doc
  readonly shown: StockProvider
}

/** Of two letters that were written at the same place at the same time, that of the lower client id comes first. */
const openAuthor = ({ server }: ProxiedServer, room: string, agent: number): Author => {
  const copy = new Y.Doc()
  copy.clientID = agent + 1
  const shown = openProvider(server.wsUrl, room)
  return { copy, shown, [Symbol.dispose]: () => shown[Symbol.dispose]() }
}

const replay = async (
  { txns }: Story,
  authors: readonly Author[],
  before: (index: number) => Promise<void>
): Promise<void> => {
  const updates: Uint8Array[] = []
  const seen = authors.map(() => new Set<number>())
  for (const [index, { agent, parents, patches }] of txns.entries()) {
    await before(index)
    const author = authors[agent]
    const known = seen[agent]
    if (author === undefined || known === undefined) throw new RangeError(`no author ${agent}`)
    const learnt = unseenAncestors(txns, parents, known)
    for (const other of learnt) Y.applyUpdate(author.copy, updates[other] ?? Uint8Array.of())
    if (learnt.length > 0) await shows(author)
    updates.push(made(author.copy, () => edit(author.copy.getText('content'), patches)))
    known.add(index)
    Y.applyUpdate(author.shown.document, updates[index] ?? Uint8Array.of(), 'author')
    if (index % 50 === 0) await setImmediate()
  }
}

/** What the parents bring that is not known yet, oldest first; it is known from now on. */
const unseenAncestors = (txns: Story['txns'], parents: readonly number[], known: Set<number>): number[] => {
  const found: number[] = []
  const left = [...parents]
  for (let index = left.pop(); index !== undefined; index = left.pop()) {
    if (known.has(index)) continue
    known.add(index)
    found.push(index)
    left.push(...(txns[index]?.parents ?? []))
  }
  return found.sort((a, b) => a - b)
}

/** Waits until the server has shown the author's provider all that the author has seen of the other. */
const shows = async ({ copy, shown }: Author): Promise<void> => {
  for (const client of copy.store.clients.keys()) {
    if (client === copy.clientID) continue
    const clock = Y.getState(copy.store, client)
    await waitUntil(() => Y.getState(shown.document.store, client) >= clock, {
      about: `the other's edits up to ${clock}`,
      timeoutMs: 30_000,
      everyMs: 0
    })
  }
}

const made = (document: Y.Doc, change: () => void): Uint8Array => {
  let update: Uint8Array = Uint8Array.of()
  const take = (bytes: Uint8Array): void => {
    update = bytes
  }
  document.on('update', take)
  change()
  document.off('update', take)
  return update
}

const contentOf = ({ document }: StockProvider): string => document.getText('content').toString()

const roomOf = async ({ server }: ProxiedServer, room: string): Promise<{ head: number }> =>
  (await fetch(`${server.url}/api/rooms/${encodeURIComponent(room)}`)).json()

const tell = (what: string, began: number): void =>
  console.log(`${what}: ${((performance.now() - began) / 1_000).toFixed(1)} s`)
