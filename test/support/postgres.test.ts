import postgres from 'postgres'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createDatabase } from './database.ts'
import { missing } from './missing.ts'
import { type Postgres, startPostgres } from './postgres.ts'

describe.skipIf(missing('postgres'))('the Postgres of this test run', () => {
  test('is a Postgres 18', async () => {
    await using database = await createDatabase()
    expect(await select(database.url, `select current_setting('server_version')`)).toMatch(/^18\./)
  })

  test('gives two tests two databases', async () => {
    await using one = await createDatabase()
    await using other = await createDatabase()
    await select(one.url, 'create table only_here (id int)')
    expect(await select(other.url, `select to_regclass('only_here')`)).toBeNull()
  })
})

describe.skipIf(missing('postgres'))('a Postgres of its own', () => {
  let server: Postgres
  beforeAll(async () => {
    server = await startPostgres({ durable: true, settings: { max_connections: '20' } })
    await select(server.url, 'create table kept (id int primary key)')
  })
  afterAll(() => server.remove())

  test('is reached over a unix socket too', async () => {
    const sql = postgres(server.url, { path: server.socketPath })
    const [row] = await sql`select inet_server_addr() as address`
    await sql.end()
    expect(row).toEqual({ address: null })
  })

  test('has the settings it was started with, and waits for the disk', async () => {
    expect(await select(server.url, `select current_setting('max_connections')`)).toBe('20')
    expect(await select(server.url, `select current_setting('fsync')`)).toBe('on')
  })

  test('keeps a committed row when it is killed and started again', async () => {
    await select(server.url, 'insert into kept values (1)')
    await server.kill()
    await server.restart()
    expect(await select(server.url, 'select id from kept where id = 1')).toBe(1)
  })

  test('keeps its port and data when it is stopped and started again', async () => {
    await select(server.url, 'insert into kept values (2)')
    await server.stop()
    await expect(select(server.url, 'select 1')).rejects.toThrow('ECONNREFUSED')
    await server.restart()
    expect(await select(server.url, 'select id from kept where id = 2')).toBe(2)
  })

  test('answers nothing while it is paused, and all of it afterwards', async () => {
    const sql = postgres(server.url, { max: 1 })
    await sql`select 1`
    server.pause()
    let answered = false
    const answer = sql`select 1`.then(() => {
      answered = true
    })
    await expect(select(server.url, 'select 1', 1)).rejects.toThrow('CONNECT_TIMEOUT')
    expect(answered).toBe(false)
    server.resume()
    await answer
    await sql.end()
  })
})

const select = async (url: string, statement: string, connectTimeoutSeconds = 10): Promise<unknown> => {
  const sql = postgres(url, { max: 1, connect_timeout: connectTimeoutSeconds })
  try {
    const [row = {}] = await sql.unsafe(statement)
    return Object.values(row)[0]
  } finally {
    await sql.end({ timeout: 0 })
  }
}
