import { describe, expect, test } from 'vitest'
import { Strain } from '../server/overload.ts'
import { callServer, expectProblem } from './support/http.ts'
import { newRoom } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { RawClient } from './support/raw-client.ts'
import { startSessionWorld } from './support/session-world.ts'
import { openProvider } from './support/stock-provider.ts'
import { Typist } from './support/typist.ts'
import { waitUntil } from './support/wait-until.ts'

describe('how a node that may be 100 ms late judges', () => {
  const isTooMuchAfter = (...delays: readonly number[]): boolean => {
    const strain = new Strain(100)
    for (const delayMs of delays) strain.take(delayMs)
    return strain.isTooMuch
  }

  test.each([
    ['one late window', [5_000], false],
    ['late windows that do not follow each other', [101, 0, 101, 0, 101], false],
    ['two in a row', [101, 101], true],
    ['exactly the limit', [100, 100, 100], false]
  ])('%s: %j', (_, delays, expected) => {
    expect(isTooMuchAfter(...delays)).toBe(expected)
  })

  test('that is overloaded is calm only when it was below half of that for three windows in a row', () => {
    const busy = [200, 200]
    expect(isTooMuchAfter(...busy, 99, 99, 99, 99)).toBe(true)
    expect(isTooMuchAfter(...busy, 49, 49)).toBe(true)
    expect(isTooMuchAfter(...busy, 49, 49, 50, 49, 49)).toBe(true)
    expect(isTooMuchAfter(...busy, 49, 49, 49)).toBe(false)
  })
})

describe.skipIf(missing('postgres'))('a server whose event loop is late (G7)', () => {
  const start = () =>
    startSessionWorld({
      LOG_LEVEL: 'info',
      ROOMLOG_EVENT_LOOP_DELAY_MS_MAX: '100',
      AUTH_SECRET: '',
      NODE_OPTIONS: `--import=${new URL('./support/busy-on-signal.ts', import.meta.url).href}`
    })

  test('refuses newcomers by name with a time to come back, serves those who are there, and lets all in again', async () => {
    await using world = await start()
    const { server } = world
    const room = newRoom()
    const ben = await Typist.open(server.wsUrl, room)
    const isReady = async () => (await callServer(server.url, '/readyz')).ok
    expect(await isReady()).toBe(true)

    process.kill(server.pid, 'SIGUSR2')
    await waitUntil(async () => !(await isReady()), { about: '/readyz to say no', timeoutMs: 20_000 })
    const readiness = await callServer(server.url, '/readyz')
    expect(readiness.headers.get('retry-after')).toBe('3')
    expect(await expectProblem(readiness, 'overloaded')).toMatch(/^the event loop is \d+ ms late > 100 ms$/)
    await expect(RawClient.open(server.wsUrl)).rejects.toThrow('503')
    ben.type('still here')
    await waitUntil(() => ben.isAllAcknowledged, { about: 'what is typed meanwhile to be saved' })
    expect((await callServer(server.url, '/healthz')).status).toBe(200)

    // A stock provider keeps trying by itself.
    using ada = openProvider(server.wsUrl, room)
    await waitUntil(async () => (await world.refusals('overloaded')) > 1, {
      about: 'the provider to be refused'
    })
    process.kill(server.pid, 'SIGUSR2')
    await waitUntil(isReady, { about: '/readyz to say yes', timeoutMs: 30_000 })
    await waitUntil(() => ada.document.getText(ben.root).length === ben.text.length, {
      about: 'the provider to be let in'
    })
    expect(server.stderr()).toMatch(/"delayMs":\d+,"delayMsMax":100,"msg":"overloaded: nobody new is let in"/)
  }, 90_000)
})
