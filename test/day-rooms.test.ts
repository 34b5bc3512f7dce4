import { setTimeout as sleep } from 'node:timers/promises'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { callServer, roomPath } from './support/http.ts'
import { missing } from './support/missing.ts'
import type { RawClient } from './support/raw-client.ts'
import { awarenessMessage } from './support/raw-messages.ts'
import { type SessionWorld, startSessionWorld } from './support/session-world.ts'
import { waitUntil } from './support/wait-until.ts'

const [day, other] = ['timeline/ours', 'document/other']

describe.skipIf(missing('postgres'))('on the day of a room', () => {
  let world: SessionWorld
  beforeEach(async () => {
    world = await startSessionWorld({ AUTH_SECRET: '', ROOMLOG_DAY_ROOMS: 'timeline/*' })
  })
  afterEach(() => world[Symbol.asyncDispose]())

  let ids = 1
  /** In these rooms, and seen there. */
  const enter = async (...rooms: readonly string[]): Promise<RawClient & { id: number }> => {
    const client = Object.assign(await world.open(), { id: ids++ })
    for (const room of rooms) {
      await client.join(room)
      client.send(awarenessMessage(room, [{ id: client.id, clock: 1, state: { here: true } }]))
    }
    return client
  }
  const hasHeard = (client: RawClient, id: number, isHere: boolean): boolean =>
    client.heard.some(
      (heard) =>
        heard.kind === 'awareness' &&
        heard.entries.some((entry) => entry.id === id && (entry.state !== null) === isHere)
    )
  /** Their network takes nothing and brings nothing, and no end of the connection either. */
  const loseNetwork = (client: RawClient): void => client.socket.pause()
  const stats = async (room: string) => (await callServer(world.server.url, roomPath(room, '/stats'))).json()

  test('who lost their network is gone from presence, while elsewhere they still count as there (G10)', async () => {
    const watcher = await enter(day, other)
    const inDay = await enter(day)
    const inBoth = await enter(other, day)
    const elsewhere = await enter(other)
    await waitUntil(() => [inDay, inBoth, elsewhere].every(({ id }) => hasHeard(watcher, id, true)), {
      about: 'the watcher to see everybody'
    })
    for (const client of [inDay, inBoth, elsewhere]) loseNetwork(client)
    await waitUntil(() => [inDay, inBoth].every(({ id }) => hasHeard(watcher, id, false)), {
      about: 'those of the day to be gone',
      timeoutMs: 20_000
    })
    expect(hasHeard(watcher, elsewhere.id, false)).toBe(false)
    expect(watcher.ending).toBeNull()
    expect(await stats(day)).toMatchObject({ connections: 1 })
    expect(await stats(other)).toMatchObject({ connections: 2 })
    expect(await world.refusals('idle')).toBe(2)
  })

  test('its stats say so, whether it is open or not', async () => {
    const quick = { heartbeat: { pingMs: 3_000, goneMs: 8_000 } }
    await callServer(world.server.url, '/api/rooms', { json: { name: day } })
    expect(await stats(day)).toMatchObject(quick)
    await enter(day, other)
    expect(await stats(day)).toMatchObject(quick)
    expect(await stats(other)).toMatchObject({ heartbeat: { pingMs: 20_000, goneMs: 60_000 } })
  })
})

test.skipIf(missing('postgres'))(
  'a server that stood still sends nobody away who could not be heard',
  async () => {
    await using world = await startSessionWorld({ AUTH_SECRET: '', ROOMLOG_IDLE_TIMEOUT_MS: '1000' })
    const client = await world.open()
    await client.join(other)
    world.server.pause()
    await sleep(2_500)
    world.server.resume()
    for (let round = 0; round < 3; round++) {
      const before = client.pings
      await waitUntil(() => client.ending ?? client.pings > before, {
        about: 'to be asked once more'
      })
    }
    expect(client.ending).toBeNull()
  }
)
