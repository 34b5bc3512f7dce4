/** Each limit is told by name: what was found, what may be, and when to come back. */
import { once } from 'node:events'
import { get } from 'node:http'
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import type * as Y from 'yjs'
import { readReason } from '../schema/error-codes.ts'
import { callServer, expectProblem } from './support/http.ts'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import type { RawClient } from './support/raw-client.ts'
import { authMessage, awarenessMessage, syncMessage } from './support/raw-messages.ts'
import { type SessionWorld, startSessionWorld, tokenFor } from './support/session-world.ts'
import { seconds, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'
import { record } from './support/yjs-story.ts'

const suite = describe.skipIf(missing('postgres'))

const worlds: SessionWorld[] = []
const startWorld = async (env: Record<string, string>): Promise<SessionWorld> => {
  const world = await startSessionWorld({ LOG_LEVEL: 'warn', ...env })
  worlds.push(world)
  return world
}
afterEach(async () => {
  for (const world of worlds) {
    expect(world.server.ending()).toBeUndefined()
    expect(world.server.stderr()).toBe('')
    await world.closeAll()
  }
})
afterAll(async () => {
  for (const world of worlds) await world[Symbol.asyncDispose]()
})

interface Typist {
  readonly client: RawClient
  readonly document: Y.Doc
  type(text: string): void
  /** Resolves when all that was typed is acknowledged. */
  acknowledged(): Promise<void>
}

const enter = async (world: SessionWorld, room: string, token: string): Promise<Typist> => {
  const client = await world.open()
  const document = await client.enter(room, { token })
  const updates = record(document)
  const before = client.acknowledged()
  let typed = 0
  return {
    client,
    document,
    type: (text) => {
      document.getText('text').insert(typed++, text)
      client.send(...updates.splice(0).map((update) => syncMessage(room, 2, update)))
    },
    acknowledged: () =>
      waitUntil(() => client.acknowledged() - before === typed || client.ending, {
        about: `${typed} acknowledgements`
      }).then(() => expect(client.ending).toBeNull())
  }
}

/** Sends as fast as the network takes it, until the socket is closed; the result is how. */
const flood = async (client: RawClient, frame: Uint8Array): Promise<{ code: number; reason: string }> => {
  while (client.ending === null) {
    if (client.socket.bufferedAmount < 100_000) client.cork(() => client.send(...Array(500).fill(frame)))
    await new Promise((resolve) => setImmediate(resolve))
  }
  return client.ended()
}

/** The numbers in `812 frames/s > 500; retry in 2 s`. */
const excessIn = (reason: string, what: string) => {
  const { code, detail, retrySeconds } = readReason(reason) ?? {}
  const [, found, most] = new RegExp(`^(\\d+) ${what} > (\\d+); retry in \\d+ s$`).exec(detail ?? '') ?? []
  return { code, found: Number(found), most: Number(most), retrySeconds: retrySeconds ?? 0 }
}

suite('somebody who floods a room', () => {
  // Of a size of which one read brings less than is too much at once.
  const floods: [string, Record<string, string>, string, number, number][] = [
    ['with frames', { ROOMLOG_FRAMES_PER_SECOND_MAX: '500' }, 'frames/s', 500, 150],
    ['with bytes', { ROOMLOG_BYTES_PER_SECOND_MAX: '64KiB' }, 'bytes/s', 65_536, 1_000]
  ]

  it.each(floods)(
    '%s is told how fast that was, while another room goes on',
    async (_, env, what, most, bytes) => {
      const world = await startWorld({ ...env, ROOMLOG_FLOOD_TIMEOUT_MS: '1500' })
      const [room, token] = [newRoom(), await tokenFor('ada', 'writer')]
      const ben = await enter(world, newRoom(), token)
      const eve = await world.open()
      await eve.enter(room, { token })
      const ended = flood(
        eve,
        awarenessMessage(room, [{ id: 1, clock: 1, state: { long: 'x'.repeat(bytes) } }])
      )
      let meanwhile = 0
      for (; eve.ending === null; meanwhile++) {
        ben.type('x')
        await ben.acknowledged()
      }
      const { code, reason } = await ended
      const excess = excessIn(reason, what)
      expect(excess).toMatchObject({ code: 'too-many', most })
      expect(code).toBe(4529)
      expect(excess.found).toBeGreaterThan(most)
      expect(excess.retrySeconds).toBeGreaterThan(0)
      expect(meanwhile).toBeGreaterThan(3)
      expect(await world.refusals('too-many')).toBe(1)
    }
  )

  it('for a moment only, is read more slowly and loses nothing', async () => {
    const world = await startWorld({
      ROOMLOG_FRAMES_PER_SECOND_MAX: '200',
      ROOMLOG_FLOOD_TIMEOUT_MS: '60000'
    })
    const ada = await enter(world, newRoom(), await tokenFor('ada', 'writer'))
    for (let frame = 0; frame < 500; frame++) ada.type('x')
    await ada.acknowledged()
  })

  it('is told at once when what came would take longer than that to be due', async () => {
    const world = await startWorld({ ROOMLOG_FRAMES_PER_SECOND_MAX: '10', ROOMLOG_FLOOD_TIMEOUT_MS: '10000' })
    const [room, token] = [newRoom(), await tokenFor('ada', 'writer')]
    const eve = await world.open()
    await eve.enter(room, { token })
    const { reason } = await flood(eve, Uint8Array.of(10))
    expect(excessIn(reason, 'frames/s')).toMatchObject({ code: 'too-many', most: 10 })
    expect(excessIn(reason, 'frames/s').retrySeconds).toBeGreaterThan(5)
  })
})

suite('somebody who was sent away for a flood and comes back at once', () => {
  const env = {
    ROOMLOG_BYTES_PER_SECOND_MAX: '64KiB',
    ROOMLOG_FLOOD_TIMEOUT_MS: '100',
    ROOMLOG_TRUSTED_PROXIES: '127.0.0.1'
  }
  const from = (address: string) => ({ 'x-forwarded-for': address })
  const floodOnce = async (world: SessionWorld, kibibytes: number) => {
    const [room, token] = [newRoom(), await tokenFor('eve', 'writer')]
    const eve = await world.open(from('192.0.2.1'))
    await eve.enter(room, { token })
    const state = { long: 'x'.repeat(kibibytes * 1024) }
    eve.send(awarenessMessage(room, [{ id: 1, clock: 1, state }]))
    return { room, token, retrySeconds: excessIn((await eve.ended()).reason, 'bytes/s').retrySeconds }
  }

  it('is told again, until what they brought is paid', async () => {
    const world = await startWorld(env)
    const began = performance.now()
    const { room, token, retrySeconds } = await floodOnce(world, 256)
    expect(retrySeconds).toBe(3)
    const again = await world.open(from('192.0.2.1'))
    await again.join(room, token)
    again.send(syncMessage(room, 0, Uint8Array.of(0)))
    expect(excessIn((await again.ended()).reason, 'bytes/s')).toMatchObject({ code: 'too-many' })
    const back = await waitUntil(() => enter(world, room, token).catch(() => null), {
      about: 'to be taken again',
      everyMs: 200
    })
    expect(performance.now() - began).toBeGreaterThan(2_000)
    back.type('x')
    await back.acknowledged()
  })

  it('owes it as that user, wherever they come from, and others of that place do not', async () => {
    const world = await startWorld(env)
    const { room, token } = await floodOnce(world, 900)
    const again = await world.open(from('192.0.2.2'))
    await again.join(room, token)
    again.send(syncMessage(room, 0, Uint8Array.of(0)))
    expect(excessIn((await again.ended()).reason, 'bytes/s')).toMatchObject({ code: 'too-many' })
    const ben = await world.open(from('192.0.2.1'))
    await ben.enter(newRoom(), { token: await tokenFor('ben', 'writer') })
  })
})

suite('a role with limits of its own', () => {
  it('has these in each room, and the others those of the server', async () => {
    const world = await startWorld({
      ROOMLOG_KINDS: './test/support/paced-kind.ts',
      ROOMLOG_FLOOD_TIMEOUT_MS: '1000'
    })
    const room = `paced/${newRoom().split('/')[1]}`
    const grants = (role: string) => ({ grants: [{ room: 'paced/*', role }] })
    const owner = await enter(world, room, await tokenFor('ada', 'owner', grants('owner')))
    const slow = await world.open()
    await slow.enter(room, { token: await tokenFor('ben', 'slow', grants('slow')) })
    const { reason } = await flood(slow, awarenessMessage(room, []))
    expect(excessIn(reason, 'frames/s for slow')).toMatchObject({ code: 'too-many', most: 20 })
    for (let frame = 0; frame < 500; frame++) owner.type('x')
    await owner.acknowledged()
  })
})

suite('sessions of one user', () => {
  it('are refused by name above the limit, until one ends; others do not notice', async () => {
    const world = await startWorld({ ROOMLOG_SESSIONS_PER_USER_MAX: '2' })
    const [ada, ben] = [await tokenFor('ada', 'writer'), await tokenFor('ben', 'writer')]
    const first = await enter(world, newRoom(), ada)
    // Two rooms in one session are one session.
    await first.client.enter(newRoom(), { token: ada })
    await enter(world, newRoom(), ada)
    const third = await world.open()
    third.send(authMessage(newRoom(), ada))
    expect(await third.ended()).toEqual({
      code: 4529,
      reason: 'too-many: 3 sessions of this user > 2; retry in 10 s'
    })
    await enter(world, newRoom(), ben)
    await first.client.close()
    await waitUntil(async () => (await world.stats()).sessions === 2, { about: 'the session to be gone' })
    await enter(world, newRoom(), ada)
  })
})

suite('sessions from one address', () => {
  it('are refused before the upgrade above the limit, by name; others of the same proxy are let in', async () => {
    const world = await startWorld({
      ROOMLOG_SESSIONS_PER_ADDRESS_MAX: '2',
      ROOMLOG_TRUSTED_PROXIES: '127.0.0.0/8'
    })
    const from = (address: string) => ({ 'x-forwarded-for': address })
    await world.open(from('192.0.2.1'))
    await world.open(from('192.0.2.1'))
    const { status, retryAfter, detail } = await upgrade(world, from('192.0.2.1'))
    expect({ status, retryAfter }).toEqual({ status: 429, retryAfter: '10' })
    expect(detail).toBe('3 sessions from this address > 2; retry in 10 s')
    await world.open(from('192.0.2.2'))
  })
})

suite('connects from one address', () => {
  it('are refused before the upgrade above their rate, by name, and taken again after a second', async () => {
    const world = await startWorld({ ROOMLOG_CONNECTS_PER_SECOND_MAX: '5' })
    const answers = await Promise.all(Array.from({ length: 12 }, () => upgrade(world)))
    const refused = answers.filter(({ status }) => status === 429)
    expect(refused.length).toBeGreaterThan(0)
    expect(refused[0]).toMatchObject({
      retryAfter: '1',
      detail: expect.stringMatching(/^\d+ connects\/s from this address > 5; retry in 1 s$/)
    })
    await waitUntil(async () => (await upgrade(world)).status === 101, {
      about: 'to be let in',
      everyMs: 300
    })
  })

  it('are those of the proxy itself where it is not trusted, whatever it says', async () => {
    const world = await startWorld({ ROOMLOG_CONNECTS_PER_SECOND_MAX: '5' })
    const answers = await Promise.all(
      Array.from({ length: 12 }, (_, index) => upgrade(world, { 'x-forwarded-for': `192.0.2.${index}` }))
    )
    expect(answers.some(({ status }) => status === 429)).toBe(true)
  })
})

suite('requests that write', () => {
  const create = (world: SessionWorld, token: string, address: string) =>
    callServer(world.server.url, '/api/rooms', {
      token,
      json: { name: newRoom() },
      headers: { 'x-forwarded-for': address }
    })
  const most = 5
  const env = { ROOMLOG_WRITES_PER_SECOND_MAX: String(most), ROOMLOG_TRUSTED_PROXIES: '127.0.0.1' }
  const expectTooMany = async (answers: Response[]): Promise<void> => {
    const refused = answers.find(({ status }) => status === 429)
    if (refused === undefined) throw new Error('none was refused')
    expect(refused.headers.get('retry-after')).toBe('1')
    expect(await expectProblem(refused, 'too-many')).toMatch(/^\d+ writing requests\/s > 5; retry in 1 s$/)
  }

  it('are limited by address, whoever asks', async () => {
    const world = await startWorld(env)
    const tokens = await Promise.all(
      Array.from({ length: 12 }, (_, user) => tokenFor(`user-${user}`, 'owner'))
    )
    await expectTooMany(await Promise.all(tokens.map((token) => create(world, token, '192.0.2.1'))))
  })

  it('are limited by user, from wherever; reading is not', async () => {
    const world = await startWorld(env)
    const token = await tokenFor('ada', 'owner')
    await expectTooMany(
      await Promise.all(Array.from({ length: 12 }, (_, index) => create(world, token, `192.0.2.${index}`)))
    )
    const lists = Array.from({ length: 12 }, () => callServer(world.server.url, '/api/rooms', { token }))
    for (const { status } of await Promise.all(lists)) expect(status).not.toBe(429)
  })
})

suite('refused tokens', () => {
  const env = { ROOMLOG_AUTH_ATTEMPTS_PER_MINUTE_MAX: '3', ROOMLOG_TRUSTED_PROXIES: '127.0.0.1' }
  const from = (address: string) => ({ 'x-forwarded-for': address })
  const list = (world: SessionWorld, token: string, address: string) =>
    callServer(world.server.url, '/api/rooms', { token, headers: from(address) })

  it('make their address wait, but not a token that was good before', async () => {
    const world = await startWorld(env)
    const [known, fresh] = [await tokenFor('ada', 'writer'), await tokenFor('ben', 'writer')]
    const room = newRoom()
    await (await world.open(from('192.0.2.1'))).enter(room, { token: known })
    for (let guess = 0; guess < 3; guess++)
      await expectProblem(await list(world, `guess ${guess}`.replace(' ', '-'), '192.0.2.1'), 'token-invalid')
    const answer = await list(world, fresh, '192.0.2.1')
    expect(Number(answer.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await expectProblem(answer, 'too-many')).toMatch(
      /^4 refused attempts a minute from 192\.0\.2\.1 > 3; retry in \d+ s$/
    )
    await (await world.open(from('192.0.2.1'))).enter(room, { token: known })
    expect((await list(world, fresh, '192.0.2.2')).status).not.toBe(429)
  })

  it('make their user wait with what is refused, from wherever; a good token of theirs is taken', async () => {
    const world = await startWorld(env)
    const dead = await signToken({ sub: 'ada', exp: seconds() - 60 })
    for (let address = 0; address < 3; address++)
      await expectProblem(await list(world, dead, `192.0.2.${address}`), 'token-invalid')
    expect(await expectProblem(await list(world, dead, '192.0.2.9'), 'too-many')).toMatch(
      /^4 refused attempts a minute of this user > 3; retry in \d+ s$/
    )
    expect((await list(world, await tokenFor('ada', 'writer'), '192.0.2.9')).status).not.toBe(429)
  })
})

/** Asks for a socket and hangs up, whatever the answer. */
const upgrade = async (world: SessionWorld, headers: Record<string, string> = {}) => {
  const request = get(`${world.server.url}/ws`, {
    agent: false,
    headers: {
      connection: 'Upgrade',
      upgrade: 'websocket',
      'sec-websocket-version': '13',
      'sec-websocket-key': 'dGhlIHNhbXBsZSBub25jZQ==',
      ...headers
    }
  })
  const [response] = await Promise.race([once(request, 'upgrade'), once(request, 'response')])
  const status: number = response.statusCode
  const problem =
    status === 101
      ? {}
      : JSON.parse(String(await response.reduce((all: string, part: Buffer) => all + part, '')))
  request.destroy()
  return { status, retryAfter: response.headers['retry-after'], detail: problem.detail }
}
