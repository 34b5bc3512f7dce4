/** The paths of a role, as the client knows them beforehand and as the server holds to them; conflicts over the wire. */
import { afterAll, afterEach, beforeAll, describe, expect, test, vi } from 'vitest'
import type { Escalation, Room } from '../client/index.ts'
import { document } from '../schema/kinds/document.ts'
import { timeline } from '../schema/kinds/timeline.ts'
import { connect, leaveRoomsAfterTests, startRoomServer } from './support/client-rooms.ts'
import { callServer } from './support/http.ts'
import type { ServerProcess } from './support/server.ts'
import { authSecret, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'

type TimelineRoom = Room<(typeof timeline)['storage'], object, (typeof timeline)['roles'][number]>

const tokenFor = (sub: string, role: string) =>
  signToken({ sub, name: sub, grants: [{ room: 'timeline/*', role }] })

const at = (minutes: number) => ({ date: '2027-05-02', time: '14:00', minutes })

leaveRoomsAfterTests()

describe('in a room whose roles may write some of it', () => {
  let server: ServerProcess

  beforeAll(async () => {
    server = await startRoomServer({ AUTH_SECRET: authSecret })
  })
  afterAll(async () => {
    await server.stop()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  const enter = async (id: string, sub: string, role: string) => {
    const token = await tokenFor(sub, role)
    const client = connect(server, async () => ({ token }))
    const { room } = client.enter(timeline, id, { initialPresence: { focus: null, view: 'plan' } })
    await waitUntil(() => room.ready.get(), { about: `the room to be ready for ${sub}` })
    return room
  }
  const saved = (room: TimelineRoom) =>
    waitUntil(() => room.syncStatus.get().state === 'saved', { about: 'the room to be saved' })
  const start = (room: TimelineRoom) => room.snapshot.get().items[0]?.start
  const startIs = (room: TimelineRoom, minutes: number) =>
    waitUntil(() => start(room)?.value?.minutes === minutes, { about: `the start ${minutes}` })
  const withItem = async (id: string) => {
    const couple = await enter(id, 'lea', 'couple')
    const photographer = await enter(id, 'pia', 'photographer')
    const item = couple.storage.items.insert({ name: 'Ceremony', start: at(600) })
    await startIs(photographer, 600)
    return { couple, photographer, item }
  }

  test('a write beyond them is refused by path, before anything is changed', async () => {
    const { photographer, item } = await withItem('beforehand')
    const doc = photographer.doc
    const before = photographer.snapshot.get()
    const refused = (path: string) => expect.objectContaining({ reason: 'path-refused', path })
    expect(() => photographer.storage.items.get(item)?.name.replace('x')).toThrow(
      refused(`items/${item}/name`)
    )
    expect(() => photographer.storage.items.remove(item)).toThrow(refused(`items/${item}/deletedAt`))
    expect(() => photographer.mutate(({ title }) => title.replace('Mine'))).toThrow(refused('title'))
    expect(() => photographer.storage.seen.of('lea').set(1)).toThrow(refused('seen/lea'))
    expect(photographer.snapshot.get()).toBe(before)
    expect(photographer.doc).toBe(doc)
  })

  test('what they allow is written, saved and seen', async () => {
    const { couple, photographer, item } = await withItem('within')
    photographer.storage.items.get(item)?.start.set(at(615))
    photographer.storage.seen.set(7)
    photographer.storage.announcements.insert({ text: 'Light is good', at: 1 })
    await saved(photographer)
    await waitUntil(() => couple.snapshot.get().announcements.length > 0, { about: 'the announcement' })
    expect(couple.snapshot.get()).toMatchObject({
      seen: { pia: 7 },
      announcements: [{ text: 'Light is good' }]
    })
    expect(start(couple)).toMatchObject({ conflict: false, claims: [{ by: 'pia', role: 'photographer' }] })
  })

  test('the client says beforehand what they allow', async () => {
    const { couple, photographer, item } = await withItem('can')
    expect([couple.can('write', 'title'), couple.can('manage'), couple.can('comment')]).toEqual([
      true,
      true,
      true
    ])
    expect(photographer.can('write', `items/${item}/start`)).toBe(true)
    expect(photographer.can('write', `items/${item}/name`)).toBe(false)
    expect(photographer.can('write', 'seen/pia')).toBe(true)
    expect(photographer.can('write', 'seen/lea')).toBe(false)
    expect([photographer.can('write'), photographer.can('read'), photographer.can('manage')]).toEqual([
      true,
      true,
      false
    ])
  })

  test('a place that the kind does not have is a mistake, and says so', async () => {
    const { photographer } = await withItem('typo')
    expect(() => photographer.can('write', 'itmes/i1/start')).toThrow(
      expect.objectContaining({
        name: 'TypeError',
        message: expect.stringMatching(/^itmes\/i1\/start: timeline has no itmes .* title, .*items/)
      })
    )
    const client = connect(server, async () => ({ token: await tokenFor('lea', 'couple') }))
    const { room } = client.enter(document, 'any', { initialPresence: {} })
    expect(room.can('write', 'anything')).toBe(false)
  })

  test('what gets to the server nevertheless is given back by name and place, and the room goes on', async () => {
    const { couple, photographer } = await withItem('after')
    const { doc } = photographer
    photographer.doc.getText('title').insert(0, 'Mine')
    const rejected = await waitUntil(
      () => {
        const status = photographer.syncStatus.get()
        return status.state === 'rejected' ? status : null
      },
      { about: 'the refusal' }
    )
    expect(rejected).toMatchObject({
      code: 'path-refused',
      path: 'title',
      keptEdits: [{ path: 'title', value: 'Mine' }],
      keptText: 'Mine'
    })
    await waitUntil(() => photographer.doc !== doc, { about: 'the new document' })
    expect(photographer.snapshot.get().title).toBe('')
    rejected.discard()
    const [item = ''] = photographer.storage.items.ids()
    photographer.storage.items.get(item)?.start.set(at(630))
    await startIs(couple, 630)
    expect(couple.snapshot.get().title).toBe('')
  })

  test('two who write at once both see both values, and show that of the higher role', async () => {
    const { couple, photographer, item } = await withItem('conflict')
    await saved(couple)
    server.pause()
    couple.storage.items.get(item)?.start.set(at(660))
    photographer.storage.items.get(item)?.start.set(at(690))
    expect([start(couple)?.value?.minutes, start(photographer)?.value?.minutes]).toEqual([660, 690])
    server.resume()
    for (const room of [couple, photographer]) {
      await waitUntil(() => start(room)?.conflict === true, { about: 'the conflict' })
      expect(start(room)).toMatchObject({
        value: at(660),
        claims: [
          { by: 'lea', role: 'couple' },
          { by: 'pia', role: 'photographer' }
        ]
      })
    }
    photographer.storage.items.get(item)?.start.resolve(at(690))
    await startIs(couple, 690)
    expect(start(couple)?.conflict).toBe(false)
  })

  test('undo of an overwrite is taken by the server, as a claim of whoever undid it', async () => {
    const { couple, photographer, item } = await withItem('undo')
    photographer.storage.items.get(item)?.start.set(at(615))
    await startIs(couple, 615)
    expect(photographer.history.undo()).toBe('done')
    await startIs(couple, 600)
    expect(start(couple)?.claims).toMatchObject([{ by: 'pia' }])
    expect(photographer.history.redo()).toBe('done')
    await startIs(couple, 615)
    await saved(photographer)
  })

  test('who has a clock that is an hour ahead writes as everybody', async () => {
    const { couple, photographer, item } = await withItem('ahead')
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 3_600_000 })
    const early = await enter('ahead', 'kim', 'couple')
    early.storage.items.get(item)?.start.set(at(700))
    await startIs(photographer, 700)
    await saved(early)
    vi.useRealTimers()
    const claimedAt = start(couple)?.claims[0]?.at ?? 0
    expect(Math.abs(claimedAt - Date.now())).toBeLessThan(60_000)
  })

  test('a role that is taken for a limited time is told to the room, and gives its rights at once', async () => {
    const { couple } = await withItem('escalation')
    const coordinator = await enter('escalation', 'cleo', 'coordinator')
    expect(coordinator.can('write', 'replies')).toBe(false)
    const told: Escalation[] = []
    couple.onEscalated((escalation) => told.push(escalation))
    const answer = await callServer(server.url, '/api/rooms/timeline%2Fescalation/escalations', {
      token: await tokenFor('cleo', 'coordinator'),
      json: { role: 'couple', reason: 'the couple is away', minutes: 10 }
    })
    expect(answer.status).toBeLessThan(300)
    await waitUntil(() => coordinator.can('write', 'replies'), { about: 'the new rights' })
    await waitUntil(() => told.length > 0, { about: 'the announcement' })
    expect(told).toMatchObject([{ userId: 'cleo', role: 'couple', reason: 'the couple is away' }])
    expect(told[0]?.until).toBeInstanceOf(Date)
  })

  test('the roster knows who is here', async () => {
    const { couple } = await withItem('roster')
    couple.roster.subscribe(() => {})
    await waitUntil(() => couple.roster.get().length === 2, { about: 'two people' })
    expect(couple.roster.get()).toMatchObject([
      { userId: 'lea', role: 'couple', online: true },
      { userId: 'pia', role: 'photographer', online: true }
    ])
  })
})
