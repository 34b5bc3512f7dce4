import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { callServer, expectProblem, roomPath } from './support/http.ts'
import { missing } from './support/missing.ts'
import { type Postgres, startPostgres } from './support/postgres.ts'
import { type ServerProcess, startServer } from './support/server.ts'
import { waitUntil } from './support/wait-until.ts'

describe.skipIf(missing('postgres'))('while Postgres is away', () => {
  let postgres: Postgres
  let server: ServerProcess

  beforeAll(async () => {
    postgres = await startPostgres()
    server = await startServer({ databaseUrl: postgres.url })
  })
  afterAll(async () => {
    await server.stop()
    await postgres.remove()
  })

  const readiness = async (): Promise<number> => (await callServer(server.url, '/readyz')).status

  it('a node lives, is not ready, refuses for now, and is ready again by itself', async () => {
    const name = 'document/outage'
    expect(await readiness()).toBe(200)
    expect((await callServer(server.url, '/api/rooms', { json: { name } })).status).toBe(201)

    await postgres.stop()
    await waitUntil(async () => (await readiness()) === 503, { about: '/readyz to say 503' })
    const ready = await callServer(server.url, '/readyz')
    expect(Number(ready.headers.get('retry-after'))).toBeGreaterThan(0)
    expect(await expectProblem(ready, 'unavailable')).toMatch(/0 entries/)
    for (const rest of ['', '/view', '/doc', '/entries']) {
      await expectProblem(await callServer(server.url, roomPath(name, rest)), 'unavailable')
    }
    expect((await callServer(server.url, '/healthz')).status).toBe(200)

    await postgres.restart()
    await waitUntil(async () => (await readiness()) === 200, { about: '/readyz to say 200' })
    expect((await callServer(server.url, roomPath(name))).status).toBe(200)
  })
})
