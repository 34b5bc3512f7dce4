import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { RoomName } from '../schema/room-name.ts'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import type { RawClient } from './support/raw-client.ts'
import { syncMessage } from './support/raw-messages.ts'
import { type SessionWorld, startSessionWorld, tokenFor } from './support/session-world.ts'
import { waitUntil } from './support/wait-until.ts'
import { record } from './support/yjs-story.ts'

let world: SessionWorld
let token: string
beforeAll(async () => {
  if (missing('postgres')) return
  world = await startSessionWorld()
  token = await tokenFor('ada', 'writer')
})
afterEach(() => world?.closeAll())
afterAll(() => world?.[Symbol.asyncDispose]())

const enter = async (room: RoomName) => {
  const client = await world.open()
  const document = await client.enter(room, { token })
  const updates = record(document)
  return {
    client,
    document,
    write: async (change: (text: Y.Text) => void): Promise<void> => {
      const before = client.acknowledged()
      change(document.getText('text'))
      client.send(...updates.splice(0).map((update) => syncMessage(room, 2, update)))
      await waitUntil(() => client.acknowledged() > before, { about: 'the acknowledgement' })
    }
  }
}

const textOf = (document: Y.Doc): string => document.getText('text').toString()

/** A room that nobody is in, with content, of which some was deleted. */
const storedRoom = async (): Promise<RoomName> => {
  const room = newRoom()
  const ada = await enter(room)
  await ada.write((text) => text.insert(0, 'stored and gone'))
  await ada.write((text) => text.delete(6, 9))
  await ada.client.close()
  await waitUntil(async () => (await world.stats()).rooms === 0, { about: 'the room to be closed' })
  return room
}

const awake = async (): Promise<number> => (await world.stats()).roomsAwake

/** Has everything that was said applied as a provider would. */
const heardBy = (client: RawClient, room: RoomName): string => {
  const document = new Y.Doc()
  client.learn(room, document)
  return textOf(document)
}

describe.skipIf(missing('postgres'))('a room that is only read', () => {
  it('sleeps, however many come, and each gets all of it', async () => {
    const room = await storedRoom()
    const readers = await Promise.all(Array.from({ length: 20 }, () => enter(room)))
    expect(readers.map(({ document }) => textOf(document))).toEqual(Array(20).fill('stored'))
    expect(await awake()).toBe(0)
    expect((await world.stats()).rooms).toBe(1)
  })

  it('sleeps also while it is empty', async () => {
    await Promise.all(Array.from({ length: 5 }, () => enter(newRoom())))
    expect((await world.stats()).rooms).toBe(5)
    expect(await awake()).toBe(0)
  })

  it('sleeps for those who come back with all of it, or with less, deletes included', async () => {
    const room = await storedRoom()
    const ada = await enter(room)
    await ada.write((text) => text.insert(text.length, ' twice'))
    const all = Y.encodeStateAsUpdate(ada.document)
    await ada.client.close()
    await waitUntil(async () => (await world.stats()).rooms === 0, { about: 'the room to be closed' })
    for (let turn = 0; turn < 3; turn++) {
      const client = await world.open()
      const document = new Y.Doc()
      Y.applyUpdate(document, all)
      await client.enter(room, { token, document })
      expect(client.acknowledged()).toBe(1)
    }
    // Half of what was typed, in the middle of a struct.
    const early = new Y.Doc()
    early.clientID = ada.document.clientID
    const typed = await world.rows(room)
    for (const { update } of typed.slice(0, 2)) Y.applyUpdate(early, update)
    const late = await world.open()
    await late.enter(room, { token, document: early })
    expect(textOf(early)).toBe('stored twice')
    expect(Y.encodeStateVector(early)).toEqual(Y.encodeStateVector(ada.document))
    expect(await awake()).toBe(0)
  })

  it('wakes for whoever comes back with deletes that it does not have, and has them then', async () => {
    const room = await storedRoom()
    const ada = await enter(room)
    const mine = new Y.Doc()
    Y.applyUpdate(mine, Y.encodeStateAsUpdate(ada.document))
    mine.getText('text').delete(0, 2)
    const ben = await world.open()
    await ben.enter(room, { token, document: mine })
    await waitUntil(() => heardBy(ada.client, room) === 'ored', { about: 'the deletes' })
    expect(await awake()).toBe(1)
    expect(textOf((await enter(room)).document)).toBe('ored')
  })

  it('wakes for whoever comes back with more, and both have all', async () => {
    const room = await storedRoom()
    const mine = new Y.Doc()
    mine.getText('text').insert(0, 'offline ')
    const ben = await world.open()
    await ben.enter(room, { token, document: mine })
    expect(textOf(mine)).toHaveLength('offline stored'.length)
    expect(await awake()).toBe(1)
    const cleo = await enter(room)
    expect(textOf(cleo.document)).toBe(textOf(mine))
  })

  it('wakes for whoever writes: those who were greeted before are shown it, and a newcomer gets all', async () => {
    const room = await storedRoom()
    const [ada, ben] = [await enter(room), await enter(room)]
    await ada.write((text) => text.insert(text.length, ', awake'))
    await waitUntil(() => heardBy(ben.client, room) === 'stored, awake', { about: 'the update' })
    expect(await awake()).toBe(1)
    const cleo = await enter(room)
    expect(textOf(cleo.document)).toBe('stored, awake')
    await ada.write((text) => text.delete(0, 'stored, '.length))
    for (const { client } of [ben, cleo])
      await waitUntil(() => heardBy(client, room) === 'awake', { about: 'the second update' })
  })

  it('wakes while others are on their way in: whenever they came, they have all of it', async () => {
    const room = await storedRoom()
    const ada = await enter(room)
    const newcomers: RawClient[] = []
    for (let change = 0; change < 30; change++) {
      const [early, late] = [await world.open(), await world.open()]
      newcomers.push(early, late)
      // One is in the room before it asks for it, the other asks in the same breath.
      await early.join(room, token)
      const written = ada.write((text) => text.insert(text.length, String(change % 10)))
      early.send(syncMessage(room, 0, Uint8Array.of(0)))
      const joined = late.enter(room, { token })
      await Promise.all([written, joined])
    }
    const all = textOf(ada.document)
    expect(all).toHaveLength('stored'.length + 30)
    for (const client of newcomers)
      await waitUntil(() => heardBy(client, room) === all, { about: 'all of it' })
  })

  it('acknowledges nothing for something: an update with the first word of a newcomer is in the log', async () => {
    const room = await storedRoom()
    const ada = await world.open()
    await ada.join(room, token)
    ada.send(syncMessage(room, 0, Uint8Array.of(0)))
    await ada.next('step2')
    const document = new Y.Doc()
    ada.learn(room, document)
    const updates = record(document)
    document.getText('text').insert(6, '!')
    const rows = (await world.rows(room)).length
    // What it began with is still on its way when it writes.
    ada.send(syncMessage(room, 2, updates[0] ?? Uint8Array.of()), syncMessage(room, 1, Uint8Array.of(0, 0)))
    await waitUntil(() => ada.acknowledged() === 2, { about: 'both acknowledgements' })
    expect(await world.rows(room)).toHaveLength(rows + 1)
  })
})
