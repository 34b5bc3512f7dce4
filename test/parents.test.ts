import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import * as Y from 'yjs'
import * as z from 'zod/mini'
import { defineRoom } from '../schema/define-room.ts'
import { type ParentRule, userPart } from '../schema/parent.ts'
import { roomIdOf } from '../server/log/room-log.ts'
import { type AuthorityWorld, expectRefused, openAuthorityWorld, room } from './support/authority.ts'
import { type BelongingWorld, startBelongingWorld } from './support/belonging.ts'
import { expectProblem, roomPath } from './support/http.ts'
import { missing } from './support/missing.ts'
import { awarenessMessage, queryAwarenessMessage, syncMessage } from './support/raw-messages.ts'
import { openProvider } from './support/stock-provider.ts'
import { authSecret, seconds, signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'

const kindOf = (kind: string, parent?: ParentRule, more: { access?: object; creator?: string } = {}) =>
  defineRoom({
    kind,
    roles: ['owner', 'helper', 'guest'],
    access: { owner: { write: '*', mayTake: [] }, helper: { mayTake: ['owner'] }, guest: {}, ...more.access },
    guests: 'guest',
    ...(more.creator === undefined ? {} : { creator: more.creator as 'guest' }),
    ...(parent === undefined ? {} : { parent: parent as ParentRule<'owner' | 'helper' | 'guest'> }),
    storage: {},
    presence: z.looseObject({})
  })

const kinds = new Map(
  [
    kindOf('trip'),
    kindOf('secret', { kinds: ['trip'], id: 'same', roles: { owner: 'owner' } }),
    kindOf('talk', {
      kinds: ['trip', 'note'],
      id: 'kind',
      roles: { owner: 'owner', helper: 'helper', guest: 'guest' }
    }),
    kindOf(
      'note',
      { kinds: ['trip'], id: 'rest', roles: { owner: 'owner' }, creators: ['helper', 'guest'] },
      { creator: 'helper' }
    ),
    kindOf('own', { kinds: ['trip'], id: 'user', roles: {}, own: 'owner' }),
    kindOf('egg', { kinds: ['hen'], id: 'same', roles: { owner: 'owner' } }),
    kindOf('hen', { kinds: ['egg'], id: 'same', roles: { owner: 'owner' } })
  ].map((definition) => [definition.kind, definition])
)

describe('the role in a room that belongs to another', () => {
  let world: AuthorityWorld
  beforeAll(async () => {
    world = await openAuthorityWorld()
  })
  afterAll(() => world[Symbol.asyncDispose]())
  afterEach(() => world.database.exec('delete from room; delete from member; delete from escalation'))

  const addRoom = async (name: string, members: Record<string, string> = {}): Promise<void> => {
    const id = roomIdOf(room(name))
    await world.database.query(`insert into room (id, name, kind) values ($1::uuid, $2, 'any')`, [id, name])
    for (const [user, role] of Object.entries(members))
      await world.database.query('insert into member (room_id, user_id, role) values ($1::uuid, $2, $3)', [
        id,
        user,
        role
      ])
  }
  const authority = () => world.authority({ authSecret }, { kinds })
  const access = async (user: string, name: string, claims: object = {}) => {
    const asked = authority()
    return asked.authorize(await asked.identify(await signToken({ sub: user, ...claims })), room(name))
  }
  const creation = async (user: string, name: string, claims: object = {}) => {
    const asked = authority()
    return asked.authorizeCreation(
      await asked.identify(await signToken({ sub: user, ...claims })),
      room(name)
    )
  }

  it('is what the kind makes of the role there', async () => {
    await addRoom('trip/1', { ana: 'owner', ben: 'helper', cleo: 'guest' })
    expect(await access('ana', 'secret/1')).toMatchObject({ role: 'owner', lastingRole: 'owner' })
    expect(await access('cleo', 'talk/trip:1')).toMatchObject({ role: 'guest', mayWrite: false })
    await expectRefused(access('ben', 'secret/1'), 'forbidden')
    await expectRefused(access('eve', 'talk/trip:1'), 'forbidden')
  })

  it('is found through more than one room', async () => {
    await addRoom('trip/1', { ana: 'owner', ben: 'helper' })
    await addRoom('note/1~a')
    expect(await access('ana', 'talk/note:1~a')).toMatchObject({ role: 'owner' })
    await expectRefused(access('ben', 'talk/note:1~a'), 'forbidden')
  })

  it('comes after a grant of the token for it, and after a membership of its own', async () => {
    await addRoom('trip/1', { ana: 'owner' })
    await addRoom('secret/1', { ana: 'guest', ben: 'helper' })
    expect(await access('ana', 'secret/1')).toMatchObject({ role: 'guest' })
    expect(await access('ben', 'secret/1')).toMatchObject({ role: 'helper' })
    expect(await access('ana', 'secret/1', { grants: [{ room: 'secret/1', role: 'helper' }] })).toMatchObject(
      {
        role: 'helper'
      }
    )
  })

  it('follows from a grant for the other room', async () => {
    const grants = [{ room: 'trip/*', role: 'owner' }]
    expect(await access('zoe', 'secret/1', { grants })).toMatchObject({ role: 'owner' })
  })

  it('is that of the person whom the name says, if they have one in the other room', async () => {
    await addRoom('trip/1', { ana: 'owner', 'ben.x@y.z': 'guest' })
    const name = `own/1~${userPart('ben.x@y.z')}`
    expect(await access('ben.x@y.z', name)).toMatchObject({ role: 'owner' })
    await expectRefused(access('ana', name), 'forbidden')
    await expectRefused(access('eve', 'own/1~eve'), 'forbidden')
  })

  it("is nobody's whose role in the other room was taken away", async () => {
    await addRoom('trip/1', { ana: '' })
    await expectRefused(access('ana', 'secret/1'), 'forbidden')
  })

  it('is none for guests whom only the other room lets in', async () => {
    const open = world.authority({}, { kinds })
    const guest = await open.identify('')
    expect(await open.authorize(guest, room('trip/1'))).toMatchObject({ role: 'guest' })
    expect(await open.authorize(guest, room('talk/trip:1'))).toMatchObject({ role: 'guest' })
    await expectRefused(open.authorize(guest, room('secret/1')), 'forbidden')
  })

  it('ends with the other room', async () => {
    await addRoom('trip/1', { ana: 'owner' })
    await addRoom('secret/1', { ben: 'owner' })
    await world.database.exec(`update room set deleted_at = now() where name = 'trip/1'`)
    await expectRefused(access('ana', 'secret/1'), 'room-deleted', /trip\/1/)
    await expectRefused(access('ben', 'secret/1'), 'room-deleted')
    await expectRefused(access('eve', 'secret/1'), 'forbidden')
  })

  it('counts what was taken there for a time, and says what is left without it', async () => {
    await addRoom('trip/1', { ben: 'helper', gus: 'guest' })
    const takes = (user: string, until: string): Promise<unknown> =>
      world.database.query(
        `insert into escalation (room_id, user_id, name, role, reason, until)
         values ($1::uuid, $2, $2, 'owner', 'why', now() + $3::text::interval)`,
        [roomIdOf(room('trip/1')), user, until]
      )
    await takes('ben', '1 minute')
    await takes('gus', '1 minute')
    expect(await access('ben', 'secret/1')).toMatchObject({ role: 'owner', lastingRole: null })
    expect(await access('ben', 'trip/1')).toMatchObject({ role: 'owner', lastingRole: 'helper' })
    expect(await access('gus', 'trip/1')).toMatchObject({ role: 'guest' })
    await world.database.exec(`update escalation set until = now()`)
    await expectRefused(access('ben', 'secret/1'), 'forbidden')
  })

  it('is none where the name does not say to which room it belongs', async () => {
    for (const name of ['own/1', 'own/ana~', 'note/1~', 'talk/poem:1', 'talk/trip', 'talk/trip:'])
      await expectRefused(
        access('ana', name, { grants: [{ room: '*', role: 'admin' }] }),
        'room-name-invalid'
      )
  })

  it('is none where kinds belong to each other in a circle', async () => {
    await expectRefused(
      access('ana', 'egg/1', { grants: [{ room: 'hen/*', role: 'owner' }] }),
      'room-name-invalid'
    )
  })

  it('lets those create it who may, once the other room is there, and asks for it to be created', async () => {
    await expectRefused(
      creation('cleo', 'note/1~a', { grants: [{ room: 'trip/*', role: 'guest' }] }),
      'room-not-found'
    )
    await addRoom('trip/1', { ana: 'owner', cleo: 'guest' })
    expect(await creation('cleo', 'note/1~a')).toMatchObject({ role: 'helper' })
    await expectRefused(creation('ana', 'note/1~a'), 'forbidden')
    await expectRefused(creation('eve', 'note/1~a'), 'forbidden')
    await expectRefused(access('ana', 'note/1~a'), 'room-not-found')
    await expectRefused(access('eve', 'note/1~a'), 'forbidden')
  })

  it('of one person is created by them alone', async () => {
    await addRoom('trip/1', { ana: 'owner', cleo: 'guest' })
    expect(await creation('cleo', 'own/1~cleo')).toMatchObject({ role: 'owner' })
    await expectRefused(creation('ana', 'own/1~cleo'), 'forbidden')
    await expectRefused(creation('eve', 'own/1~eve'), 'forbidden')
  })
})

describe.skipIf(missing('postgres'))('a ceremony', () => {
  let world: BelongingWorld
  beforeAll(async () => {
    world = await startBelongingWorld()
    await world.create('timeline/w', 'ana', { cora: 'coordinator', gus: 'guest', otto: 'officiant' })
    await world.create('timeline/other', 'gus')
  })
  afterEach(() => world.closeAll())
  afterAll(() => world?.[Symbol.asyncDispose]())

  const ceremony = 'ceremony/w'

  /** Ana is in it, with a presence and a vow that nobody else may read. */
  const rehearse = async () => {
    const ana = await world.enter(ceremony, 'ana')
    const vows = new Y.Doc()
    vows.getText('vows/ana').insert(0, 'a secret vow')
    ana.client.send(syncMessage(ceremony, 2, Y.encodeStateAsUpdate(vows)))
    ana.client.send(awarenessMessage(ceremony, [{ id: 7, clock: 1, state: { focus: 'a secret place' } }]))
    await waitUntil(() => ana.client.acknowledged() === 2, { about: 'the vow to be saved' })
    return ana
  }

  it.each(['gus', 'cora', 'otto', 'eve'])(
    'is nowhere to be seen by %s, who is not named in it',
    async (user) => {
      await rehearse()
      const token = await world.person(user)
      for (const rest of ['', '/view', '/doc', '/entries', '/stats', '/members', '/invites'])
        await expectProblem(await world.call(roomPath(ceremony, rest), { token }), 'forbidden')
      const client = await world.open()
      expect(await client.join(ceremony, token)).toMatchObject({ kind: 'denied', reason: 'forbidden' })
      client.send(syncMessage(ceremony, 0, Uint8Array.of(0)), queryAwarenessMessage(ceremony))
      await client.settled()
      expect(client.heard.filter(({ kind }) => kind !== 'denied' && kind !== 'ping')).toEqual([])
      const listed = [
        await (await world.call('/api/rooms', { token })).text(),
        await (await world.call('/api/rooms?kind=ceremony', { token })).text(),
        await (await world.call('/api/rooms?parent=timeline%2Fw', { token })).text()
      ]
      for (const text of listed) expect(text).not.toContain(ceremony)
    }
  )

  it('tells nobody else whether it is there', async () => {
    await rehearse()
    const token = await world.person('gus')
    const detailOf = async (name: string): Promise<string> =>
      (await expectProblem(await world.call(roomPath(name), { token }), 'forbidden')).replaceAll(name, 'it')
    await world.create('timeline/empty', 'ana', { gus: 'guest' })
    expect(await detailOf(ceremony)).toBe(await detailOf('ceremony/empty'))
  })

  it('can have people named in it before anything is written to it', async () => {
    await world.create('timeline/early', 'ana', { otto: 'officiant' })
    expect((await world.setRole('ceremony/early', 'ana', 'otto', 'officiant')).status).toBe(200)
    expect((await world.enter('ceremony/early', 'otto')).client.messages('role')).toMatchObject([
      { role: 'officiant' }
    ])
  })

  it('is closed to everybody in it when the day is deleted', async () => {
    await world.create('timeline/off', 'ana')
    const ana = await world.enter('ceremony/off', 'ana')
    const token = await world.person('ana')
    expect((await world.call(roomPath('timeline/off'), { method: 'DELETE', token })).status).toBe(204)
    expect(await ana.denied()).toBe('room-deleted')
  })

  it('is open to whoever is named in it, for as long as they are', async () => {
    await rehearse()
    expect((await world.setRole(ceremony, 'ana', 'otto', 'officiant')).status).toBe(200)
    using otto = openProvider(world.server.wsUrl, ceremony, undefined, await world.person('otto'))
    await otto.settled()
    expect(otto.document.getText('vows/ana').toString()).toContain('a secret vow')
    const token = await world.person('otto')
    const listed = await (await world.call('/api/rooms?parent=timeline%2Fw&kind=ceremony', { token })).json()
    expect(listed.rooms).toMatchObject([{ name: ceremony }])
    const reasons: string[] = []
    otto.provider.on('authenticationFailed', ({ reason }: { reason: string }) => reasons.push(reason))
    await world.remove(ceremony, 'ana', 'otto')
    await waitUntil(() => reasons.length > 0, { about: 'the provider to be told' })
  })
})

describe.skipIf(missing('postgres'))('the rooms that belong to a room', () => {
  let world: BelongingWorld
  beforeAll(async () => {
    world = await startBelongingWorld()
  })
  afterAll(() => world?.[Symbol.asyncDispose]())

  const list = async (user: string, query: string): Promise<{ names: string[]; next: string | null }> => {
    const answer = await world.call(`/api/rooms?${query}`, { token: await world.person(user) })
    expect(answer.status).toBe(200)
    const { rooms, next }: { rooms: { name: string }[]; next: string | null } = await answer.json()
    return { names: rooms.map(({ name }) => name), next }
  }

  it('are listed to those who may read them, page by page, and no others', async () => {
    await world.create('form/42', 'ana', { ben: 'respondent', cleo: 'respondent' })
    await world.create('form/42~x', 'ana')
    const respond = async (user: string, name: string): Promise<void> => {
      const answer = await world.call('/api/rooms', { token: await world.person(user), json: { name } })
      expect([name, answer.status]).toEqual([name, 201])
    }
    for (const n of [1, 2, 3]) await respond('ben', `response/42~b${n}`)
    await respond('cleo', 'response/42~c1')
    await respond('ana', 'response/42~x~1')
    const all = ['response/42~b1', 'response/42~b2', 'response/42~b3', 'response/42~c1']
    expect((await list('ana', 'parent=form%2F42&kind=response')).names).toEqual(all)
    expect((await list('cleo', 'parent=form%2F42&kind=response')).names).toEqual(['response/42~c1'])
    const first = await list('ana', 'parent=form%2F42&limit=3')
    expect(first).toEqual({ names: all.slice(0, 3), next: all[2] })
    const second = await list('ana', `parent=form%2F42&after=${encodeURIComponent(first.next ?? '')}`)
    expect(second).toEqual({ names: all.slice(3), next: null })
  })

  it('are not told to somebody who may not read the room itself', async () => {
    const token = await signToken({ sub: 'eve', exp: seconds() + 60 })
    await expectProblem(await world.call('/api/rooms?parent=form%2F42', { token }), 'forbidden')
  })
})
