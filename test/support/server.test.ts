import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from './database.ts'
import { missing } from './missing.ts'
import { type ServerProcess, startServer } from './server.ts'
import { waitUntil } from './wait-until.ts'

describe('a server as a process of its own', () => {
  const dataDir = mkdtempSync(join(tmpdir(), 'roomlog-data-'))
  let server: ServerProcess
  beforeAll(async () => {
    server = await startServer({ dataDir })
  })
  afterAll(async () => {
    await server.stop()
    rmSync(dataDir, { recursive: true, force: true })
  })

  test('answers over HTTP', async () => {
    expect((await fetch(`${server.url}/healthz`)).status).toBe(200)
  })

  test('is another process on the same port after kill -9 and a restart', async () => {
    const { pid, url } = server
    await server.kill()
    expect(server.ending()).toEqual({ code: null, signal: 'SIGKILL' })
    await server.restart()
    expect(server.pid).not.toBe(pid)
    expect((await fetch(`${url}/healthz`)).status).toBe(200)
  })

  test('ends with code 0 on SIGTERM', async () => {
    expect(await server.stop()).toBe(0)
    await server.restart()
  })

  test('that cannot start tells why', async () => {
    await expect(startServer({ dataDir, env: { LOG_LEVEL: 'loud' } })).rejects.toThrow(/LOG_LEVEL/)
  })
})

describe.skipIf(missing('postgres'))('a server on the Postgres of this test run', () => {
  test('is ready', async () => {
    await using database = await createDatabase()
    await using server = await startServer({ databaseUrl: database.url })
    const ready = async () => (await fetch(`${server.url}/readyz`)).ok
    expect(await waitUntil(ready, { about: '/readyz to be 200' })).toBe(true)
  })
})
