import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import type { User } from '../client/index.ts'
import { createRoster, membersUrl } from '../client/roster.ts'
import { createStore } from '../client/store.ts'
import type { RoomName } from '../schema/room-name.ts'
import { waitUntil } from './support/wait-until.ts'

type Role = 'couple' | 'guest'

const room = 'timeline/lea & jo' as RoomName

const members = [
  { userId: 'gil', name: 'Gil', role: 'guest', takes: null },
  { userId: 'ana', name: 'Ana', role: 'couple', takes: null },
  { userId: 'eva', name: '', role: 'guest', takes: null }
]

const present = (id: string, name: string, role: Role, stale = false): User<unknown, Role> => {
  const connection = { connectionId: 1, presence: {}, activity: 'active' as const, stale }
  return { ...connection, id, role, info: { name, color: '#000' }, connections: [connection] }
}

const servers: Server[] = []

afterEach(() => {
  for (const server of servers.splice(0)) server.close()
})

/** What answers in the place of a server, and how often it was asked by whom. */
const answerWith = async (answer: { status: number; body: unknown }) => {
  const asked: (string | undefined)[] = []
  const server = createServer((request, response) => {
    asked.push(request.headers.authorization)
    response.writeHead(answer.status, { 'content-type': 'application/json' })
    response.end(JSON.stringify(answer.body))
  })
  servers.push(server)
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  return { asked, url: `ws://127.0.0.1:${port}/` }
}

const follow = async ({ status = 200, body = { members } as unknown, isGuest = false } = {}) => {
  const server = await answerWith({ status, body })
  const self = createStore<User<unknown, Role> | null>(null)
  const others = createStore<readonly User<unknown, Role>[]>([])
  const failures: string[] = []
  const roster = createRoster<Role>({
    definition: { roles: ['couple', 'guest'] },
    url: `${server.url}ws`,
    name: room,
    auth: isGuest ? undefined : async () => ({ token: 't' }),
    presence: { self, others },
    failed: (code, message) => failures.push(`${code} ${message}`)
  })
  const names = () => roster.get().map(({ userId, online }) => `${userId}${online ? ' here' : ''}`)
  return { ...server, roster, self, others, failures, names }
}

const show = async ({ roster, names }: Awaited<ReturnType<typeof follow>>, wanted: readonly string[]) => {
  await waitUntil(() => names().join() === wanted.join(), { about: `the roster ${wanted}` })
  return roster.get()
}

describe('the roster', () => {
  test('shows everybody who belongs to the room, the highest role first, and whether they are here', async () => {
    const world = await follow()
    world.roster.subscribe(() => {})
    world.others.set([present('gil', 'Gil', 'guest')])
    const [, , gil] = await show(world, ['ana', 'eva', 'gil here'])
    expect(gil).toEqual({ userId: 'gil', name: 'Gil', role: 'guest', online: true, lastSeen: null })
  })

  test('shows those too who are here by their token alone', async () => {
    const world = await follow()
    world.roster.subscribe(() => {})
    world.self.set(present('zoe', 'Zoe', 'couple'))
    await show(world, ['ana', 'zoe here', 'eva', 'gil'])
  })

  test('says when somebody was seen last who has been here, and null of whoever has not', async () => {
    const world = await follow()
    world.roster.subscribe(() => {})
    world.others.set([present('gil', 'Gil', 'guest')])
    await show(world, ['ana', 'eva', 'gil here'])
    world.others.set([present('gil', 'Gil', 'guest', true)])
    const [ana, , gil] = await show(world, ['ana', 'eva', 'gil'])
    expect(ana?.lastSeen).toBeNull()
    expect(gil?.lastSeen).toBeInstanceOf(Date)
  })

  test('says when the server has seen somebody last, unless they were seen here since', async () => {
    const at = '2026-05-02T12:00:00.000Z'
    const world = await follow({ body: { members: members.map((member) => ({ ...member, lastSeen: at })) } })
    world.roster.subscribe(() => {})
    world.others.set([present('gil', 'Gil', 'guest')])
    const [ana, , here] = await show(world, ['ana', 'eva', 'gil here'])
    expect(ana?.lastSeen).toEqual(new Date(at))
    expect(here?.lastSeen).toBeNull()
    world.others.set([])
    const [, , gil] = await show(world, ['ana', 'eva', 'gil'])
    expect(gil?.lastSeen?.getTime()).not.toBe(Date.parse(at))
  })

  test('gives a role that was taken for a limited time, and calls somebody without a name by their id', async () => {
    const takes = { role: 'couple', until: '2026-05-02T12:00:00Z', reason: 'rain' }
    const world = await follow({ body: { members: [{ userId: 'eva', name: '', role: 'guest', takes }] } })
    world.roster.subscribe(() => {})
    const [eva] = await show(world, ['eva'])
    expect(eva).toMatchObject({ name: 'eva', role: 'couple' })
  })

  test('leaves out what is no member and a role that the kind does not have', async () => {
    const body = { members: [7, { userId: 'x' }, { userId: 'y', role: 'wizard' }, members[1]] }
    const world = await follow({ body })
    world.roster.subscribe(() => {})
    await show(world, ['ana'])
  })

  test('is asked for while somebody looks, once at a time, with the token', async () => {
    const world = await follow()
    world.roster.refresh()
    expect(world.asked).toEqual([])
    world.roster.subscribe(() => {})
    for (let n = 0; n < 5; n++) world.roster.refresh()
    await waitUntil(() => world.asked.length === 2, { about: 'the second request' })
    await show(world, ['ana', 'eva', 'gil'])
    expect(world.asked).toEqual(['Bearer t', 'Bearer t'])
  })

  test('of a guest is asked for without a token', async () => {
    const world = await follow({ isGuest: true })
    world.roster.subscribe(() => {})
    await show(world, ['ana', 'eva', 'gil'])
    expect(world.asked).toEqual([undefined])
  })

  test('keeps its reference while nothing changes', async () => {
    const world = await follow()
    world.roster.subscribe(() => {})
    const before = await show(world, ['ana', 'eva', 'gil'])
    world.others.set([])
    expect(world.roster.get()).toBe(before)
  })

  test('tells a refusal by name, and shows those who are here', async () => {
    const world = await follow({ status: 403, body: { code: 'forbidden', detail: 'no' } })
    world.roster.subscribe(() => {})
    world.others.set([present('gil', 'Gil', 'guest')])
    await waitUntil(() => world.failures.length > 0, { about: 'the failure' })
    expect(world.failures).toEqual([`forbidden ${membersUrl(`${world.url}ws`, room)} answered 403`])
    expect(world.names()).toEqual(['gil here'])
  })
})

test('the members are asked for where the socket is', () => {
  expect(membersUrl('ws://127.0.0.1:8080/ws', room)).toBe(
    'http://127.0.0.1:8080/api/rooms/timeline%2Flea%20%26%20jo/members'
  )
  expect(membersUrl('wss://example.org/roomlog/ws', room)).toMatch(
    /^https:\/\/example\.org\/roomlog\/api\/rooms\//
  )
})
