/** The client SDK with tokens: roles, refusals, and tokens that end. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  enter,
  leaveRoomsAfterTests,
  ready,
  startRoomServer,
  state,
  title,
  tokenFor
} from './support/client-rooms.ts'
import type { ServerProcess } from './support/server.ts'
import { authSecret, seconds, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'

leaveRoomsAfterTests()

describe('with tokens', () => {
  let server: ServerProcess
  beforeAll(async () => {
    server = await startRoomServer({ AUTH_SECRET: authSecret })
  })
  afterAll(async () => {
    await server.stop()
  })

  test('who may only read is told so before anything is changed', async () => {
    const reader = enter(server, 'read', async () => ({ token: await tokenFor('rita', 'reader') }))
    await ready(reader.room)
    expect(reader.room.rights.get()).toMatchObject({
      userId: 'rita',
      name: 'rita',
      role: 'reader',
      mayWrite: false
    })
    expect(() => reader.room.storage.title.replace('mine')).toThrow(
      expect.objectContaining({ reason: 'read-only' })
    )
    expect(reader.room.snapshot.get().title).toBe('')
    await state(reader.room, 'saved')
  })

  test('changes of somebody who may not write any more are given back, and the room goes on without them', async () => {
    let role = 'editor'
    const ben = enter(server, 'demoted', async () => ({ token: await tokenFor('ben', 'editor') }))
    const ana = enter(server, 'demoted', async () => ({ token: await tokenFor('ana', role) }))
    await ready(ben.room)
    await ready(ana.room)
    ana.room.storage.title.replace('before')
    await title(ben.room, 'before')
    const doc = ana.room.doc
    role = 'reader'
    await server.restart()
    ana.room.storage.answerTexts.get('f').replace('what I wrote')
    const rejected = await state(ana.room, 'rejected')
    expect(rejected).toMatchObject({ code: 'read-only', keptText: 'what I wrote' })
    expect(rejected.keptDocument).toBe(doc)
    await waitUntil(() => ana.room.doc !== doc, { about: 'the new document' })
    expect(ana.room.snapshot.get()).toMatchObject({ title: 'before', answerTexts: {} })
    expect(ana.room.syncStatus.get().state).toBe('rejected')
    rejected.discard()
    await state(ana.room, 'saved')
    await title(ben.room, 'before')
    ben.room.storage.title.replace('after')
    await title(ana.room, 'after')
    expect(ana.room.snapshot.get().answerTexts).toEqual({})
  })

  test('a room that is refused again and again begins anew each time, on one connection', async () => {
    const rita = enter(server, 'stubborn', async () => ({ token: await tokenFor('rita', 'reader') }))
    await ready(rita.room)
    for (let round = 1; round <= 10; round++) {
      const { doc } = rita.room
      doc.getText('title').insert(0, `attempt ${round}`)
      const rejected = await state(rita.room, 'rejected')
      expect(rejected).toMatchObject({ code: 'read-only', keptText: `attempt ${round}` })
      rejected.discard()
      await waitUntil(() => rita.room.doc !== doc, { about: 'the new document' })
      await state(rita.room, 'saved')
      expect(rita.room.snapshot.get().title).toBe('')
    }
  })

  test('a refused token is asked for anew, once, and the app is told that it was refused', async () => {
    const asked: boolean[] = []
    const ana = enter(server, 'refresh', async (_, { refused }) => {
      asked.push(refused)
      return {
        token: refused
          ? await tokenFor('ana', 'editor')
          : await signToken({ sub: 'ana', exp: seconds() - 60 })
      }
    })
    await ready(ana.room)
    expect(asked).toEqual([false, true])
    expect(ana.room.failure.get()).toBeNull()
  })

  test('a token that stays refused ends the attempts, until the app says to try again', async () => {
    let exp = seconds() - 60
    let asked = 0
    const ana = enter(server, 'signed-out', async () => {
      asked++
      return { token: await signToken({ sub: 'ana', exp, grants: [{ room: 'form/*', role: 'editor' }] }) }
    })
    await waitUntil(() => ana.room.failure.get(), { about: 'the failure' })
    expect(ana.room.failure.get()?.code).toBe('token-invalid')
    expect(ana.room.status.get()).toBe('disconnected')
    expect(asked).toBe(2)
    await expect(ana.room.flush()).rejects.toThrow(expect.objectContaining({ reason: 'token-invalid' }))
    exp = seconds() + 60
    ana.client.retryNow()
    await ready(ana.room)
    expect(ana.room.failure.get()).toBeNull()
  })

  test('a token that expires while connected is replaced without a loss', async () => {
    let asked = 0
    const ana = enter(server, 'expiring', async () => {
      const exp = seconds() + (asked++ === 0 ? 2 : 60)
      return { token: await signToken({ sub: 'ana', exp, grants: [{ room: 'form/*', role: 'editor' }] }) }
    })
    await ready(ana.room)
    await waitUntil(() => asked === 2, { about: 'the second token' })
    ana.room.storage.title.replace('still me')
    await state(ana.room, 'saved')
    expect(ana.errors).toEqual([])
  })

  test('who has no role in a room gets nothing of it and is told why', async () => {
    const eve = enter(server, 'private', async () => ({ token: await signToken({ sub: 'eve', grants: [] }) }))
    await waitUntil(() => eve.room.failure.get(), { about: 'the failure' })
    expect(eve.room.failure.get()?.code).toBe('forbidden')
    expect(eve.room.syncStatus.get()).toEqual({ state: 'loading' })
    expect(eve.room.ready.get()).toBe(false)
  })

  test('a token that cannot be fetched is tried again', async () => {
    let asked = 0
    const ana = enter(server, 'flaky', async () => {
      if (++asked === 1) throw new Error('no network')
      return { token: await tokenFor('ana', 'editor') }
    })
    await ready(ana.room)
    expect(ana.errors).toEqual([
      expect.objectContaining({ retry: true, message: expect.stringContaining('no network') })
    ])
  })
})
