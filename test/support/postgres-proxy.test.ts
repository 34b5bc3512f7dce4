import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase, type TestDatabase } from './database.ts'
import { missing } from './missing.ts'
import { type Fault, type PostgresProxy, startPostgresProxy } from './postgres-proxy.ts'
import { waitUntil } from './wait-until.ts'

describe.skipIf(missing('postgres'))('the proxy before Postgres', () => {
  let database: TestDatabase
  let proxy: PostgresProxy
  let direct: postgres.Sql
  beforeAll(async () => {
    database = await createDatabase()
    proxy = await startPostgresProxy(database.url)
    direct = postgres(database.url, { max: 1 })
    await direct`create table written (word text)`
  })
  afterAll(async () => {
    await direct.end()
    await proxy.close()
    await database.drop()
  })

  const countOf = async (word: string): Promise<number> =>
    (await direct`select from written where word = ${word}`).length

  /** What happens to a statement of a tenth of a second that goes through the proxy: 'done', or the code of its error. */
  const write = async (word: string): Promise<string> => {
    const through = postgres(proxy.url, { max: 1, fetch_types: false })
    try {
      await through`insert into written select ${word} from pg_sleep(0.1)`
      return 'done'
    } catch (error) {
      return error instanceof Error && 'code' in error ? String(error.code) : String(error)
    } finally {
      await through.end({ timeout: 0 })
    }
  }

  test('passes everything on while nothing is planned', async () => {
    expect([await write('plain'), await countOf('plain')]).toEqual(['done', 1])
  })

  test.each<[string, Fault, string | RegExp, number]>([
    ['cuts before a statement is executed', { lose: 'request' }, 'ECONNRESET', 0],
    ['cuts when a statement was executed', { lose: 'answer' }, 'ECONNRESET', 1],
    ['refuses a statement', { refuseWith: '53100' }, '53100', 0],
    ['shuts down', { refuseWith: '57P01' }, /57P01|CONNECTION_CLOSED/, 0]
  ])('%s, once', async (word, fault, outcome, count) => {
    const failed = proxy.fail(/insert into written/, fault)
    expect(await write(word)).toMatch(outcome)
    await failed
    expect(await countOf(word)).toBe(count)
    expect([await write(word), await countOf(word)]).toEqual(['done', count + 1])
  })

  test('cuts the client while Postgres goes on', async () => {
    const failed = proxy.fail(/insert into written/, { lose: 'client' })
    expect([await write('during'), await countOf('during')]).toEqual(['ECONNRESET', 0])
    await failed
    await waitUntil(async () => (await countOf('during')) === 1, { about: 'the statement to be executed' })
  })

  test.each([
    ['request', 0],
    ['answer', 1]
  ] as const)('swallows a statement at its %s and leaves the connection open', async (lose, count) => {
    const through = postgres(proxy.url, { max: 1, fetch_types: false })
    let isSettled = false
    const settle = (): void => {
      isSettled = true
    }
    const failed = proxy.fail(/insert into written/, { lose, silently: true })
    const answer = through`insert into written values (${lose})`.then(settle, settle)
    await failed
    await waitUntil(async () => (await countOf(lose)) === count, { about: 'what should be there' })
    expect([await write('on another'), isSettled]).toEqual(['done', false])
    await through.end({ timeout: 0 })
    await answer
  })

  test('takes no connections while it refuses', async () => {
    proxy.refuse()
    expect(await write('refused')).toMatch(/ECONNRESET|CONNECTION_/)
    proxy.admit()
    expect(await write('admitted')).toBe('done')
  })
})
