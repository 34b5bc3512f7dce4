import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'
import { z } from 'zod'
import { createDatabase } from './support/database.ts'
import { callServer } from './support/http.ts'
import { missing } from './support/missing.ts'
import { startServer } from './support/server.ts'
import { authSecret, signToken } from './support/tokens.ts'

const program = join(import.meta.dirname, '../bench/stress/roomlog-bench.mjs')
/** Each command starts two processes. */
const timeoutMs = 90_000
const run = promisify(execFile)

/** What the command prints, and its exit code. */
const stress = async (...words: string[]): Promise<{ code: number; stdout: string; stderr: string }> => {
  try {
    return { code: 0, ...(await run(process.execPath, [program, ...words], { timeout: 50_000 })) }
  } catch (error) {
    return endingShape.parse(error)
  }
}

const endingShape = z.object({ code: z.number(), stdout: z.string(), stderr: z.string() })

const answerShape = z.object({
  scenario: z.string(),
  asked: z.object({ clients: z.number(), rooms: z.number(), seconds: z.number(), prefix: z.string() }),
  figures: z.record(z.string(), z.number().nullable())
})

test.skipIf(missing('postgres'))(
  'the stress command measures a running server from outside',
  async () => {
    await using place = await createDatabase()
    await using server = await startServer({ databaseUrl: place.url, env: { AUTH_SECRET: authSecret } })
    const token = await signToken({ grants: [{ room: 'document/*', role: 'owner' }] })
    const words = [
      '--url',
      server.wsUrl,
      '--token',
      token,
      '--pid',
      String(server.pid),
      '--seconds',
      '1',
      '--json'
    ]

    const typed = answerShape.parse(
      JSON.parse((await stress('typing', ...words, '--clients', '4', '--rooms', '2')).stdout)
    )
    expect(typed).toMatchObject({ scenario: 'typing', asked: { clients: 4, rooms: 2, seconds: 1 } })
    expect(typed.figures['updates/s']).toBeGreaterThan(0)
    expect(typed.figures['ack p50 ms']).toBeGreaterThan(0)
    expect(typed.figures['delivery p99 ms']).toBeGreaterThan(0)
    expect(typed.figures['server cores']).not.toBeNull()

    // The key presses are in the log, under the name that it said.
    const room = encodeURIComponent(`${typed.asked.prefix}-0`)
    const view = await callServer(server.url, `/api/rooms/${room}/view`, { token })
    expect((await view.json()).seq).toBeGreaterThan(1)

    const crowd = answerShape.parse(
      JSON.parse((await stress('presence', ...words, '--clients', '5', '--per-second', '20')).stdout)
    )
    expect(crowd.figures['delivered, of 1']).toBe(1)
  },
  timeoutMs
)

test.skipIf(missing('postgres'))('the stress command says why the server refused it', async () => {
  await using place = await createDatabase()
  await using server = await startServer({ databaseUrl: place.url, env: { AUTH_SECRET: authSecret } })
  const refused = await stress('typing', '--url', server.wsUrl, '--token', 'no token', '--seconds', '1')
  expect(refused).toMatchObject({ code: 1, stderr: expect.stringContaining('token-invalid') })
})

test('the stress command does nothing to another machine without consent', async () => {
  const asked = await stress('fan-out', '--url', 'wss://rooms.example.org', '--clients', '1000')
  expect(asked.code).toBe(2)
  expect(asked.stderr).toContain('rooms.example.org is not this machine')
  expect(asked.stderr).toContain('1001 connections, 20000 deliveries/s')
  expect(asked.stderr).toContain('--yes')
})

test.each([
  [['typing'], '--url'],
  [['typing', '--url', 'http://127.0.0.1'], '--url http://127.0.0.1'],
  [['swim', '--url', 'ws://127.0.0.1'], 'swim: one of typing'],
  [['typing', '--url', 'ws://127.0.0.1', '--seconds', '999999'], '--seconds 999999'],
  [['typing', '--url', 'ws://127.0.0.1', '--rooms', '30'], '--rooms 30'],
  [['typing', '--url', 'ws://127.0.0.1', '--fast'], '--fast']
])('the stress command names what is wrong with %j', async (words, what) => {
  const { code, stderr } = await stress(...words)
  expect(code).toBe(2)
  expect(stderr).toContain(what)
})
