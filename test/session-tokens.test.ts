import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import type { RoomName } from '../schema/room-name.ts'
import { callServer } from './support/http.ts'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { startProxiedServer } from './support/proxied-server.ts'
import { RawClient } from './support/raw-client.ts'
import { authMessage, syncMessage } from './support/raw-messages.ts'
import { type SessionWorld, startSessionWorld, tokenFor } from './support/session-world.ts'
import { authSecret, seconds, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'
import { record } from './support/yjs-story.ts'

let world: SessionWorld
let admin: string
beforeAll(async () => {
  if (missing('postgres')) return
  world = await startSessionWorld({ LOG_LEVEL: 'warn' })
  admin = await tokenFor('operator', 'admin', { grants: [{ room: '*', role: 'admin' }] })
})
afterEach(async () => {
  await world.closeAll()
  expect(world.server.stderr()).toBe('')
})
afterAll(() => world?.[Symbol.asyncDispose]())

const revoke = async (what: { userId?: string; tokenId?: string }): Promise<void> => {
  const answer = await callServer(world.server.url, '/api/revocations', { token: admin, json: what })
  expect(answer.status).toBe(204)
}

interface Person {
  readonly client: RawClient
  write(): Uint8Array
}

const enter = async (room: RoomName, token: string): Promise<Person> => {
  const client = await world.open()
  const document = await client.enter(room, { token })
  const updates = record(document)
  return {
    client,
    write: () => {
      document.getText('text').insert(0, 'x')
      return syncMessage(room, 2, updates.pop() ?? Uint8Array.of())
    }
  }
}

const denied = async (client: RawClient): Promise<void> => {
  await waitUntil(() => client.count('denied') > 0, { about: 'the room to be closed' })
  expect(client.heard.find(({ kind }) => kind === 'denied')).toMatchObject({ reason: 'token-invalid' })
}

const somebodyWaitsForALock = async (): Promise<boolean> =>
  (await world.database.query('select from pg_locks where not granted')).length > 0

const expectSilenced = async (room: RoomName, { client, write }: Person, rows: number): Promise<void> => {
  const before = client.acknowledged()
  client.send(write(), write())
  await client.settled()
  expect(client.acknowledged()).toBe(before)
  expect(await world.rows(room)).toHaveLength(rows)
}

describe.skipIf(missing('postgres'))('a token', () => {
  it('that expires ends its room by name; nothing can be written any more', async () => {
    const room = newRoom()
    const ada = await enter(room, await tokenFor('ada', 'writer', { exp: seconds() + 2 }))
    const ben = await enter(room, await tokenFor('ben', 'writer'))
    ada.client.send(ada.write())
    await waitUntil(() => ada.client.acknowledged() === 2, { about: 'the acknowledgement' })
    await denied(ada.client)
    await expectSilenced(room, ada, 1)
    const before = ada.client.count('update')
    ben.client.send(ben.write())
    await waitUntil(() => ben.client.acknowledged() === 2, { about: 'the acknowledgement' })
    await ada.client.settled()
    expect(ada.client.count('update')).toBe(before)
    expect(ada.client.ending).toBeNull()
  })

  it.each(['userId', 'tokenId'] as const)('that is revoked by its %s ends its rooms at once', async (by) => {
    const [room, other] = [newRoom(), newRoom()]
    const iat = seconds() - 10
    const token = await tokenFor(`mallory by ${by}`, 'writer', { iat, jti: `stolen by ${by}` })
    const mallory = await enter(room, token)
    await mallory.client.enter(other, { token })
    const ben = await enter(room, await tokenFor('ben', 'writer'))
    await revoke(by === 'userId' ? { userId: 'mallory by userId' } : { tokenId: 'stolen by tokenId' })
    await waitUntil(() => mallory.client.count('denied') === 2, { about: 'both rooms to be closed' })
    await denied(mallory.client)
    await expectSilenced(room, mallory, 0)
    expect(await mallory.client.join(room, token)).toMatchObject({ reason: 'token-invalid' })
    ben.client.send(ben.write())
    await waitUntil(() => ben.client.acknowledged() === 2, { about: 'the acknowledgement' })
  })

  it('that is revoked while its room is read does not get in', async () => {
    const room = newRoom()
    const token = await tokenFor('hasty', 'writer', { iat: seconds() - 10 })
    const ben = await enter(room, await tokenFor('ben', 'writer'))
    ben.client.send(ben.write())
    await waitUntil(() => ben.client.acknowledged() === 2, { about: 'the acknowledgement' })
    await ben.client.close()
    await waitUntil(async () => (await world.stats()).rooms === 0, { about: 'the room to be closed' })
    const isRevoked = Promise.withResolvers<void>()
    const isHeld = Promise.withResolvers<void>()
    const hold = world.database.transaction(async (t) => {
      await t.exec('lock table snapshot in access exclusive mode')
      isHeld.resolve()
      await isRevoked.promise
    })
    await isHeld.promise
    const hasty = await world.open()
    hasty.send(authMessage(room, token), syncMessage(room, 2, ben.write()))
    await waitUntil(somebodyWaitsForALock, { about: 'the room to be read' })
    expect(hasty.count('authenticated')).toBe(0)
    await revoke({ userId: 'hasty' })
    isRevoked.resolve()
    await hold
    await denied(hasty)
    await hasty.settled()
    expect(hasty.acknowledged()).toBe(0)
    expect(await world.rows(room)).toHaveLength(1)
  })

  it('that is renewed in time goes on', async () => {
    const room = newRoom()
    const ada = await enter(room, await tokenFor('ada', 'writer', { exp: seconds() + 2 }))
    ada.client.send(authMessage(room, await tokenFor('ada', 'writer')))
    const ben = await enter(room, await tokenFor('ben', 'writer', { exp: seconds() + 2 }))
    await denied(ben.client)
    ada.client.send(ada.write())
    await waitUntil(() => ada.client.acknowledged() === 2, { about: 'the acknowledgement' })
    expect(ada.client.count('denied')).toBe(0)
  })

  it('that is renewed with another role changes what may be done, and says so', async () => {
    const room = newRoom()
    const ada = await enter(room, await tokenFor('ada', 'reader'))
    ada.client.send(authMessage(room, await tokenFor('ada', 'writer')))
    await waitUntil(() => ada.client.messages('role').length === 2, { about: 'the new role' })
    expect(ada.client.messages('role').map(({ role, mayWrite }) => [role, mayWrite])).toEqual([
      ['reader', false],
      ['writer', true]
    ])
    ada.client.send(ada.write())
    await waitUntil(() => ada.client.acknowledged() === 2, { about: 'the acknowledgement' })
  })

  it.each([
    ['somebody else', () => tokenFor('ben', 'writer')],
    ['nobody', () => 'nonsense']
  ])('that is renewed by one of %s ends the room by name', async (_, make) => {
    const room = newRoom()
    const ada = await enter(room, await tokenFor('ada', 'writer'))
    ada.client.send(authMessage(room, await make()))
    await denied(ada.client)
    await expectSilenced(room, ada, 0)
  })
})

describe.skipIf(missing('postgres'))('a room', () => {
  it('that is deleted sends everybody away by name, and lets nobody in', async () => {
    const room = newRoom()
    const token = await tokenFor('ada', 'writer')
    const ada = await enter(room, token)
    ada.client.send(ada.write())
    await waitUntil(() => ada.client.acknowledged() === 2, { about: 'the acknowledgement' })
    await callServer(world.server.url, `/api/rooms/${encodeURIComponent(room)}`, {
      method: 'DELETE',
      token: admin
    })
    expect(await ada.client.ended()).toEqual({ code: 4404, reason: 'room-deleted' })
    const again = await world.open()
    expect(await again.join(room, token)).toMatchObject({ kind: 'denied', reason: 'room-deleted' })
  })
})

describe.skipIf(missing('postgres'))('a token that is renewed while the database is away', () => {
  it('ends the session for now, not the room for good', async () => {
    await using proxied = await startProxiedServer({ AUTH_SECRET: authSecret })
    const room = newRoom()
    const client = await RawClient.open(proxied.server.wsUrl)
    await client.enter(room, { token: await tokenFor('ada', 'writer') })
    proxied.proxy.refuse()
    // Without grants the database has to be asked who this is in the room.
    client.send(authMessage(room, await signToken({ sub: 'ada' })))
    expect(await client.ended()).toEqual({ code: 1013, reason: 'unavailable' })
    expect(client.count('denied')).toBe(0)
  })
})
