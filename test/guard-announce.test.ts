import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest'
import { roomIdOf } from '../server/log/room-log.ts'
import { callServer, expectProblem, roomPath } from './support/http.ts'
import { toRoomName } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import type { RawClient } from './support/raw-client.ts'
import { awarenessMessage, syncMessage } from './support/raw-messages.ts'
import { rawUpdate } from './support/raw-update.ts'
import { type SessionWorld, startSessionWorld } from './support/session-world.ts'
import { signToken } from './support/tokens.ts'
import { waitUntil } from './support/wait-until.ts'

let world: SessionWorld
beforeAll(async () => {
  if (missing('postgres')) return
  world = await startSessionWorld({ ROOMLOG_KINDS: join(import.meta.dirname, 'support/attack-kinds.ts') })
})
afterEach(() => world.closeAll())
afterAll(() => world?.[Symbol.asyncDispose]())

let rooms = 0
const newRoom = (): string => `plan/announced-${++rooms}`

const tokenOf = (user: string, role = 'photographer'): Promise<string> =>
  signToken({ sub: user, name: user, grants: [{ room: 'plan/*', role }] })

const enter = async (room: string, user: string, role?: string): Promise<RawClient> => {
  const client = await world.open()
  await client.enter(toRoomName(room), { token: await tokenOf(user, role) })
  return client
}

const isSeen = (client: RawClient, id: number): boolean =>
  client.heard.some(
    (heard) =>
      heard.kind === 'awareness' && heard.entries.some((entry) => entry.id === id && entry.state !== null)
  )

/** Shows its id, and waits until somebody else has seen it. */
const announce = async (client: RawClient, room: string, id: number, seenBy: RawClient): Promise<void> => {
  client.send(awarenessMessage(room, [{ id, clock: 1, state: {} }]))
  await waitUntil(() => isSeen(seenBy, id), { about: `id ${id} to be seen` })
}

/** An entry of the collection `items`, which photographers write. */
const written = (id: number, clock = 0): Uint8Array<ArrayBuffer> =>
  Uint8Array.from(
    rawUpdate([{ client: id, clock, structs: [{ type: 1, parent: 'items', key: `i${clock}` }] }])
  )

const refusedAs = (client: RawClient): unknown[] =>
  client.messages('refused').map((refused) => Reflect.get(refused, 'code'))

describe.skipIf(missing('postgres'))('G6: a client id that somebody has shown', () => {
  it('is refused to somebody else, on both doors, and its owner writes with it', async () => {
    const room = newRoom()
    const [ada, eve] = [await enter(room, 'ada'), await enter(room, 'eve')]
    await announce(ada, room, 7, eve)
    eve.send(syncMessage(toRoomName(room), 2, written(7)))
    await waitUntil(() => refusedAs(eve).length > 0, { about: 'the refusal' })
    expect(refusedAs(eve)).toEqual(['client-id-taken'])
    const answer = await callServer(world.server.url, roomPath(toRoomName(room), '/doc'), {
      token: await tokenOf('eve'),
      bytes: written(7)
    })
    await expectProblem(answer, 'client-id-taken')
    ada.send(syncMessage(toRoomName(room), 2, written(7)))
    await waitUntil(() => ada.acknowledged() > 1, { about: 'the acknowledgement' })
    expect(refusedAs(ada)).toEqual([])
  })

  it('is not shown for somebody else', async () => {
    const room = newRoom()
    const [ada, eve, ben] = [await enter(room, 'ada'), await enter(room, 'eve'), await enter(room, 'ben')]
    await announce(ada, room, 7, ben)
    await ada.close()
    await waitUntil(
      () =>
        ben.heard.some(
          (heard) =>
            heard.kind === 'awareness' && heard.entries.some(({ id, state }) => id === 7 && state === null)
        ),
      {
        about: 'ada to be gone'
      }
    )
    const before = ben.heard.length
    eve.send(awarenessMessage(room, [{ id: 7, clock: 9, state: {} }]))
    await announce(eve, room, 8, ben)
    const since = ben.heard
      .slice(before)
      .flatMap((heard) => (heard.kind === 'awareness' ? heard.entries : []))
    expect(since.filter(({ id }) => id === 7)).toEqual([])
  })

  it('stays theirs when everybody has left, and the room is read anew', async () => {
    const room = newRoom()
    const [ada, eve] = [await enter(room, 'ada'), await enter(room, 'eve')]
    await announce(ada, room, 7, eve)
    eve.send(syncMessage(toRoomName(room), 2, written(8)))
    await waitUntil(() => eve.acknowledged() > 1, { about: 'the room to have its row' })
    const id = roomIdOf(toRoomName(room))
    await waitUntil(
      async () => (await world.database.query('select from client where room_id = $1', [id])).length > 0,
      {
        about: 'the id to be written down'
      }
    )
    await world.closeAll()
    await waitUntil(async () => (await world.stats()).rooms === 0, { about: 'the room to be closed' })
    const again = await enter(room, 'eve')
    again.send(syncMessage(toRoomName(room), 2, written(7)))
    await waitUntil(() => refusedAs(again).length > 0, { about: 'the refusal' })
    expect(refusedAs(again)).toEqual(['client-id-taken'])
    const ben = await enter(room, 'ben')
    ben.send(syncMessage(toRoomName(room), 2, written(8, 1)))
    await waitUntil(() => refusedAs(ben).length > 0, { about: 'the refusal of an id that was written with' })
    expect(refusedAs(ben)).toEqual(['client-id-taken'])
  })

  it('may be brought by a full writer, and stays its owner’s when the room is read anew', async () => {
    const room = newRoom()
    const owner = await enter(room, 'olga', 'owner')
    const ben = await enter(room, 'ben')
    await announce(owner, room, 5, ben)
    owner.send(syncMessage(toRoomName(room), 2, written(9)))
    await waitUntil(() => owner.acknowledged() > 1, { about: 'the acknowledgement' })
    await world.closeAll()
    await waitUntil(async () => (await world.stats()).rooms === 0, { about: 'the room to be closed' })
    const author = await enter(room, 'ada')
    author.send(syncMessage(toRoomName(room), 2, written(9, 1)))
    await waitUntil(() => author.acknowledged() > 1, { about: 'the author to go on' })
    expect(refusedAs(author)).toEqual([])
  })
})

describe.skipIf(missing('postgres'))('G5: a refusal', () => {
  it('says where, on both doors, and stands in the audit', async () => {
    const room = newRoom()
    const eve = await enter(room, 'eve')
    const elsewhere = Uint8Array.from(
      rawUpdate([{ client: 3, clock: 0, structs: [{ text: 'x', parent: 'title' }] }])
    )
    eve.send(syncMessage(toRoomName(room), 2, elsewhere))
    await waitUntil(() => refusedAs(eve).length > 0, { about: 'the refusal' })
    expect(eve.messages('refused')).toMatchObject([{ code: 'path-refused', path: 'title' }])
    const answer = await callServer(world.server.url, roomPath(toRoomName(room), '/doc'), {
      token: await tokenOf('eve'),
      bytes: elsewhere
    })
    expect(await answer.clone().json()).toMatchObject({ path: 'title' })
    await expectProblem(answer, 'path-refused')
    const rows = await waitUntil(
      async () => {
        const found = await world.database.query(
          "select user_id, code, detail from audit where action = 'write-refused' and room = $1",
          [room]
        )
        return found.length > 0 ? found : null
      },
      { about: 'the audit' }
    )
    expect(rows).toMatchObject([{ user_id: 'eve', code: 'path-refused', detail: { path: 'title' } }])
  })
})
