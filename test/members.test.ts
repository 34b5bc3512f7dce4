import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { roomIdOf } from '../server/log/room-log.ts'
import { type BelongingWorld, startBelongingWorld } from './support/belonging.ts'
import { expectProblem, roomPath } from './support/http.ts'
import { newRoom, toRoomName } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { awarenessMessage } from './support/raw-messages.ts'
import { openProvider } from './support/stock-provider.ts'
import { authSecret, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'

let world: BelongingWorld
beforeAll(async () => {
  if (missing('postgres')) return
  world = await startBelongingWorld()
})
afterEach(async () => {
  await world?.closeAll()
})
afterAll(() => world?.[Symbol.asyncDispose]())

const membersOf = async (room: string, by: string): Promise<{ userId: string; role: string }[]> => {
  const answer = await world.call(roomPath(room, '/members'), { token: await world.person(by) })
  expect(answer.status).toBe(200)
  const { members }: { members: { userId: string; role: string }[] } = await answer.json()
  return members.map(({ userId, role }) => ({ userId, role }))
}

const rolesOf = async (room: string, by: string): Promise<Record<string, string>> =>
  Object.fromEntries((await membersOf(room, by)).map(({ userId, role }) => [userId, role]))

const waitingForLocks = async (): Promise<number> => {
  const [row] = await world.database.query<{ count: bigint }>(
    `select count(*) from pg_stat_activity where datname = current_database() and wait_event_type = 'Lock'`
  )
  return Number(row?.count)
}

/** A room of Ana's, with Ben as a writer and Cleo as a reader. */
const trio = (): Promise<string> => world.create(newRoom(), 'ana', { ben: 'writer', cleo: 'reader' })

describe.skipIf(missing('postgres'))('the members of a room', () => {
  it('are told to everybody who may read it, with who gave them their roles', async () => {
    const room = await trio()
    const token = await world.person('cleo')
    const answer = await world.call(roomPath(room, '/members'), { token })
    const { members } = await answer.json()
    expect(members).toMatchObject([
      { userId: 'ana', name: 'ana', role: 'owner', grantedBy: null, takes: null },
      { userId: 'ben', role: 'writer', grantedBy: 'ana' },
      { userId: 'cleo', role: 'reader', grantedBy: 'ana' }
    ])
    expect(Date.parse(members[0].since)).toBeGreaterThan(0)
  })

  it('are not told to strangers', async () => {
    const room = await trio()
    const token = await world.person('eve')
    await expectProblem(await world.call(roomPath(room, '/members'), { token }), 'forbidden')
    await expectProblem(await world.call(roomPath(room, '/members/ana'), { token }), 'forbidden')
  })

  it('are made by whoever manages the room, and nobody else', async () => {
    const room = await trio()
    await expectProblem(await world.setRole(room, 'ben', 'dora', 'reader'), 'forbidden')
    await expectProblem(await world.setRole(room, 'cleo', 'cleo', 'owner'), 'forbidden')
    await expectProblem(await world.setRole(room, 'ben', 'ana', 'reader'), 'forbidden')
    expect(await rolesOf(room, 'ana')).toEqual({ ana: 'owner', ben: 'writer', cleo: 'reader' })
  })

  it('have roles of the kind, not others', async () => {
    const room = await trio()
    for (const role of ['admin', 'couple', '', 'constructor'])
      await expectProblem(await world.setRole(room, 'ana', 'dora', role), 'request-invalid')
  })

  it('get no role above that of whoever gives it, nor lose one', async () => {
    const room = await world.create('timeline/above', 'ana', { cora: 'coordinator', pia: 'planner' })
    await expectProblem(await world.setRole(room, 'cora', 'pia', 'couple'), 'forbidden')
    await expectProblem(await world.setRole(room, 'cora', 'cora', 'couple'), 'forbidden')
    await expectProblem(await world.setRole(room, 'pia', 'cora', 'guest'), 'forbidden')
    await expectProblem(await world.remove(room, 'cora', 'ana'), 'forbidden')
    expect((await world.setRole(room, 'cora', 'gus', 'coordinator')).status).toBe(200)
  })

  it('keep one with the first role', async () => {
    const room = await trio()
    await expectProblem(await world.setRole(room, 'ana', 'ana', 'writer'), 'last-owner')
    await expectProblem(await world.remove(room, 'ana', 'ana'), 'last-owner')
    expect((await world.setRole(room, 'ana', 'ben', 'owner')).status).toBe(200)
    expect((await world.remove(room, 'ana', 'ana')).status).toBe(204)
    expect(await rolesOf(room, 'ben')).toEqual({ ben: 'owner', cleo: 'reader' })
  })

  it('keep one with the first role when two owners send each other away at once', async () => {
    const room = await world.create(newRoom(), 'ana', { ben: 'owner' })
    let removals: Promise<Response>[] = []
    await world.database.transaction(async (t) => {
      await t.query('select from member where room_id = $1::uuid for update', [roomIdOf(toRoomName(room))])
      removals = [world.remove(room, 'ana', 'ben'), world.remove(room, 'ben', 'ana')]
      await waitUntil(async () => (await waitingForLocks()) === 2, { about: 'both to wait for each other' })
    })
    expect((await Promise.all(removals)).map(({ status }) => status).sort()).toEqual([204, 409])
    const rows = await world.database.query<{ user_id: string }>(
      `select user_id from member where room_id = $1::uuid and role = 'owner'`,
      [roomIdOf(toRoomName(room))]
    )
    expect(rows).toHaveLength(1)
  })

  it('may have any id that a token may have', async () => {
    const room = await trio()
    const user = 'ö/%2F ?#"\\'
    expect((await world.setRole(room, 'ana', user, 'reader')).status).toBe(200)
    expect(await rolesOf(room, user)).toMatchObject({ [user]: 'reader' })
    expect((await world.remove(room, 'ana', user)).status).toBe(204)
  })

  it('of a room that is not there are not made', async () => {
    const answer = await world.call(roomPath('document/nobody-made-this', '/members/ben'), {
      method: 'PUT',
      token: world.admin,
      json: { role: 'reader' }
    })
    await expectProblem(answer, 'room-not-found')
  })
})

describe.skipIf(missing('postgres'))('a change of role', () => {
  it('makes a writer a reader at once', async () => {
    const room = await trio()
    const ben = await world.enter(room, 'ben')
    expect(await ben.type()).toBe(true)
    await world.setRole(room, 'ana', 'ben', 'reader')
    expect(await ben.type()).toBe(false)
    expect(ben.client.messages('refused')).toMatchObject([{ code: 'read-only' }])
    expect(await world.rows(room)).toHaveLength(1)
    await ben.becomes('reader')
  })

  it('lets a reader write at once, on the connection that they have', async () => {
    const room = await trio()
    const cleo = await world.enter(room, 'cleo')
    await world.setRole(room, 'ana', 'cleo', 'writer')
    await cleo.becomes('writer')
    expect(await cleo.type()).toBe(true)
  })

  it('reaches a stock provider, which goes on as if nothing had been', async () => {
    const room = await trio()
    using cleo = openProvider(world.server.wsUrl, room, undefined, await world.person('cleo'))
    await cleo.settled()
    await world.setRole(room, 'ana', 'cleo', 'writer')
    cleo.document.getText('text').insert(0, 'now I may')
    await cleo.settled()
    expect(await world.rows(room)).toHaveLength(1)
  })

  it('is seen in their presence, without their doing', async () => {
    const room = await trio()
    const [ana, ben] = [await world.enter(room, 'ana'), await world.enter(room, 'ben')]
    ben.client.send(awarenessMessage(room, [{ id: 7, clock: 1, state: { focus: 'title' } }]))
    const shown = (): unknown =>
      ana.client.heard.flatMap((one) => (one.kind === 'awareness' ? one.entries : [])).at(-1)?.state
    await waitUntil(() => JSON.stringify(shown())?.includes('"role":"writer"'), { about: 'the writer' })
    await world.setRole(room, 'ana', 'ben', 'reader')
    await waitUntil(() => JSON.stringify(shown())?.includes('"role":"reader"'), { about: 'the reader' })
    expect(shown()).toMatchObject({ focus: 'title', user: { id: 'ben' } })
  })

  it('is told to everybody who is in the room', async () => {
    const room = await trio()
    const people = [await world.enter(room, 'ana'), await world.enter(room, 'cleo')]
    const other = await world.enter(await trio(), 'ana')
    await world.setRole(room, 'ana', 'dora', 'reader')
    for (const { client } of people)
      await waitUntil(() => client.messages('members').length === 1, { about: 'the news of a new member' })
    expect(other.client.messages('members')).toEqual([])
  })

  it('made by another node leaves no time to give roles by the one that was taken', async () => {
    const room = await world.create(newRoom(), 'ana', { ben: 'owner' })
    const token = await world.person('ben')
    expect((await world.call(roomPath(room), { token })).status).toBe(200)
    await world.database.query(`delete from member where room_id = $1::uuid and user_id = 'ben'`, [
      roomIdOf(toRoomName(room))
    ])
    await expectProblem(await world.setRole(room, 'ben', 'ben', 'owner'), 'forbidden')
  })

  it('made by another node acts within seconds', async () => {
    const room = await trio()
    const ben = await world.enter(room, 'ben')
    const where = [roomIdOf(toRoomName(room))]
    await world.database.query(
      `update member set role = 'reader' where room_id = $1::uuid and user_id = 'ben'`,
      where
    )
    await ben.becomes('reader')
    await world.database.query(`delete from member where room_id = $1::uuid and user_id = 'ben'`, where)
    expect(await ben.denied()).toBe('forbidden')
  })
})

describe.skipIf(missing('postgres'))('somebody who is sent away', () => {
  it('is out at once, by name, and writes nothing any more', async () => {
    const room = await trio()
    const ben = await world.enter(room, 'ben')
    expect((await world.remove(room, 'ana', 'ben')).status).toBe(204)
    expect(await ben.denied()).toBe('forbidden')
    const again = await world.open()
    expect(await again.join(room, await world.person('ben'))).toMatchObject({ reason: 'forbidden' })
    await expectProblem(await world.call(roomPath(room), { token: await world.person('ben') }), 'forbidden')
  })

  it('stays in the other rooms of the same socket', async () => {
    const [room, other] = [await trio(), await trio()]
    const client = await world.open()
    const token = await world.person('ben')
    await client.enter(room, { token })
    await client.enter(other, { token })
    await world.remove(room, 'ana', 'ben')
    await waitUntil(() => client.count('denied') === 1, { about: 'one room to be closed' })
    await client.settled()
    expect(client.ending).toBeNull()
    expect(client.heard.filter(({ kind }) => kind === 'denied')).toMatchObject([{ address: room }])
    expect((await world.call(roomPath(other), { token })).status).toBe(200)
  })

  it('is out of a stock provider', async () => {
    const room = await trio()
    using ben = openProvider(world.server.wsUrl, room, undefined, await world.person('ben'))
    await ben.settled()
    const reasons: string[] = []
    ben.provider.on('authenticationFailed', ({ reason }: { reason: string }) => reasons.push(reason))
    await world.remove(room, 'ana', 'ben')
    await waitUntil(() => reasons.length > 0, { about: 'the provider to be told' })
    expect(reasons).toEqual(['forbidden'])
  })

  it('is out of the rooms that belong to it too', async () => {
    const room = await world.create('timeline/gone', 'ana', { ben: 'family' })
    const ben = await world.enter('comments/timeline:gone', 'ben')
    await world.remove(room, 'ana', 'ben')
    expect(await ben.denied()).toBe('forbidden')
  })

  it('does not come back by an invite that they had made', async () => {
    const room = await world.create(newRoom(), 'ana', { ben: 'owner' })
    const made = await world.call(roomPath(room, '/invites'), {
      token: await world.person('ben'),
      json: { role: 'owner', kind: 'link' }
    })
    const { code } = await made.json()
    await world.remove(room, 'ana', 'ben')
    const answer = await world.call('/api/join', { token: await world.person('ben'), json: { code } })
    await expectProblem(answer, 'invite-invalid')
  })

  it('may have gone by themselves', async () => {
    const room = await trio()
    const cleo = await world.enter(room, 'cleo')
    expect((await world.remove(room, 'cleo', 'cleo')).status).toBe(204)
    expect(await cleo.denied()).toBe('forbidden')
    await expectProblem(await world.remove(room, 'ana', 'cleo'), 'not-found')
  })
})

describe.skipIf(missing('postgres'))('a room beside another', () => {
  it('can be closed to somebody whom the other lets in', async () => {
    await world.create('timeline/shut', 'ana', { ben: 'family' })
    const comments = 'comments/timeline:shut'
    const [ana, ben] = [await world.enter(comments, 'ana'), await world.enter(comments, 'ben')]
    expect((await world.remove(comments, 'ana', 'ben')).status).toBe(204)
    expect(await ben.denied()).toBe('forbidden')
    expect(ana.isDenied).toBe(false)
    expect((await world.call(roomPath('timeline/shut'), { token: await world.person('ben') })).status).toBe(
      200
    )
    const answer = await world.call(roomPath(comments, '/members'), { token: await world.person('ana') })
    expect(await answer.json()).toEqual({ members: [] })
  })
})

describe.skipIf(missing('postgres'))('the devices of a user', () => {
  interface Device {
    id: string
    user: string
    userAgent: string
    rooms: string[]
  }
  const devices = async (token: string, query = ''): Promise<Device[]> => {
    const answer = await world.call(`/api/sessions${query}`, { token })
    expect(answer.status).toBe(200)
    const { sessions }: { sessions: Device[] } = await answer.json()
    return sessions
  }

  it('are told to them, and to administrators, and to nobody else', async () => {
    const room = await world.create(newRoom(), 'dan')
    const client = await world.open({ 'user-agent': 'a phone' })
    const token = await world.person('dan')
    await client.enter(room, { token })
    expect(await devices(token)).toMatchObject([{ user: 'dan', userAgent: 'a phone', rooms: [room] }])
    expect(await devices(world.admin, '?user=dan')).toHaveLength(1)
    expect(await devices(await world.person('eve'))).toEqual([])
    await expectProblem(
      await world.call('/api/sessions?user=dan', { token: await world.person('eve') }),
      'forbidden'
    )
  })

  it('can be ended one by one, and do not come back', async () => {
    const room = await world.create(newRoom(), 'dan')
    const phone = await world.open()
    const ofPhone = await world.person('dan')
    await phone.enter(room, { token: ofPhone })
    const laptop = await world.open({ 'user-agent': 'a laptop' })
    const token = await signToken({
      sub: 'dan',
      jti: 'laptop',
      exp: 4e9
    })
    await laptop.enter(room, { token })
    const mine = await devices(token)
    const other = mine.find(({ userAgent }) => userAgent !== 'a laptop')
    const ids = mine.map(({ id }) => id)
    expect(ids).toHaveLength(2)
    await expectProblem(
      await world.call(`/api/sessions/${ids[0]}`, { method: 'DELETE', token: await world.person('eve') }),
      'not-found'
    )
    expect((await world.call(`/api/sessions/${other?.id}`, { method: 'DELETE', token })).status).toBe(204)
    expect(await phone.ended()).toMatchObject({ reason: 'token-invalid' })
    expect(laptop.ending).toBeNull()
    const back = await world.open()
    expect(await back.join(room, ofPhone)).toMatchObject({ kind: 'denied' })
  })
})

describe.skipIf(missing('postgres'))('a guest where no auth is configured', () => {
  it('is kept out once the owner has sent them away', async () => {
    await using open = await startBelongingWorld({ AUTH_SECRET: '' })
    const guest = async (name: string): Promise<{ token: string; user: { id: string } }> =>
      (await open.call('/api/guests', { json: { name } })).json()
    const [ana, ben] = [await guest('Ana'), await guest('Ben')]
    const room = newRoom()
    expect((await open.call('/api/rooms', { token: ana.token, json: { name: room } })).status).toBe(201)
    const client = await open.open()
    await client.enter(room, { token: ben.token })
    const path = roomPath(room, `/members/${ben.user.id}`)
    expect((await open.call(path, { method: 'DELETE', token: ana.token })).status).toBe(204)
    await waitUntil(() => client.count('denied') === 1, { about: 'the room to be closed' })
    expect(await client.join(room, ben.token)).toMatchObject({ reason: 'forbidden' })
    await expectProblem(await open.call(path, { method: 'DELETE', token: ana.token }), 'not-found')
  })
})

describe.skipIf(missing('postgres'))('a revocation', () => {
  it('holds after a restart of the server', async () => {
    await using own = await startBelongingWorld({ AUTH_SECRET: authSecret })
    const room = await own.create(newRoom(), 'ana')
    const token = await own.person('ana')
    expect((await own.call(roomPath(room), { token })).status).toBe(200)
    await own.call('/api/revocations', { token: own.admin, json: { userId: 'ana' } })
    await own.server.restart()
    await expectProblem(await own.call(roomPath(room), { token }), 'token-invalid')
  })
})
