/** Whoever asks for too much is slowed down or sent away by name; whoever is beside them does not notice. */
import { afterAll, afterEach, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import type { RoomName } from '../schema/room-name.ts'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import type { RawClient } from './support/raw-client.ts'
import {
  authMessage,
  awarenessMessage,
  queryAwarenessMessage,
  statelessMessage,
  syncMessage
} from './support/raw-messages.ts'
import { type SessionWorld, startSessionWorld, tokenFor } from './support/session-world.ts'
import { waitUntil } from './support/wait-until.ts'
import { record } from './support/yjs-story.ts'

const suite = describe.skipIf(missing('postgres'))

const worlds: SessionWorld[] = []
const startWorld = async (env: Record<string, string>): Promise<SessionWorld> => {
  const world = await startSessionWorld({ LOG_LEVEL: 'warn', ...env })
  worlds.push(world)
  return world
}
let usual: Promise<SessionWorld> | null = null
const usualWorld = (): Promise<SessionWorld> => {
  usual ??= startWorld({})
  return usual
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

interface Writer {
  readonly client: RawClient
  readonly document: Y.Doc
  /** Each is the message of one change. */
  write(...texts: string[]): Uint8Array[]
}

const enter = async (world: SessionWorld, room: RoomName): Promise<Writer> => {
  const client = await world.open()
  const document = await client.enter(room, { token: await tokenFor('ada', 'writer') })
  const updates = record(document)
  return {
    client,
    document,
    write: (...texts) => {
      for (const text of texts) document.getText('text').insert(document.getText('text').length, text)
      return updates.splice(0).map((update) => syncMessage(room, 2, update))
    }
  }
}

const expectSaved = async ({ client }: Writer, count: number): Promise<void> => {
  await waitUntil(() => client.acknowledged() >= count, {
    about: `${count} acknowledgements`,
    timeoutMs: 20_000
  })
  expect(client.acknowledged()).toBe(count)
}

suite('somebody who shows no token', () => {
  it('is sent away by name when the time for it is over, however much they say', async () => {
    const world = await startWorld({ ROOMLOG_AUTH_TIMEOUT_MS: '300' })
    const [silent, loud] = [await world.open(), await world.open()]
    const talk = setInterval(() => loud.send(syncMessage('document/x', 0, Uint8Array.of(0))), 20)
    for (const client of [silent, loud])
      expect(await client.ended()).toEqual({ code: 4408, reason: 'auth-timeout' })
    clearInterval(talk)
  })
})

suite('somebody who guesses tokens', () => {
  it('is refused at once after so many of them, with good ones too; who is in a room stays there', async () => {
    const world = await startWorld({ ROOMLOG_AUTH_ATTEMPTS_PER_MINUTE_MAX: '5' })
    const ada = await enter(world, newRoom())
    for (let attempt = 0; attempt < 5; attempt++) {
      const eve = await world.open()
      expect(await eve.join(newRoom(), `guess ${attempt}`)).toMatchObject({ reason: 'token-invalid' })
    }
    const eve = await world.open()
    eve.send(authMessage(newRoom(), await tokenFor('eve', 'writer')))
    expect(await eve.ended()).toEqual({
      code: 4529,
      reason: expect.stringMatching(/^too-many: 6 refused attempts a minute .* > 5; retry in \d+ s$/)
    })
    ada.client.send(...ada.write('still here'))
    await expectSaved(ada, 2)
  })
})

suite('somebody of whom nothing is heard', () => {
  it('is asked for a sign of life, and sent away by name without one', async () => {
    const world = await startWorld({ ROOMLOG_IDLE_TIMEOUT_MS: '3000' })
    const [alive, dead] = [await enter(world, newRoom()), await enter(world, newRoom())]
    // As a frozen tab, which does not even answer pings. The `ws` package has an option for it, at the start only.
    Object.assign(dead.client.socket, { _autoPong: false })
    expect(await dead.client.ended()).toEqual({ code: 4508, reason: 'idle' })
    expect(alive.client.ending).toBeNull()
    expect(alive.client.pings).toBeGreaterThan(0)
  })
})

suite('somebody who sends faster than allowed', () => {
  it('is read more slowly, and loses nothing', async () => {
    const world = await startWorld({ ROOMLOG_FRAMES_PER_SECOND_MAX: '200' })
    const room = newRoom()
    const [ada, ben] = [await enter(world, room), await enter(world, newRoom())]
    const began = performance.now()
    const bursts = 6
    for (let burst = 0; burst < bursts; burst++) {
      // More than a socket reads at once, so that the next burst has to wait for this one to be paid.
      ada.client.send(...ada.write(...Array.from({ length: 100 }, () => 'x'.repeat(700))))
    }
    ben.client.send(...ben.write('meanwhile'))
    await expectSaved(ben, 2)
    await expectSaved(ada, 1 + bursts * 100)
    // The first second's worth is free, and what one read brings is taken whole.
    expect(performance.now() - began).toBeGreaterThan(1_000)
    const stored = new Y.Doc()
    for (const { update } of await world.rows(room)) Y.applyUpdate(stored, update)
    expect(stored.getText('text').length).toBe(bursts * 100 * 700)
  })
})

suite('somebody who sends before their room is open', () => {
  it('may send some, and is sent away by name with too many', async () => {
    const world = await usualWorld()
    const token = await tokenFor('ada', 'writer')
    const hold = Promise.withResolvers<void>()
    const held = Promise.withResolvers<void>()
    const lock = world.database.transaction(async (t) => {
      await t.exec('lock table room in access exclusive mode')
      held.resolve()
      await hold.promise
    })
    await held.promise
    const [few, many] = [await world.open(), await world.open()]
    const room = newRoom()
    const document = new Y.Doc()
    const updates = record(document)
    for (let index = 0; index < 100; index++) document.getText('text').insert(0, 'x')
    few.send(authMessage(room, token), ...updates.map((update) => syncMessage(room, 2, update)))
    const nothing = syncMessage(room, 2, Uint8Array.of(0, 0))
    many.send(authMessage(room, token), ...Array.from({ length: 2_100 }, () => nothing))
    expect(await many.ended()).toEqual({
      code: 4529,
      reason: 'too-many: 2001 frames before a room is open > 2000; retry in 1 s'
    })
    hold.resolve()
    await lock
    await waitUntil(() => few.acknowledged() === 100, { about: 'all to be acknowledged' })
  })

  it('or before their first sync may say what builds on it, and is sent away by name with too much', async () => {
    const world = await usualWorld()
    const room = newRoom()
    const document = new Y.Doc()
    const updates = record(document)
    for (let index = 0; index < 1_200; index++) document.getText('text').insert(index, 'x')
    const eve = await world.open()
    await eve.join(room, await tokenFor('eve', 'writer'))
    eve.send(...updates.slice(1).map((update) => syncMessage(room, 2, update)))
    expect(await eve.ended()).toEqual({
      code: 4529,
      reason: 'too-many: 1001 updates before the first sync > 1000; retry in 1 s'
    })
    const again = await world.open()
    await again.enter(room, { token: await tokenFor('eve', 'writer'), document })
    expect((await world.rows(room)).length).toBeGreaterThan(0)
  })
})

suite('somebody who asks again and again', () => {
  const answers: [string, (room: string) => Uint8Array, (client: RawClient) => number][] = [
    [
      'for the document',
      (room) => syncMessage(room, 0, Uint8Array.of(1, 7, 7)),
      (client) => client.count('step2')
    ],
    ['for presence', (room) => queryAwarenessMessage(room), (client) => client.count('awareness')],
    [
      'to watch',
      (room) => statelessMessage(room, '{"type":"watch"}'),
      (client) => client.messages('committed').length
    ]
  ]

  it.each(answers)('%s is answered in good time, not each time', async (_, question, answered) => {
    const world = await usualWorld()
    const room = newRoom()
    const ada = await enter(world, room)
    ada.client.send(...ada.write('x'.repeat(100_000)))
    await expectSaved(ada, 2)
    const eve = await world.open()
    await eve.enter(room, { token: await tokenFor('eve', 'reader') })
    eve.send(awarenessMessage(room, [{ id: 1, clock: 1, state: { long: 'x'.repeat(10_000) } }]))
    const before = answered(eve)
    eve.cork(() => eve.send(...Array.from({ length: 3_000 }, () => question(room))))
    ada.client.send(...ada.write('meanwhile'))
    await expectSaved(ada, 3)
    // What is asked later is answered later, so all that eve gets at once has come by then.
    const ben = await enter(world, room)
    const alone = answered(ben.client)
    ben.client.send(question(room))
    await waitUntil(() => answered(ben.client) > alone, { about: 'the answer of somebody else' })
    await waitUntil(() => answered(eve) > before, { about: 'an answer' })
    await eve.settled()
    expect(answered(eve) - before).toBeLessThan(20)
    expect(eve.ending).toBeNull()
  })

  it('what is no question is refused each time', async () => {
    const world = await usualWorld()
    const room = newRoom()
    const [ada, eve] = [await enter(world, room), await enter(world, room)]
    eve.client.send(...Array.from({ length: 5_000 }, () => statelessMessage(room, '?')))
    ada.client.send(...ada.write('meanwhile'))
    await expectSaved(ada, 2)
    await waitUntil(() => eve.client.messages('refused').length === 5_000, { about: 'each to be refused' })
    expect(eve.client.ending).toBeNull()
  })
})

suite('somebody who opens many rooms at once', () => {
  it('may, up to the limit', async () => {
    const world = await startWorld({ ROOMLOG_ROOMS_PER_SESSION_MAX: '150' })
    const token = await tokenFor('ada', 'writer')
    const ada = await world.open()
    ada.send(...Array.from({ length: 151 }, () => authMessage(newRoom(), token)))
    await waitUntil(() => ada.count('authenticated') === 150, { about: 'all but one to be open' })
    expect(ada.heard.filter(({ kind }) => kind === 'denied')).toMatchObject([
      { reason: 'too-many: 151 rooms in one session > 150; retry in 10 s' }
    ])
    expect(ada.ending).toBeNull()
  })
})
