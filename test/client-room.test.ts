/** The client SDK against a real server: what is seen by others, and what is said of it. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RoomlogError } from '../client/index.ts'
import { document } from '../schema/kinds/document.ts'
import { form } from '../schema/kinds/form.ts'
import {
  connect,
  enter,
  leaveRoomsAfterTests,
  nobody,
  ready,
  startRoomServer,
  state,
  title
} from './support/client-rooms.ts'
import type { ServerProcess } from './support/server.ts'
import { waitUntil } from './support/wait-until.ts'

leaveRoomsAfterTests()

describe('with a server that takes guests', () => {
  let server: ServerProcess
  beforeAll(async () => {
    server = await startRoomServer()
  })
  afterAll(async () => {
    await server.stop()
  })

  test('what one client changes the other sees, and both say saved once it is committed', async () => {
    const ana = enter(server, 'both')
    const ben = enter(server, 'both')
    await ready(ana.room)
    await ready(ben.room)
    const id = ana.room.mutate(({ title, fields }) => {
      title.replace('Party')
      return fields.insert({ type: 'number', label: 'Guests' })
    })
    await title(ben.room, 'Party')
    expect(ben.room.snapshot.get().fields).toMatchObject([{ id, type: 'number', label: 'Guests' }])
    await state(ana.room, 'saved')
    expect(await ana.room.flush()).toEqual({ seq: 1, epoch: 1 })
    expect(ana.said).toContainEqual({ state: 'saving', pending: 1 })
  })

  test('two people who type into one text at once both keep what they typed', async () => {
    const ana = enter(server, 'typing')
    const ben = enter(server, 'typing')
    await ready(ana.room)
    await ready(ben.room)
    for (let index = 0; index < 20; index++) {
      ana.room.storage.answerTexts.get('f').type({ index: 0, remove: 0, insert: 'a' })
      ben.room.storage.answerTexts.get('f').type({ index: 0, remove: 0, insert: 'b' })
    }
    await waitUntil(() => [ana, ben].every(({ room }) => room.snapshot.get().answerTexts.f?.length === 40), {
      about: '40 characters on both sides'
    })
    expect(ana.room.snapshot.get().answerTexts.f).toBe(ben.room.snapshot.get().answerTexts.f)
    expect(ana.room.snapshot.get().answerTexts.f?.replaceAll('a', '')).toBe('b'.repeat(20))
  })

  test('rooms of one client share a socket, and a room that is entered twice is one', async () => {
    const client = connect(server)
    const first = client.enter(form, 'shared-1', { initialPresence: nobody })
    const again = client.enter(form, 'shared-1', { initialPresence: nobody })
    const other = client.enter(document, 'shared-2', { initialPresence: {} })
    expect(again.room).toBe(first.room)
    await ready(first.room)
    await waitUntil(() => other.room.ready.get(), { about: 'the document' })
    first.leave()
    first.leave()
    again.room.storage.title.replace('still here')
    await state(again.room, 'saved')
  })

  test('a room that was left by everybody and entered again begins anew', async () => {
    const client = connect(server)
    const first = client.enter(form, 'again', { initialPresence: nobody })
    await ready(first.room)
    first.room.storage.title.replace('before')
    await state(first.room, 'saved')
    first.leave()
    const second = await waitUntil(
      () => {
        const entered = client.enter(form, 'again', { initialPresence: nobody })
        if (entered.room !== first.room) return entered
        entered.leave()
        return null
      },
      { about: 'the room to be closed', everyMs: 1_200 }
    )
    await title(second.room, 'before')
  })

  test('changes that an editor makes to the Yjs document itself are counted and saved', async () => {
    const { room } = connect(server).enter(document, 'free', { initialPresence: {} })
    await waitUntil(() => room.ready.get(), { about: 'the document' })
    room.doc.getText('anything').insert(0, 'x')
    expect(room.syncStatus.get()).toEqual({ state: 'saving', pending: 1 })
    await waitUntil(() => room.syncStatus.get().state === 'saved', { about: 'saved' })
  })

  test('a name that is none is refused when it is entered', () => {
    expect(() => connect(server).enter(form, 'no/name', { initialPresence: nobody })).toThrow(RoomlogError)
  })

  test('the log tells its newest entries while somebody looks', async () => {
    const ana = enter(server, 'log')
    await ready(ana.room)
    ana.room.storage.title.replace('one')
    await ana.room.flush()
    const leave = ana.room.log.subscribe(() => {})
    await waitUntil(() => ana.room.log.get()?.head === 1, { about: 'the first entry' })
    ana.room.storage.title.replace('two')
    const log = await waitUntil(() => (ana.room.log.get()?.head === 2 ? ana.room.log.get() : null), {
      about: 'the second entry'
    })
    leave()
    expect(log.entries.map(({ seq, author }) => [seq, author])).toEqual(
      [1, 2].map((seq) => [seq, ana.room.rights.get()?.userId])
    )
  })

  test('undo takes back one mutation, and nothing of others', async () => {
    const ana = enter(server, 'undo')
    const ben = enter(server, 'undo')
    await ready(ana.room)
    await ready(ben.room)
    ana.room.storage.title.replace('Ana')
    ana.room.storage.answers.set('f', 1)
    await waitUntil(() => ben.room.snapshot.get().answers.f === 1, { about: "Ana's answer" })
    ben.room.storage.answers.set('g', 2)
    await waitUntil(() => ana.room.snapshot.get().answers.g === 2, { about: "Ben's answer" })
    expect(ana.room.history.undo()).toBe('done')
    expect(ana.room.snapshot.get()).toMatchObject({ title: 'Ana', answers: { g: 2 } })
    expect(ana.room.history.undo()).toBe('done')
    expect(ana.room.history.undo()).toBe('empty')
    expect(ana.room.snapshot.get()).toMatchObject({ title: '', answers: { g: 2 } })
    expect(ana.room.history.redo()).toBe('done')
    await title(ben.room, 'Ana')
  })

  test('undo of what others have overwritten since does nothing and says so', async () => {
    const ana = enter(server, 'overwritten')
    const ben = enter(server, 'overwritten')
    await ready(ana.room)
    await ready(ben.room)
    ana.room.storage.title.replace('kept')
    ana.room.storage.answers.set('f', 1)
    await waitUntil(() => ben.room.snapshot.get().answers.f === 1, { about: "Ana's answer" })
    ben.room.storage.answers.set('f', 2)
    await waitUntil(() => ana.room.snapshot.get().answers.f === 2, { about: "Ben's answer" })
    expect(ana.room.history.undo()).toBe('overwritten')
    expect(ana.room.snapshot.get()).toMatchObject({ title: 'kept', answers: { f: 2 } })
  })

  test('people see each other under the name of their token, and their presence', async () => {
    const ana = enter(server, 'people', async () => ({ token: await guest(server, 'Ana') }))
    const ben = enter(server, 'people', async () => ({ token: await guest(server, 'Ben') }))
    await ready(ana.room)
    await ready(ben.room)
    ana.room.updatePresence({ focus: 'title' })
    const seen = await waitUntil(
      () => ben.room.others.get().find(({ presence }) => presence.focus === 'title'),
      { about: 'Ana at the title' }
    )
    expect(seen.info.name).toBe('Ana')
    expect(seen.id).toBe(ana.room.self.get()?.id)
    expect(seen.info.color).toBe(ana.room.self.get()?.info.color)
    expect(ben.room.self.get()?.info.name).toBe('Ben')
    expect(ben.room.others.get()).toHaveLength(1)
  })

  test('a person in two tabs is one, and is not among the others of themselves', async () => {
    const token = await guest(server, 'Ana')
    const tabs = [1, 2].map(() => enter(server, 'tabs', async () => ({ token })))
    const ben = enter(server, 'tabs')
    for (const { room } of [...tabs, ben]) await ready(room)
    await waitUntil(() => ben.room.others.get()[0]?.connections.length === 2, {
      about: 'two connections of Ana'
    })
    expect(ben.room.others.get()).toHaveLength(1)
    const seenByAna = () => tabs[0]?.room.others.get().map(({ info }) => info.name)
    await waitUntil(() => seenByAna()?.length === 1, { about: 'Ana to see one other' })
    expect(seenByAna()).toEqual(['Guest'])
    await waitUntil(() => tabs[0]?.room.self.get()?.connections.length === 2, { about: 'my other tab' })
  })

  test('somebody who is there by HTTP is among the others, with what they said or as one begins (G10)', async () => {
    const ana = enter(server, 'screens')
    await ready(ana.room)
    const others = () => ana.room.others.get().map(({ info, presence }) => [info.name, presence.focus])
    const put = async (token: string, state: object): Promise<void> => {
      const answer = await fetch(`${server.url}/api/rooms/form%2Fscreens/presence`, {
        method: 'PUT',
        headers: { 'content-type': 'application/json', authorization: `Bearer ${token}` },
        body: JSON.stringify({ state })
      })
      expect(answer.status).toBe(200)
    }
    const wall = await guest(server, 'Wall')
    await put(wall, {})
    await waitUntil(() => others().length === 1, { about: 'the wall' })
    expect(others()).toEqual([['Wall', null]])
    await put(wall, { presence: { focus: 'title', caret: null } })
    await waitUntil(() => others()[0]?.[1] === 'title', { about: 'where the wall is' })
  })

  test('who left stays in sight as stale for a while, and then is gone', async () => {
    const ana = enter(server, 'leaving')
    const ben = enter(server, 'leaving')
    await ready(ana.room)
    await waitUntil(() => ana.room.others.get().length === 1, { about: 'Ben' })
    ben.client.close()
    const left = await waitUntil(() => ana.room.others.get().find(({ stale }) => stale), {
      about: 'Ben to be stale'
    })
    expect(left.id).toBe(ben.room.self.get()?.id)
    await waitUntil(() => ana.room.others.get().length === 0, { about: 'Ben to be gone', timeoutMs: 15_000 })
  })
})

const guest = async (server: ServerProcess, name: string): Promise<string> => {
  const answer = await fetch(`${server.url}/api/guests`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ name })
  })
  const { token }: { token: string } = await answer.json()
  return token
}
