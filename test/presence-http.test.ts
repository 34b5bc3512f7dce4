/** Presence over plain HTTP, beside WebSocket clients. */
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { callServer, expectProblem, roomPath } from './support/http.ts'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import type { RawClient } from './support/raw-client.ts'
import { awarenessMessage } from './support/raw-messages.ts'
import { type SessionWorld, startSessionWorld, tokenFor } from './support/session-world.ts'
import { signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'

let world: SessionWorld
beforeAll(async () => {
  if (!missing('postgres')) world = await startSessionWorld({ ROOMLOG_WRITES_PER_SECOND_MAX: '50' })
})
afterEach(() => world.closeAll())
afterAll(() => world?.[Symbol.asyncDispose]())

interface Person {
  readonly user: { readonly id: string }
  readonly devices: readonly {
    readonly device: string | null
    readonly until: string | null
    readonly via: string
  }[]
  readonly lastSeen: string | null
}

const put = async (room: string, token: string, body: object = {}): Promise<Response> =>
  callServer(world.server.url, roomPath(room, '/presence'), { method: 'PUT', token, json: body })

const people = async (room: string, token: string, query = ''): Promise<readonly Person[]> => {
  const answer = await callServer(world.server.url, roomPath(room, `/presence${query}`), { token })
  expect(answer.status).toBe(200)
  return (await answer.json()).people
}

const remove = (room: string, token: string, device: string): Promise<Response> =>
  callServer(world.server.url, roomPath(room, `/presence?device=${device}`), { method: 'DELETE', token })

/** The newest state of each user that this client was shown. */
const shown = (client: RawClient): Map<number, unknown> => {
  const states = new Map<number, unknown>()
  for (const heard of client.heard)
    if (heard.kind === 'awareness') for (const { id, state } of heard.entries) states.set(id, state)
  return states
}

describe.skipIf(missing('postgres'))('G10: presence over plain HTTP', () => {
  test('is there until its time is up, for those who ask and for those who are connected', async () => {
    const room = newRoom()
    const [ada, ben] = [await tokenFor('ada', 'writer'), await tokenFor('ben', 'reader')]
    const client = await world.open()
    await client.join(room, ada)
    const answer = await put(room, ben, { device: 'wall', state: { presence: { seat: 7 } }, ttl: 5 })
    expect(answer.status).toBe(200)
    const { clientId, until } = await answer.json()
    const state = { presence: { seat: 7 } }
    await waitUntil(
      () => {
        expect(shown(client).get(clientId)).toEqual({
          ...state,
          user: { id: 'ben', name: 'ben', role: 'reader' }
        })
        return true
      },
      { about: 'the device to be shown' }
    )
    const user = { id: 'ben', name: 'ben', role: 'reader', color: null, avatar: null }
    const since = expect.any(String)
    expect(await people(room, ada)).toEqual([
      { user, devices: [{ clientId, device: 'wall', via: 'http', since, until, state }], lastSeen: null }
    ])
    await waitUntil(() => shown(client).get(clientId) === null, {
      about: 'its time to be up',
      timeoutMs: 15_000
    })
    expect(await people(room, ada)).toEqual([])
  })

  test('lasts as long as it is said again, as the same device, with what was said last', async () => {
    const room = newRoom()
    const ada = await tokenFor('ada', 'writer')
    const first = await (await put(room, ada, { state: { on: 1 }, ttl: 5 })).json()
    const again = await (await put(room, ada, { state: { on: 2 }, ttl: 300 })).json()
    expect(again.clientId).toBe(first.clientId)
    expect(Date.parse(again.until)).toBeGreaterThan(Date.parse(first.until))
    expect(await people(room, ada)).toMatchObject([
      { devices: [{ device: 'http', until: again.until, state: { on: 2 } }] }
    ])
  })

  test('of one person with several devices and tabs is one person', async () => {
    const room = newRoom()
    const ada = await tokenFor('ada', 'writer')
    const tab = await world.open()
    await tab.join(room, ada)
    tab.send(awarenessMessage(room, [{ id: 7, clock: 1, state: { tab: true } }]))
    await waitUntil(() => shown(tab).has(7), { about: 'the tab' })
    await put(room, ada, { device: 'phone' })
    await put(room, ada, { device: 'watch' })
    expect(await people(room, ada)).toMatchObject([
      {
        user: { id: 'ada' },
        devices: [
          { clientId: 7, device: null, via: 'socket', until: null, state: { tab: true } },
          { device: 'phone' },
          { device: 'watch' }
        ]
      }
    ])
    expect((await remove(room, ada, 'phone')).status).toBe(204)
    expect((await people(room, ada))[0]?.devices.map(({ device }) => device)).toEqual([null, 'watch'])
    expect((await remove(room, ada, 'never')).status).toBe(204)
  })

  test('is of the user of the token, whoever the state says it is (G6)', async () => {
    const room = newRoom()
    const ada = await tokenFor('ada', 'writer')
    await put(room, ada, { state: { user: { id: 'ben', name: 'Ben', role: 'owner' } } })
    expect(await people(room, ada)).toMatchObject([
      { user: { id: 'ada', name: 'ada', role: 'writer' }, devices: [{ state: {} }] }
    ])
  })

  test('ends with the token, however long it was asked for', async () => {
    const room = newRoom()
    const exp = Math.floor(Date.now() / 1000) + 20
    const { until } = await (await put(room, await tokenFor('ada', 'writer', { exp }), { ttl: 300 })).json()
    expect(Date.parse(until)).toBe(exp * 1000)
  })

  test.each<[string, object, string]>([
    ['of 17,000 bytes', { state: { long: 'x'.repeat(17_000) } }, 'too-large'],
    ['that is no object', { state: [] }, 'request-invalid'],
    ['for a second', { ttl: 1 }, 'request-invalid'],
    ['for an hour', { ttl: 3_600 }, 'request-invalid'],
    ['of a device without a name', { device: ' ' }, 'request-invalid']
  ])('%s is refused by name (G5)', async (_, body, code) => {
    const room = newRoom()
    const ada = await tokenFor('ada', 'writer')
    await expectProblem(await put(room, ada, body), code as 'too-large')
    expect(await people(room, ada)).toEqual([])
  })

  test('that does not fit the kind is refused, for nobody would be shown it (G5)', async () => {
    const token = await signToken({ sub: 'ada', name: 'ada', grants: [{ room: 'form/*', role: 'editor' }] })
    const answer = await put('form/unfit', token, { state: { presence: { focus: 7 } } })
    expect(answer.status).toBe(422)
    expect(await answer.json()).toMatchObject({ code: 'value-invalid', path: 'presence' })
    expect(
      (await put('form/unfit', token, { state: { presence: { focus: 'title', caret: null } } })).status
    ).toBe(200)
  })

  test('of one user has 16 devices in a room at most (G7)', async () => {
    const room = newRoom()
    const ada = await tokenFor('ada', 'writer')
    for (let device = 0; device < 16; device++)
      expect((await put(room, ada, { device: `screen ${device}` })).status).toBe(200)
    await expectProblem(await put(room, ada, { device: 'one more' }), 'too-many')
    expect((await put(room, ada, { device: 'screen 3' })).status).toBe(200)
  })

  test('asks for a token that may read the room, and counts as a request that writes', async () => {
    const room = newRoom()
    await expectProblem(await put(room, ''), 'token-invalid')
    const stranger = await signToken({
      sub: 'eve',
      name: 'eve',
      grants: [{ room: 'form/*', role: 'editor' }]
    })
    await expectProblem(await put(room, stranger), 'forbidden')
    const ada = await tokenFor('busy', 'writer')
    const answers = await Promise.all(Array.from({ length: 80 }, () => put(room, ada)))
    expect(new Set(answers.map(({ status }) => status))).toEqual(new Set([200, 429]))
    await waitUntil(async () => (await put(room, ada)).status === 200, { about: 'the second to be over' })
  })

  test('of many rooms comes at once; those that may not be read are named', async () => {
    const [one, two] = [newRoom(), newRoom()]
    const ada = await tokenFor('ada', 'writer')
    await put(one, ada)
    const answer = await callServer(world.server.url, `/api/presence?rooms=${one},${two},form/secret`, {
      token: ada
    })
    expect(await answer.json()).toEqual({
      rooms: {
        [one]: { people: [expect.objectContaining({ user: expect.objectContaining({ id: 'ada' }) })] },
        [two]: { people: [] }
      },
      refused: { 'form/secret': 'forbidden' }
    })
    const many = Array.from({ length: 51 }, (_, index) => `document/r${index}`).join()
    await expectProblem(
      await callServer(world.server.url, `/api/presence?rooms=${many}`, { token: ada }),
      'request-invalid'
    )
    await expectProblem(
      await callServer(world.server.url, '/api/presence?rooms=nonsense', { token: ada }),
      'room-name-invalid'
    )
  })

  test('in a private room is seen by nobody else', async () => {
    const token = (sub: string, role: string) =>
      signToken({ sub, name: sub, grants: [{ room: 'timeline/*', role }] })
    const [ana, eve] = [await token('ana', 'couple'), await token('eve', 'coordinator')]
    const made = await callServer(world.server.url, '/api/rooms', {
      token: ana,
      json: { name: 'timeline/7' }
    })
    expect(made.status).toBe(201)
    expect(
      (await callServer(world.server.url, '/api/rooms', { token: ana, json: { name: 'ceremony/7' } })).status
    ).toBe(201)
    expect((await put('ceremony/7', ana)).status).toBe(200)
    await expectProblem(
      await callServer(world.server.url, roomPath('ceremony/7', '/presence'), { token: eve }),
      'forbidden'
    )
    const both = await callServer(world.server.url, '/api/presence?rooms=timeline/7,ceremony/7', {
      token: eve
    })
    expect(await both.json()).toEqual({
      rooms: { 'timeline/7': { people: [] } },
      refused: { 'ceremony/7': 'forbidden' }
    })
  })

  test('ends for whoever is sent away', async () => {
    const room = newRoom()
    const plain = (sub: string) => signToken({ sub, name: sub })
    const [ada, ben] = [await tokenFor('ada', 'owner'), await plain('ben')]
    await callServer(world.server.url, '/api/rooms', { token: ada, json: { name: room } })
    const member = roomPath(room, '/members/ben')
    await callServer(world.server.url, member, { method: 'PUT', token: ada, json: { role: 'reader' } })
    expect((await put(room, ben)).status).toBe(200)
    await callServer(world.server.url, member, { method: 'PUT', token: ada, json: { role: 'writer' } })
    expect(await people(room, ada)).toMatchObject([{ user: { id: 'ben', role: 'writer' } }])
    await callServer(world.server.url, member, { method: 'DELETE', token: ada })
    expect(await people(room, ada)).toEqual([])
  })

  test('of members who are not there says when they were seen', async () => {
    const room = newRoom()
    const ada = await tokenFor('ada', 'owner')
    await callServer(world.server.url, '/api/rooms', { token: ada, json: { name: room } })
    expect(await people(room, ada)).toEqual([])
    expect(await people(room, ada, '?absent=true')).toMatchObject([
      { user: { id: 'ada', role: 'owner' }, devices: [], lastSeen: null }
    ])
    const before = Date.now()
    await put(room, ada)
    await remove(room, ada, 'http')
    const seen = await waitUntil(async () => (await people(room, ada, '?absent=true'))[0]?.lastSeen, {
      about: 'when Ada was last seen'
    })
    expect(Date.parse(seen)).toBeGreaterThanOrEqual(before)
    const answer = await callServer(world.server.url, roomPath(room, '/members'), { token: ada })
    expect((await answer.json()).members).toMatchObject([{ userId: 'ada', lastSeen: seen }])
  })
})
