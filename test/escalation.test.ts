import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { type BelongingWorld, type InRoom, startBelongingWorld } from './support/belonging.ts'
import { expectProblem, roomPath } from './support/http.ts'
import { missing } from './support/missing.ts'
import { waitUntil } from './support/wait-until.ts'

let world: BelongingWorld
beforeAll(async () => {
  if (missing('postgres')) return
  world = await startBelongingWorld({ ROOMLOG_ESCALATION_MINUTES_MAX: '30' })
})
afterEach(async () => {
  await world?.closeAll()
})
afterAll(() => world?.[Symbol.asyncDispose]())

let days = 0
/** A wedding day of Ana's with a coordinator, Cora, and a guest, Gus. */
const day = (): Promise<string> =>
  world.create(`timeline/day-${++days}`, 'ana', { cora: 'coordinator', gus: 'guest' })

const reason = 'the couple is on the road'

const take = async (room: string, user: string, json: Record<string, unknown> = {}): Promise<Response> =>
  world.call(roomPath(room, '/escalations'), {
    token: await world.person(user),
    json: { role: 'couple', reason, minutes: 20, ...json }
  })

const giveBack = async (room: string, by: string, user: string): Promise<Response> =>
  world.call(roomPath(room, `/escalations/${user}`), { method: 'DELETE', token: await world.person(by) })

const told = ({ client }: InRoom) => client.messages('escalated')

/** Its time is over now. */
const letEnd = (): Promise<unknown> =>
  world.database.query(`update escalation set until = now() - interval '1 millisecond'`)

describe.skipIf(missing('postgres'))('a role that is taken for a time', () => {
  it('is in force at once on the connection that is open', async () => {
    const room = await day()
    const cora = await world.enter(room, 'cora')
    const answer = await take(room, 'cora')
    expect(answer.status).toBe(201)
    const { until, ...rest } = await answer.json()
    expect(rest).toMatchObject({ userId: 'cora', role: 'couple', reason })
    expect(Math.round((Date.parse(until) - Date.now()) / 60_000)).toBe(20)
    await cora.becomes('couple')
    expect(cora.client.messages('role').at(-1)).toMatchObject({ mayWrite: true })
  })

  it('is told to everybody in the room, and to those who come while it lasts', async () => {
    const room = await day()
    const gus = await world.enter(room, 'gus')
    await take(room, 'cora')
    await waitUntil(() => told(gus).length === 1, { about: 'the news' })
    expect(told(gus)).toMatchObject([{ userId: 'cora', name: 'cora', role: 'couple', reason }])
    const ana = await world.enter(room, 'ana')
    await waitUntil(() => told(ana).length === 1, { about: 'what lasts' })
    expect(told(ana)).toEqual(told(gus))
    const members = await world.call(roomPath(room, '/members/cora'), { token: await world.person('gus') })
    expect(await members.json()).toMatchObject({ role: 'coordinator', takes: { role: 'couple', reason } })
  })

  it('ends by itself, for the one who took it and before everybody else', async () => {
    const room = await day()
    const [cora, gus] = [await world.enter(room, 'cora'), await world.enter(room, 'gus')]
    await take(room, 'cora')
    await letEnd()
    await cora.becomes('coordinator')
    await waitUntil(() => told(gus).at(-1)?.until === null, { about: 'the news that it has ended' })
    const rows = async () => world.database.query('select from escalation')
    await waitUntil(async () => (await rows()).length === 0, { about: 'the row to go', timeoutMs: 20_000 })
  })

  it('lasts beyond a restart of the server, and no longer than it was taken for', async () => {
    const room = await day()
    await take(room, 'cora')
    await world.server.restart()
    const cora = await world.enter(room, 'cora')
    await cora.becomes('couple')
    await letEnd()
    await cora.becomes('coordinator')
  })

  it('is given back before its time by whoever took it, or whoever manages the room', async () => {
    const room = await day()
    const [cora, gus] = [await world.enter(room, 'cora'), await world.enter(room, 'gus')]
    for (const by of ['cora', 'ana']) {
      await take(room, 'cora')
      await cora.becomes('couple')
      await expectProblem(await giveBack(room, 'gus', 'cora'), 'forbidden')
      expect((await giveBack(room, by, 'cora')).status).toBe(204)
      await cora.becomes('coordinator')
    }
    await expectProblem(await giveBack(room, 'ana', 'cora'), 'not-found')
    await waitUntil(() => told(gus).length === 4, { about: 'all the news' })
    expect(told(gus).map(({ until }) => until === null)).toEqual([false, true, false, true])
  })

  it('is taken by a role that may take it alone, with a reason, for no longer than is allowed', async () => {
    const room = await day()
    await expectProblem(await take(room, 'gus'), 'forbidden')
    await expectProblem(await take(room, 'cora', { role: 'planner' }), 'forbidden')
    await expectProblem(await take(room, 'eve'), 'forbidden')
    for (const wrong of [
      { reason: '  ' },
      { reason: 'x'.repeat(501) },
      { reason: 'one\u0000two' },
      { minutes: 31 },
      { minutes: 0 },
      { minutes: 1.5 },
      { role: 'admin' }
    ])
      await expectProblem(await take(room, 'cora', wrong), 'request-invalid')
  })

  it('opens no way to make it last', async () => {
    const room = await day()
    await take(room, 'cora')
    await expectProblem(await world.setRole(room, 'cora', 'cora', 'couple'), 'forbidden')
    await expectProblem(await world.setRole(room, 'cora', 'gus', 'couple'), 'forbidden')
    await expectProblem(await world.remove(room, 'cora', 'ana'), 'forbidden')
    await expectProblem(await world.setRole(room, 'cora', 'ana', 'guest'), 'forbidden')
    const invited = await world.call(roomPath(room, '/invites'), {
      token: await world.person('cora'),
      json: { role: 'couple', kind: 'link' }
    })
    await expectProblem(invited, 'forbidden')
    const deleted = await world.call(roomPath(room), { method: 'DELETE', token: await world.person('cora') })
    await expectProblem(deleted, 'forbidden')
  })

  it('goes with the role that may take it', async () => {
    const room = await day()
    const cora = await world.enter(room, 'cora')
    await take(room, 'cora')
    await world.setRole(room, 'ana', 'cora', 'guest')
    await cora.becomes('guest')
    await world.setRole(room, 'ana', 'cora', 'coordinator')
    await cora.becomes('coordinator')
    await take(room, 'cora')
    await world.remove(room, 'ana', 'cora')
    expect(await cora.denied()).toBe('forbidden')
  })

  it('counts in the rooms that belong to the room, and is told there', async () => {
    const room = await day()
    const comments = `comments/${room.replace('/', ':')}`
    const [ana, hugo] = [await world.enter(comments, 'ana'), await world.enter(comments, 'cora')]
    await take(room, 'cora')
    await waitUntil(() => told(ana).length === 1, { about: 'the news among the comments' })
    expect(told(hugo)).toHaveLength(1)
  })

  it('opens no ceremony, which is for those whom the couple names', async () => {
    const room = await day()
    const ceremony = room.replace('timeline', 'ceremony')
    await world.enter(ceremony, 'ana')
    await take(room, 'cora')
    const cora = await world.open()
    expect(await cora.join(ceremony, await world.person('cora'))).toMatchObject({ reason: 'forbidden' })
  })
})
