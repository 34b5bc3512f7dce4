import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { ErrorCode } from '../schema/error-codes.ts'
import type { RoomName } from '../schema/room-name.ts'
import { callServer, expectProblem, roomPath } from './support/http.ts'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import type { RawClient } from './support/raw-client.ts'
import { syncMessage } from './support/raw-messages.ts'
import { rawUpdate } from './support/raw-update.ts'
import { type SessionWorld, startSessionWorld, tokenFor } from './support/session-world.ts'
import { waitUntil } from './support/wait-until.ts'
import { record } from './support/yjs-story.ts'

let world: SessionWorld
beforeAll(async () => {
  if (!missing('postgres')) world = await startSessionWorld({ ROOMLOG_DOCUMENT_BYTES_MAX: '64KiB' })
})
afterEach(() => world.closeAll())
afterAll(() => world?.[Symbol.asyncDispose]())

interface Author {
  readonly client: RawClient
  readonly document: Y.Doc
  write(text: string): Promise<void>
}

const startAuthor = async (room: RoomName): Promise<Author> => {
  const client = await world.open()
  const document = await client.enter(room, { token: await tokenFor('ada', 'writer') })
  const updates = record(document)
  return {
    client,
    document,
    write: async (text) => {
      document.getText('text').insert(document.getText('text').length, text)
      const expected = client.acknowledged() + updates.length
      client.send(...updates.splice(0).map((update) => syncMessage(room, 2, update)))
      await waitUntil(() => client.acknowledged() === expected, { about: 'the acknowledgement' })
    }
  }
}

const bad = 99
const section = (clock: number, ...structs: Parameters<typeof rawUpdate>[0][number]['structs']) => ({
  client: bad,
  clock,
  structs
})

/** Updates that are refused in a room where client 5 has written `hello`, in the root `text`. */
const refused: [what: string, code: ErrorCode, role: string, update: () => Uint8Array<ArrayBuffer>][] = (
  [
    ['is no update', 'update-malformed', 'writer', () => Uint8Array.of(1, 2, 3)],
    ['has bytes behind its end', 'update-malformed', 'writer', () => Uint8Array.of(0, 0, 0)],
    ['is of the second format', 'update-malformed', 'writer', () => Y.encodeStateAsUpdateV2(written())],
    ['leaves a gap', 'update-incomplete', 'writer', () => rawUpdate([section(3, { text: 'x' })])],
    [
      'builds on what is not there',
      'update-incomplete',
      'writer',
      () => rawUpdate([section(0, { text: 'x', origin: { client: 5, clock: 70 } })])
    ],
    [
      'deletes what is not there yet',
      'update-incomplete',
      'writer',
      () => rawUpdate([], [{ client: 5, ranges: [[3, 9]] }])
    ],
    [
      'is too large for the document',
      'too-large',
      'writer',
      () => rawUpdate([section(0, { text: 'x'.repeat(66_000) })])
    ],
    [
      'is of a reader',
      'read-only',
      'reader',
      () => rawUpdate([section(0, { text: 'x', origin: { client: 5, clock: 0 } })])
    ],
    [
      'deletes, and is of a reader',
      'read-only',
      'reader',
      () => rawUpdate([], [{ client: 5, ranges: [[0, 1]] }])
    ]
  ] as [string, ErrorCode, string, () => Uint8Array][]
).map(([what, code, role, update]) => [what, code, role, () => Uint8Array.from(update())])

const written = (): Y.Doc => {
  const document = new Y.Doc()
  document.getText('text').insert(0, 'v2')
  return document
}

/** A room with `hello` in it, and somebody who is there all the while. */
const startRoom = async () => {
  const room = newRoom()
  const ada = await startAuthor(room)
  const hello = rawUpdate([{ client: 5, clock: 0, structs: [{ text: 'hello' }] }])
  Y.applyUpdate(ada.document, hello)
  ada.client.send(syncMessage(room, 2, hello))
  await waitUntil(() => ada.client.acknowledged() === 2, { about: 'the acknowledgement' })
  const ben = await startAuthor(room)
  const before = { updates: ben.client.count('update'), rows: (await world.rows(room)).length }
  /** Nothing was stored or shown since, and the honest go on. */
  const expectNothingHappened = async (): Promise<void> => {
    expect(await world.rows(room)).toHaveLength(before.rows)
    await ada.write(' there')
    expect(await world.rows(room)).toHaveLength(before.rows + 1)
    await waitUntil(() => ben.client.count('update') > before.updates, { about: 'the next update' })
    expect(ben.client.count('update')).toBe(before.updates + 1)
    ben.client.learn(room, ben.document)
    expect(ben.document.getText('text').toString()).toBe('hello there')
    expect([...ben.document.share.keys()]).toEqual(['text'])
    for (const { client } of [ada, ben])
      expect([client.ending, client.messages('refused')]).toEqual([null, []])
  }
  return { room, expectNothingHappened }
}

describe.skipIf(missing('postgres')).each(refused)('G5: an update that %s', (_, code, role, update) => {
  it(`is refused with ${code} on a socket, once by name, with all that follows`, async () => {
    const { room, expectNothingHappened } = await startRoom()
    const eve = await world.open()
    const document = await eve.enter(room, { token: await tokenFor('eve', role) })
    const updates = record(document)
    eve.send(syncMessage(room, 2, update()))
    document.getText('text').insert(0, 'honest, but too late')
    eve.send(...updates.map((late) => syncMessage(room, 2, late)))
    await waitUntil(() => eve.acknowledged(false) === 2, { about: 'both to be refused' })
    expect(eve.messages('refused')).toEqual([
      { type: 'refused', code, detail: expect.any(String), path: null }
    ])
    await expectNothingHappened()
    expect(eve.ending).toBeNull()
    eve.learn(room, document)
    expect(document.getText('text').toString()).toContain('hello there')
  })

  it(`is refused with ${code} over HTTP`, async () => {
    const { room, expectNothingHappened } = await startRoom()
    const answer = await callServer(world.server.url, roomPath(room, '/doc'), {
      token: await tokenFor('eve', role),
      bytes: update()
    })
    await expectProblem(answer, code)
    await expectNothingHappened()
  })
})

describe.skipIf(missing('postgres'))('G5: a reader', () => {
  it('who has all of the document may say so, and is told that nothing is missing', async () => {
    const { room } = await startRoom()
    const ada = await startAuthor(room)
    ada.document.getText('text').delete(0, 2)
    await ada.write('!')
    const document = new Y.Doc()
    Y.applyUpdate(document, Y.encodeStateAsUpdate(ada.document))
    const reader = await world.open()
    await reader.join(room, await tokenFor('eve', 'reader'))
    reader.send(syncMessage(room, 1, Y.encodeStateAsUpdate(document)))
    await waitUntil(() => reader.acknowledged() === 1, { about: 'the acknowledgement' })
    expect(reader.messages('refused')).toEqual([])
  })
})

describe.skipIf(missing('postgres'))('a writer who lies about what the room has', () => {
  it('is refused, and does not disturb the room', async () => {
    const { room, expectNothingHappened } = await startRoom()
    const eve = await world.open()
    await eve.enter(room, { token: await tokenFor('eve', 'writer') })
    const lie = { client: 5, clock: 0, structs: [{ text: 'h', origin: { client: 7, clock: 7 } }] }
    eve.send(
      syncMessage(room, 2, rawUpdate([lie, section(0, { text: '!', origin: { client: 5, clock: 4 } })]))
    )
    await waitUntil(() => eve.acknowledged(false) === 1, { about: 'the refusal' })
    expect(eve.messages('refused')).toMatchObject([{ code: 'update-malformed' }])
    await expectNothingHappened()
    expect(eve.ending).toBeNull()
  })
})

describe.skipIf(missing('postgres'))('marks of formats that say nothing any more', () => {
  it('are left to those who write: the server adds nothing to what they wrote', async () => {
    const room = newRoom()
    const url = world.server.url
    const document = new Y.Doc()
    const updates = record(document)
    const text = new Y.Text()
    document.getMap('page').set('text', text)
    text.insert(0, 'abc', { bold: true })
    const { client, clock } = bodyOf(text)
    const letters = rawUpdate([], [{ client, ranges: [[clock, 3]] }])
    for (const [index, update] of [...updates, letters].entries()) {
      const answer = await callServer(url, roomPath(room, '/doc'), {
        token: await tokenFor('ada', 'writer'),
        bytes: Uint8Array.from(update)
      })
      expect(await answer.json()).toMatchObject({ seq: index + 1 })
    }
  })
})

const bodyOf = (text: Y.Text): Y.ID => {
  const letters = text._start?.right?.id
  if (letters === undefined) throw new Error('a text without letters behind its mark')
  return letters
}
