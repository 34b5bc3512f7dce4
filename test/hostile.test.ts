/** Promise G5. Each test leaves the process as it was: nothing printed, nobody else disturbed, nothing stored. */
import { connect } from 'node:net'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import { isPending } from '../server/log/fold.ts'
import { anyFrame, type Frame, readableFrame, strangeAddresses } from './support/fuzz-frames.ts'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { authMessage, closeMessage, syncMessage } from './support/raw-messages.ts'
import { type Random, seededRandom } from './support/seeded-random.ts'
import { type SessionWorld, startSessionWorld, tokenFor } from './support/session-world.ts'
import { seconds, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'
import { record } from './support/yjs-story.ts'

let world: SessionWorld
let pid: number
let token: string
let bystander: Bystander

/** Somebody honest, who types all the while. */
interface Bystander {
  readonly room: string
  type(): void
  /** All that was typed is acknowledged, and nothing else is stored. */
  expectUndisturbed(): Promise<void>
}

const startBystander = async (): Promise<Bystander> => {
  const room = newRoom()
  const client = await world.open()
  const document = await client.enter(room, { token })
  const before = client.acknowledged()
  const updates = record(document)
  const text = document.getText('text')
  let typed = 0
  return {
    room,
    type: () => {
      text.insert(typed++, 'x')
      client.send(syncMessage(room, 2, updates.pop() ?? Uint8Array.of()))
    },
    expectUndisturbed: async () => {
      await waitUntil(() => client.acknowledged() - before === typed, { about: `${typed} acknowledgements` })
      const stored = new Y.Doc()
      for (const { update } of await world.rows(room)) Y.applyUpdate(stored, update)
      expect(stored.getText('text').toString()).toBe('x'.repeat(typed))
      expect(client.ending).toBeNull()
      expect(client.messages('refused')).toEqual([])
    }
  }
}

beforeAll(async () => {
  if (missing('postgres')) return
  world = await startSessionWorld({
    LOG_LEVEL: 'warn',
    ROOMLOG_FRAME_BYTES_MAX: '64KiB',
    ROOMLOG_ROOMS_PER_SESSION_MAX: '3',
    ROOMLOG_AUTH_ATTEMPTS_PER_MINUTE_MAX: '1000000',
    ROOMLOG_CONNECTS_PER_SECOND_MAX: '1000000',
    ROOMLOG_FRAMES_PER_SECOND_MAX: '1000000'
  })
  pid = world.server.pid
  token = await tokenFor('ada', 'writer')
})
beforeEach(async () => {
  bystander = await startBystander()
})
afterEach(async () => {
  bystander.type()
  await bystander.expectUndisturbed()
  await world.closeAll()
  expect(world.server.ending()).toBeUndefined()
  expect(world.server.pid).toBe(pid)
  expect(world.server.stderr()).toBe('')
})
afterAll(() => world?.[Symbol.asyncDispose]())

/** Sends frames in bursts on four sockets, each a new one whenever the server has had enough of the last. */
const fuzz = async (
  frames: number,
  seed: number,
  next: (random: Random) => readonly Frame[]
): Promise<void> => {
  const streams = [0, 1, 2, 3].map(async (stream) => {
    const random = seededRandom(4 * seed + stream)
    let client = await world.open()
    for (let sent = 0; sent < frames / 4; ) {
      if (client.ending !== null) client = await world.open()
      const burst = next(random)
      client.cork(() => client.send(...burst))
      sent += burst.length
      if (random.chance(5)) bystander.type()
      await Promise.race([client.settled(), client.ended()])
    }
  })
  await Promise.all(streams)
}

const suite = describe.skipIf(missing('postgres'))

/** The soak, of 100,000, is a command of its own. */
const frames = Number(process.env.ROOMLOG_TEST_FRAMES ?? 20_000)
/** Of those that were refused, some are always of the kind that is looked for. */
const some = frames / 50

suite(`${frames} frames of random content`, () => {
  it('before a token are refused or ignored', async () => {
    const next = (random: Random) => Array.from({ length: 6 }, () => anyFrame(random, bystander.room))
    await fuzz(frames * 0.3, 1, next)
    expect(await world.refusals('message-malformed')).toBeGreaterThan(some)
  }, 60_000)

  it('of a reader change nothing', async () => {
    const reader = await tokenFor('eve', 'reader')
    const around = (frames: Frame[]) => [
      authMessage(bystander.room, reader),
      ...frames,
      closeMessage(bystander.room)
    ]
    const next = (random: Random) => {
      const readable = Array.from({ length: 20 }, () => readableFrame(random, bystander.room))
      const any = Array.from({ length: 4 }, () => anyFrame(random, bystander.room))
      return random.chance(70) ? around(readable) : around(any)
    }
    await fuzz(frames * 0.4, 2, next)
    expect(await world.refusals('read-only')).toBeGreaterThan(0)
  }, 60_000)

  it('of a writer change nothing that is not a whole update', async () => {
    const room = newRoom()
    const next = (random: Random) => [
      authMessage(room, token),
      ...Array.from({ length: 20 }, () => readableFrame(random, room)),
      closeMessage(room)
    ]
    await fuzz(frames * 0.3, 3, next)
    expect(await world.refusals('update-malformed')).toBeGreaterThan(some)
    const document = new Y.Doc()
    for (const { update } of await world.rows(room)) Y.applyUpdate(document, update)
    expect(isPending(document)).toBe(false)
  }, 60_000)
})

suite('an address', () => {
  it.each(strangeAddresses.map((address) => [JSON.stringify(address.slice(0, 40)), address]))(
    'that is %s is refused by name',
    async (_, address) => {
      const eve = await world.open()
      eve.send(
        closeMessage(address),
        syncMessage(address, 2, Uint8Array.of(0, 0)),
        authMessage(address, token)
      )
      const { reason } = await eve.next('denied')
      expect(['room-name-invalid', 'kind-unknown', 'forbidden']).toContain(reason)
    }
  )

  it('with a session id, whatever that is, is a connection of its own', async () => {
    const eve = await world.open()
    const room = newRoom()
    for (const session of ['__proto__', 'constructor']) await eve.enter(`${room}\0${session}`, { token })
    expect(eve.ending).toBeNull()
  })

  it('that is no text ends the session by name', async () => {
    const eve = await world.open()
    eve.send(Buffer.from(authMessage('document/x', token)).fill(0xff, 1, 3))
    expect(await eve.ended()).toEqual({ code: 4400, reason: 'message-malformed' })
  })

  it('of a room too many is refused by name, and the others go on', async () => {
    const eve = await world.open()
    const rooms = [newRoom(), newRoom(), newRoom()]
    for (const room of rooms) await eve.enter(room, { token })
    expect(await eve.join(newRoom(), token)).toMatchObject({
      kind: 'denied',
      reason: 'too-many: 4 rooms in one session > 3; retry in 10 s'
    })
    for (const room of rooms) await eve.sync(room, new Y.Doc())
    expect(eve.ending).toBeNull()
  })
})

suite('a token', () => {
  const tokens: [string, () => Promise<string> | string][] = [
    ['is expired', () => signToken({ exp: seconds() - 60 })],
    ['is forged', () => signToken({}, { key: 'another secret of thirty-two characters' })],
    [
      'names no algorithm',
      () => `${encode({ alg: 'none' })}.${encode({ sub: 'ada', exp: seconds() + 60 })}.`
    ],
    ['is 9,000 characters long', () => signToken({ name: 'x'.repeat(9_000) })],
    ['is 60,000 characters long', () => 'x'.repeat(60_000)],
    ['is empty', () => ''],
    ['is nonsense', () => '\0\n😀']
  ]
  const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url')

  it.each(tokens)('that %s is refused by name', async (_, make) => {
    const eve = await world.open()
    expect(await eve.join(newRoom(), await make())).toMatchObject({ kind: 'denied', reason: 'token-invalid' })
    expect(await eve.join(bystander.room, token)).toMatchObject({ kind: 'authenticated' })
  })

  it('may be refused ten times, then the session ends', async () => {
    const eve = await world.open()
    eve.send(...Array.from({ length: 200 }, () => authMessage(newRoom(), 'bad')))
    expect(await eve.ended()).toEqual({
      code: 4529,
      reason: 'too-many: 10 refused rooms or tokens > 9; retry in 10 s'
    })
    expect(eve.count('denied')).toBeLessThanOrEqual(10)
  })
})

suite('a frame', () => {
  it('above the limit is refused by name and the rest of the connection with it; it stays open', async () => {
    const room = newRoom()
    const eve = await world.open()
    const document = await eve.enter(room, { token })
    const updates = record(document)
    document.getText('text').insert(0, 'x'.repeat(70_000))
    document.getText('text').insert(0, 'small')
    eve.send(...updates.map((update) => syncMessage(room, 2, update)))
    await waitUntil(() => eve.acknowledged(false) === 2, { about: 'both to be refused' })
    expect(eve.messages('refused')).toMatchObject([{ code: 'too-large' }])
    expect(await world.rows(room)).toEqual([])
    expect(eve.ending).toBeNull()
  })

  it('far above the limit ends the socket', async () => {
    const eve = await world.open()
    eve.send(new Uint8Array(300_000))
    expect((await eve.ended()).code).toBe(1009)
  })

  it('in fragments, with pings between them, is one frame', async () => {
    const room = newRoom()
    const eve = await world.open()
    const document = await eve.enter(room, { token })
    const updates = record(document)
    document.getText('text').insert(0, 'in parts')
    const [update = Uint8Array.of()] = updates
    const message = syncMessage(room, 2, update)
    for (const [index, byte] of message.entries()) {
      eve.socket.send(Uint8Array.of(byte), { fin: index === message.length - 1 })
      eve.socket.ping(String(index))
    }
    await waitUntil(() => eve.acknowledged() === 2, { about: 'the acknowledgement' })
  })

  it('that is text is read as bytes, and refused as such', async () => {
    const eve = await world.open()
    eve.send('hello')
    expect(await eve.ended()).toEqual({ code: 4400, reason: 'message-malformed' })
  })
})

suite('an upgrade', () => {
  const upgrade = (path: string, key = 'dGhlIHNhbXBsZSBub25jZQ==') =>
    [
      `GET ${path} HTTP/1.1`,
      'Host: 127.0.0.1',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      `Sec-WebSocket-Key: ${key}`,
      '\r\n'
    ].join('\r\n')

  it.each([
    ['//', '404 not-found'],
    ['http://[', '404 not-found'],
    ['/ws/', '404 not-found'],
    ['*', '404 not-found']
  ])('to %s is answered by name, and the socket is closed on both sides', async (path, status) => {
    const socket = connect({ port: world.server.port, host: '127.0.0.1', allowHalfOpen: true })
    let answer = ''
    let isBroken = false
    socket.on('data', (data) => {
      answer += String(data)
    })
    socket.on('error', () => {
      isBroken = true
    })
    socket.write(upgrade(path))
    await waitUntil(() => answer.includes('\r\n\r\n'), { about: 'the answer' })
    expect(answer).toContain(`HTTP/1.1 ${status}`)
    // Our side stays open: the server must not wait for us.
    const talk = setInterval(() => socket.write('x'), 5)
    await waitUntil(() => isBroken, { about: 'the socket to be gone' })
    clearInterval(talk)
    socket.destroy()
  })

  it('with a bad key is refused', async () => {
    const socket = connect({ port: world.server.port, host: '127.0.0.1' })
    let answer = ''
    socket.on('data', (data) => {
      answer += String(data)
    })
    socket.write(upgrade('/ws', 'short'))
    await waitUntil(() => answer.startsWith('HTTP/1.1 400'), { about: 'the refusal' })
    socket.destroy()
  })

  it('from a page of somebody else is refused', async () => {
    await expect(world.open({ origin: 'https://evil.example' })).rejects.toThrow('403')
  })
})
