/** What is said of somebody's changes when their place in the room is taken: no more is given back than was not saved. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { RoomlogError } from '../client/index.ts'
import { timeline } from '../schema/kinds/timeline.ts'
import {
  connect,
  enter,
  type FormRoom,
  leaveRoomsAfterTests,
  ready,
  startRoomServer,
  state,
  title
} from './support/client-rooms.ts'
import { type CallOptions, callServer, roomPath } from './support/http.ts'
import type { ServerProcess } from './support/server.ts'
import { authSecret, seconds, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'

const nobodyWith = (sub: string) => signToken({ sub, name: sub, exp: seconds() + 600 })
const nextTurn = () => new Promise<void>((resolve) => setImmediate(resolve))

leaveRoomsAfterTests()

describe('in a room of Ana, where Ben is an editor', () => {
  let server: ServerProcess
  beforeAll(async () => {
    server = await startRoomServer({ AUTH_SECRET: authSecret })
  })
  afterAll(async () => {
    await server.stop()
  })

  const asAna = async (path: string, options: CallOptions) => {
    const grants = [{ room: 'form/*', role: 'owner' }]
    const token = await signToken({ sub: 'ana', name: 'ana', grants, exp: seconds() + 600 })
    const answer = await callServer(server.url, path, { token, ...options })
    expect(answer.status).toBeLessThan(300)
    return answer
  }
  const benIs = (id: string, role: string) =>
    asAna(roomPath(`form/${id}`, '/members/ben'), { method: 'PUT', json: { role } })
  const removeBen = (id: string) => asAna(roomPath(`form/${id}`, '/members/ben'), { method: 'DELETE' })
  const withBen = async (id: string, auth?: () => Promise<{ token: string }>) => {
    await asAna('/api/rooms', { json: { name: `form/${id}` } })
    await benIs(id, 'editor')
    const token = await nobodyWith('ben')
    const ben = enter(server, id, auth ?? (async () => ({ token })))
    await ready(ben.room)
    await state(ben.room, 'saved')
    return ben
  }
  const failed = (room: FormRoom) => waitUntil(() => room.failure.get(), { about: 'the failure' })
  const labelsIn = async (id: string): Promise<string[]> => {
    const answer = await asAna(roomPath(`form/${id}`, '/view'), {})
    const { data }: { data: { fields: { label: string }[] } } = await answer.json()
    return data.fields.map(({ label }) => label)
  }

  test('who is removed with everything saved reads that it is saved, and gets nothing back', async () => {
    const { room, said } = await withBen('saved')
    room.storage.title.replace('by Ben')
    const { seq } = await room.flush()
    await removeBen('saved')
    expect(await failed(room)).toMatchObject({ code: 'forbidden' })
    expect(room.syncStatus.get()).toMatchObject({ state: 'saved', seq })
    expect(said.map((status) => status.state)).not.toContain('rejected')
    expect(room.snapshot.get().title).toBe('by Ben')
  })

  test('who is removed without having written anything is refused nothing', async () => {
    const { room } = await withBen('silent')
    await removeBen('silent')
    expect(await failed(room)).toMatchObject({ code: 'forbidden' })
    expect(room.syncStatus.get().state).toBe('saved')
  })

  test('who is let in again reads the room anew', async () => {
    const { client, room } = await withBen('again')
    await removeBen('again')
    await failed(room)
    await benIs('again', 'reader')
    client.retryNow()
    await waitUntil(() => room.rights.get()?.role === 'reader', { about: 'the role reader' })
    await asAna(roomPath('form/again', '/view'), {
      method: 'PATCH',
      headers: { 'content-type': 'application/json-patch+json' },
      json: [{ op: 'replace', path: '/title', value: 'Anew' }]
    })
    await title(room, 'Anew')
    await state(room, 'saved')
  })

  test('who is removed while offline gets back what was not saved, and only that', async () => {
    const token = await nobodyWith('ben')
    let letIn = Promise.resolve()
    const { room } = await withBen('offline', async () => {
      await letIn
      return { token }
    })
    room.storage.title.replace('saved')
    await room.flush()
    const { promise, resolve } = Promise.withResolvers<void>()
    letIn = promise
    await server.kill()
    room.storage.intro.replace('not saved')
    await server.restart()
    await removeBen('offline')
    resolve()
    await failed(room)
    expect(await state(room, 'rejected')).toMatchObject({
      code: 'forbidden',
      keptText: 'not saved',
      keptEdits: [{ path: 'intro', value: 'not saved' }]
    })
  })

  test('who loses the right to write while typing gets back what the room does not have', async () => {
    const { room, said } = await withBen('demoted')
    const change = benIs('demoted', 'reader')
    const written: string[] = []
    const write = (label: string): boolean => {
      try {
        room.storage.fields.insert({ type: 'date', label })
      } catch (error) {
        expect(error).toBeInstanceOf(RoomlogError)
        return false
      }
      written.push(label)
      return true
    }
    for (let i = 0; i < 5000 && write(`late ${i}`); i++) await nextTurn()
    await change
    await waitUntil(() => ['saved', 'rejected'].includes(room.syncStatus.get().state), {
      about: 'what became of it'
    })
    const there = await labelsIn('demoted')
    const givenBack = said.flatMap((status) =>
      status.state === 'rejected' ? [status.keptText.split('\n').filter((line) => line !== '')] : []
    )
    expect(givenBack.flat().filter((line) => there.includes(line))).toEqual([])
    expect(written.filter((label) => !there.includes(label) && !givenBack.flat().includes(label))).toEqual([])
  })
})

describe('in a room whose roles may write some of it', () => {
  let server: ServerProcess
  beforeAll(async () => {
    server = await startRoomServer({ AUTH_SECRET: authSecret })
  })
  afterAll(async () => {
    await server.stop()
  })

  test('what was taken just before a refusal is not given back with what was refused', async () => {
    const grants = [{ room: 'timeline/*', role: 'photographer' }]
    const token = await signToken({ sub: 'pia', name: 'pia', grants })
    const client = connect(server, async () => ({ token }))
    const { room } = client.enter(timeline, 'partly', { initialPresence: { focus: null, view: 'plan' } })
    const rejected = () => {
      const status = room.syncStatus.get()
      return status.state === 'rejected' ? status : null
    }
    await waitUntil(() => room.syncStatus.get().state === 'saved', { about: 'the room to be ready' })
    server.pause()
    room.storage.seen.set(7)
    room.storage.announcements.insert({ text: 'Light is good', at: 1 })
    room.doc.getText('title').insert(0, 'Mine')
    server.resume()
    expect(await waitUntil(rejected, { about: 'the refusal' })).toMatchObject({
      path: 'title',
      keptText: 'Mine',
      keptEdits: [{ path: 'title', value: 'Mine' }]
    })
    await waitUntil(() => room.snapshot.get().announcements.length === 1, { about: 'the new document' })
    expect(room.snapshot.get()).toMatchObject({ title: '', seen: { pia: 7 } })
  })
})
