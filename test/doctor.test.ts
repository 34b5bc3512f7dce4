import { execFile } from 'node:child_process'
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { migrate } from '../server/database/migrate.ts'
import { openDatabase } from '../server/database/open-database.ts'
import { examineNode, judgeSpace } from '../server/doctor/examine-machine.ts'
import { type Finding, judgeClock } from '../server/doctor/finding.ts'
import { createDatabase } from './support/database.ts'
import { silent } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { startRedis } from './support/redis.ts'

interface Diagnosis {
  readonly code: number
  readonly findings: readonly Finding[]
  of(about: string): Finding | undefined
}

const main = join(import.meta.dirname, '../server/main.ts')

const run = (
  args: readonly string[],
  env: Record<string, string>
): Promise<{ code: number; stdout: string }> =>
  new Promise((resolve) => {
    const child = execFile(
      process.execPath,
      [main, ...args],
      { env: { PATH: process.env.PATH, ...env } },
      (_, stdout) => resolve({ code: child.exitCode ?? -1, stdout })
    )
  })

const diagnose = async (env: Record<string, string>): Promise<Diagnosis> => {
  const { code, stdout } = await run(['doctor', '--json'], env)
  const { ok, findings }: { ok: boolean; findings: Finding[] } = JSON.parse(stdout)
  expect(ok).toBe(code === 0)
  return { code, findings, of: (about) => findings.find((finding) => finding.about === about) }
}

const open = (url: string) => openDatabase({ url, dataDir: null, logger: silent, poolMax: 1 })

describe('the doctor', () => {
  test('tells all that is wrong with the settings at once', async () => {
    const { code, findings } = await diagnose({ PORT: 'x', LOG_LEVEL: 'loud', ROOMLOG_POOL_MAX: '0' })
    expect(code).toBe(1)
    const problems = findings
      .filter(({ state }) => state === 'problem')
      .map(({ detail }) => detail.split(':')[0])
    expect(problems).toEqual(['PORT', 'ROOMLOG_POOL_MAX', 'LOG_LEVEL'])
  })

  test('says in a line each how it is, and below it what to do', async () => {
    const { code, stdout } = await run(['doctor'], { AUTH_SECRET: 'short' })
    expect(code).toBe(1)
    expect(stdout).toMatch(/^ok {7}Node {6}v\d+\.\d+\.\d+$/m)
    expect(stdout).toMatch(/^problem {2}settings {2}AUTH_SECRET: has 5 bytes.*\n +→ Mend it/m)
    expect((await run(['doctor', '--all'], {})).code).toBe(1)
    expect((await run(['--help'], {})).stdout).toContain('roomlog doctor')
  })

  test('looks at the folder of PGlite without opening it', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'roomlog-doctor-'))
    const fresh = await diagnose({ ROOMLOG_DATA_DIR: join(folder, 'not/there/yet') })
    expect(fresh.code).toBe(0)
    expect(fresh.of('data folder')?.detail).toContain('which the first start makes')
    await writeFile(join(folder, 'file'), '')
    const file = await diagnose({ ROOMLOG_DATA_DIR: join(folder, 'file') })
    expect(file).toMatchObject({ code: 1 })
    expect(file.of('data folder')).toMatchObject({
      state: 'problem',
      detail: expect.stringContaining('is no folder')
    })
    await rm(folder, { recursive: true })
  })

  test('knows an old Node, a full disk and clocks that are apart', () => {
    expect(
      ['v22.17.9', 'v21.99.0', 'v22.18.0', 'v24.0.0'].map((version) => examineNode(version).state)
    ).toEqual(['problem', 'problem', 'ok', 'ok'])
    expect([100 * 1024 ** 2, 500 * 1024 ** 2, 2 * 1024 ** 3].map((free) => judgeSpace(free).state)).toEqual([
      'problem',
      'warning',
      'ok'
    ])
    const asked = { from: 10_000, to: 10_500 }
    expect(
      [8_999, 9_000, 10_200, 11_500, 11_501].map((theirs) => judgeClock('Redis', theirs, asked).state)
    ).toEqual(['warning', 'ok', 'ok', 'ok', 'warning'])
  })
})

describe.skipIf(missing('postgres'))('the doctor asks Postgres', () => {
  test('and finds it well: an empty database, and one that is up to date', async () => {
    await using place = await createDatabase()
    const before = await diagnose({ DATABASE_URL: place.url })
    expect(before.of('tables')).toMatchObject({ state: 'ok', detail: expect.stringContaining('none yet') })
    const database = await open(place.url)
    await migrate(database, silent)
    const after = await diagnose({ DATABASE_URL: place.url })
    expect(after.code).toBe(0)
    expect(after.of('Postgres')?.detail).toMatch(/^version \d+/)
    expect(after.of('tables')?.detail).toMatch(/^\d+ migrations, all applied$/)
    expect(after.of('commits')?.detail).toMatch(/^[\d.]+ ms, the median of 20$/)
    expect(after.of('clock of Postgres')?.state).toBe('ok')
    // The Postgres of a test run does not wait for the disk.
    expect(after.of('durability')).toMatchObject({
      state: 'warning',
      detail: expect.stringContaining('fsync off')
    })
    await database.close()
  })

  test('and tells a user who may not write, a database that is newer, and one that is not there', async () => {
    await using place = await createDatabase()
    const database = await open(place.url)
    await migrate(database, silent)
    const role = new URL(place.url).pathname.slice(1).replace('test', 'reader')
    await database.exec(`create role ${role} login; grant select on all tables in schema public to ${role}`)
    const url = Object.assign(new URL(place.url), { username: role }).href
    const reader = await diagnose({ DATABASE_URL: url })
    expect(reader.code).toBe(1)
    expect(reader.of('tables')?.detail).toMatch(/^this user may not .*insert entry/)
    await database.exec(`drop owned by ${role}; drop role ${role}`)

    await database.exec(`delete from migration where name like '0002%'`)
    expect((await diagnose({ DATABASE_URL: place.url })).of('tables')).toMatchObject({
      state: 'warning',
      detail: expect.stringMatching(/^not applied yet: 0002/)
    })
    await database.exec(`insert into migration (name, hash) values ('9999-later.sql', 'x')`)
    expect((await diagnose({ DATABASE_URL: place.url })).of('tables')).toMatchObject({
      state: 'problem',
      detail: expect.stringContaining('newer than this program')
    })
    await database.close()
    const gone = await diagnose({ DATABASE_URL: `${place.url}_gone` })
    expect(gone).toMatchObject({ code: 1 })
    expect(gone.of('Postgres')).toMatchObject({
      state: 'problem',
      detail: expect.stringContaining('does not exist')
    })
  })
})

describe.skipIf(missing('redis'))('the doctor asks Redis', () => {
  test('and hears its own message come back; a dead one and a frozen one are problems', async () => {
    const redis = await startRedis()
    const alive = await diagnose({ REDIS_URL: redis.url })
    expect(alive.code).toBe(0)
    expect(alive.of('Redis')?.detail).toMatch(/^version [\d.]+, standalone, maxmemory-policy noeviction/)
    expect(alive.of('messages')?.detail).toMatch(/^[\d.]+ ms from one node to the next$/)
    expect(alive.of('clock of Redis')?.state).toBe('ok')
    redis.pause()
    expect((await diagnose({ REDIS_URL: redis.url })).of('Redis')?.state).toBe('problem')
    redis.resume()
    await redis.stop()
    const dead = await diagnose({ REDIS_URL: redis.url })
    expect(dead).toMatchObject({ code: 1 })
    expect(dead.of('Redis')).toMatchObject({
      state: 'problem',
      detail: expect.stringContaining('cannot be asked')
    })
    await redis[Symbol.asyncDispose]()
  })
})
