import { afterEach, describe, expect, test } from 'vitest'
import { callServer, expectProblem } from './support/http.ts'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import type { RawClient } from './support/raw-client.ts'
import { authMessage } from './support/raw-messages.ts'
import { type SessionWorld, startSessionWorld } from './support/session-world.ts'
import { openProvider } from './support/stock-provider.ts'
import { Typist } from './support/typist.ts'
import { waitUntil } from './support/wait-until.ts'

describe.skipIf(missing('postgres'))('a server that is replaced', () => {
  let world: SessionWorld
  afterEach(() => world[Symbol.asyncDispose]())

  const start = async (env: Record<string, string>): Promise<SessionWorld> => {
    world = await startSessionWorld({ AUTH_SECRET: '', ...env })
    return world
  }

  test('is not ready first, and lets everybody in until load balancers have noticed', async () => {
    const { server } = await start({ ROOMLOG_DRAIN_GRACE_MS: '6000' })
    const room = newRoom()
    const stopped = server.stop()
    const readiness = await waitUntil(
      async () => {
        const answer = await callServer(server.url, '/readyz')
        return answer.ok ? null : answer
      },
      { about: '/readyz to say no', everyMs: 5 }
    )
    await expectProblem(readiness, 'draining')
    const late = await Typist.open(server.wsUrl, room)
    late.type('in time')
    await waitUntil(() => late.isAllAcknowledged, { about: 'a latecomer to be served' })
    expect(await late.closed).toMatchObject({ code: 1012, reason: 'draining' })
    expect(await stopped).toBe(0)
  })

  test('asks its sessions to go a few at a time: those that are still there go on, and get no new rooms', async () => {
    const { server } = await start({ ROOMLOG_DRAIN_MS_MAX: '60000' })
    const [room, other] = [newRoom(), newRoom()]
    const clients: RawClient[] = []
    for (let opened = 0; opened < 300; opened++) clients.push(await world.open())
    const typists = await Promise.all(Array.from({ length: 20 }, () => Typist.open(server.wsUrl, room)))
    const here = new Set(typists)
    for (const typist of typists) void typist.closed.then(() => here.delete(typist))

    const stopped = server.stop()
    await Promise.race(clients.map((client) => client.ended()))
    let savedMeanwhile = 0
    for (const typist of here) {
      typist.onAcknowledge = () => savedMeanwhile++
      typist.type('x')
    }
    const asking = clients.filter(({ ending }) => ending === null)
    for (const client of asking) client.send(authMessage(other, ''))

    expect(await stopped).toBe(0)
    const endings = await Promise.all([
      ...clients.map((client) => client.ended()),
      ...typists.map((t) => t.closed)
    ])
    for (const ending of endings) expect(ending).toMatchObject({ code: 1012, reason: 'draining' })
    expect(savedMeanwhile).toBeGreaterThan(0)
    expect(asking.length).toBeGreaterThan(0)
    expect(clients.map((client) => client.count('authenticated'))).toEqual(clients.map(() => 0))
  }, 90_000)

  test('while people write with stock providers loses nothing, and they go on with the next by themselves', async () => {
    const { server } = await start({})
    const room = newRoom()
    const providers = Array.from({ length: 5 }, () => openProvider(server.wsUrl, room))
    await Promise.all(providers.map((each) => each.settled()))
    let typed = 0
    const typing = setInterval(() => {
      for (const { document } of providers) document.getArray('all').push([typed++])
    }, 5)
    await waitUntil(() => typed > 50, { about: 'everybody to write' })
    await server.restart()
    const atReturn = typed
    await waitUntil(() => typed > atReturn + 50, { about: 'everybody to write on' })
    clearInterval(typing)
    await Promise.all(providers.map((each) => each.settled()))
    const expected = Array.from({ length: typed }, (_, index) => index)
    for (const { document } of providers) {
      const all = await waitUntil(
        () => {
          const held = document.getArray<number>('all').toArray()
          return held.length === typed ? held : null
        },
        { about: 'everybody to have everything' }
      )
      expect(all.sort((a, b) => a - b)).toEqual(expected)
    }
    for (const each of providers) each[Symbol.dispose]()
  })
})
