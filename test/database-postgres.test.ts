import { dirname } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../server/database/database.ts'
import { openDatabase } from '../server/database/open-database.ts'
import { createDatabase, type TestDatabase } from './support/database.ts'
import { silent } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { failureOf } from './support/open-database.ts'
import { freePort } from './support/ports.ts'
import { startPostgres } from './support/postgres.ts'
import { startPostgresProxy } from './support/postgres-proxy.ts'
import { waitUntil } from './support/wait-until.ts'

const open = (url: string): Promise<Database> =>
  openDatabase({ url, dataDir: null, logger: silent, poolMax: 2, timeoutMs: 5000 })

describe.skipIf(missing('postgres'))('with a Postgres server', () => {
  let place: TestDatabase
  let database: Database

  beforeEach(async () => {
    place = await createDatabase()
    database = await open(place.url)
    await database.exec('create table log (n int)')
  })
  afterEach(async () => {
    await database.close()
    await place.drop()
  })

  const logged = async (): Promise<unknown[]> =>
    (await database.query('select n from log order by n')).map(({ n }) => n)

  /** Ends the sessions that run, or ran last, a statement with this text. */
  const terminate = (text: string): Promise<unknown> =>
    waitUntil(
      async () => {
        const rows = await database.query(
          `select pg_terminate_backend(pid) from pg_stat_activity
          where datname = current_database() and pid <> pg_backend_pid() and query like $1::text || '%'`,
          [text]
        )
        return rows.length
      },
      { about: `a session with ${text}` }
    )

  const sessionsWith = async (text: string): Promise<number> => {
    const rows = await database.query('select 1 from pg_stat_activity where query = $1::text', [text])
    return rows.length
  }

  describe('a statement whose connection is', () => {
    it('ended by the server is unavailable, and the next one runs', async () => {
      const lane = await database.lane()
      const asleep = failureOf(lane.query('select pg_sleep(60)'))
      await terminate('select pg_sleep(60)')
      expect((await asleep).kind).toBe('unavailable')
      expect(await lane.query('select 1 as one')).toEqual([{ one: 1 }])
    })

    it('half open is unavailable after its time, and the next one runs', async () => {
      await using proxy = await startPostgresProxy(place.url)
      const far = await open(proxy.url)
      const lane = await far.lane({ timeoutMs: 200 })
      await lane.query('select 1')
      proxy.silence()
      expect(await failureOf(lane.query('select 1'))).toMatchObject({ kind: 'unavailable' })
      expect(await lane.query('select 2 as two')).toEqual([{ two: 2 }])
      await far.close()
    })

    it('cut after COMMIT was sent is unavailable, whether it was committed or not', async () => {
      await using proxy = await startPostgresProxy(place.url)
      const far = await open(proxy.url)
      for (const [n, lose] of (['request', 'answer'] as const).entries()) {
        const failed = proxy.fail(/^commit$/i, { lose })
        const transaction = far.transaction((t) => t.query('insert into log values ($1)', [n]))
        expect((await failureOf(transaction)).kind).toBe('unavailable')
        await failed
      }
      expect(await logged()).toEqual([1])
      await far.close()
    })

    it('read-only is unavailable, and the next one runs on another connection', async () => {
      const setting = (value: string) =>
        database.exec(`do $$ begin execute format('alter database %I set default_transaction_read_only = ${value}',
          current_database()); end $$`)
      await setting('on')
      const lane = await database.lane()
      expect(await failureOf(lane.query('insert into log values (1)'))).toMatchObject({
        kind: 'unavailable',
        code: '25006'
      })
      await setting('off')
      await lane.query('insert into log values (2)')
      expect(await logged()).toEqual([2])
    })
  })

  it('a transaction that loses its connection writes nothing, not even with its later statements', async () => {
    const began = Promise.withResolvers<void>()
    const cut = Promise.withResolvers<void>()
    const late: unknown[] = []
    const transaction = database.transaction(async (t) => {
      await t.query('insert into log values (1)')
      began.resolve()
      await cut.promise
      late.push((await failureOf(t.query('insert into log values (2)'))).kind)
      late.push((await failureOf(t.query('insert into log values (3)'))).kind)
    })
    await began.promise
    await terminate('insert into log')
    await waitUntil(async () => (await sessionsWith('insert into log values (1)')) === 0, {
      about: 'its end'
    })
    cut.resolve()
    expect((await failureOf(transaction)).kind).toBe('unavailable')
    expect(late).toEqual(['unavailable', 'unavailable'])
    expect(await logged()).toEqual([])
  })

  it('a lane that is reset stops what it was doing on the server too', async () => {
    const lane = await database.lane()
    const asleep = failureOf(lane.query('select pg_sleep(61)'))
    await waitUntil(() => sessionsWith('select pg_sleep(61)'), { about: 'the statement to run' })
    await lane.reset()
    await asleep
    const isGone = async () => (await sessionsWith('select pg_sleep(61)')) === 0
    await waitUntil(isGone, { about: 'the statement to end', timeoutMs: 20_000 })
  })

  it('a transaction does not keep others waiting', async () => {
    const rows = await database.transaction(async (t) => {
      await t.query('insert into log values (1)')
      return database.query('select 1 as one')
    })
    expect(rows).toEqual([{ one: 1 }])
  })

  it('two transactions that block each other: one is a conflict, the other is committed', async () => {
    await database.exec('insert into log values (1), (2)')
    const bothHold = Promise.withResolvers<void>()
    let holders = 0
    const change = (first: number, second: number) =>
      database.transaction(async (t) => {
        await t.query('update log set n = n where n = $1', [first])
        holders += 1
        if (holders === 2) bothHold.resolve()
        await bothHold.promise
        await t.query('update log set n = n where n = $1', [second])
      })
    const results = await Promise.allSettled([change(1, 2), change(2, 1)])
    expect(results.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(results.find(({ status }) => status === 'rejected')).toMatchObject({
      reason: { kind: 'conflict' }
    })
  })

  it('no setting of a role or database takes durability away or changes how bytes come back', async () => {
    await database.exec(`do $$ declare name text; begin
      foreach name in array array['synchronous_commit = off', 'bytea_output = escape', 'datestyle = german'] loop
        execute format('alter database %I set ', current_database()) || name;
      end loop; end $$`)
    const fresh = await open(place.url)
    const [row] = await fresh.query(
      `select current_setting('synchronous_commit') as commits, '\\x00ff'::bytea as data, '2026-11-20 08:00+00'::timestamptz as at`
    )
    expect(row).toEqual({ commits: 'on', data: Buffer.from([0, 255]), at: new Date('2026-11-20T08:00Z') })
    await fresh.close()
  })

  it('a stronger synchronous_commit than the usual is kept', async () => {
    await database.exec(`do $$ begin
      execute format('alter database %I set synchronous_commit = remote_apply', current_database()); end $$`)
    const fresh = await open(place.url)
    const [row] = await fresh.query(`select current_setting('synchronous_commit') as commits`)
    expect(row).toEqual({ commits: 'remote_apply' })
    await fresh.close()
  })

  it('a lane plans its statements once', async () => {
    const lane = await database.lane()
    const names = ['plan_cache_mode', 'application_name']
    const rows = await lane.query(
      'select setting from pg_settings where name = any($1::text::text[]) order by name desc',
      [`{${names}}`]
    )
    expect(rows).toEqual([{ setting: 'force_generic_plan' }, { setting: 'roomlog' }])
  })

  it('of a list of hosts, one that answers is enough', async () => {
    const { hostname, port } = new URL(place.url)
    const closed = await freePort()
    const several = await open(
      place.url.replace(`${hostname}:${port}`, `127.0.0.1:${closed},${hostname}:${port}`)
    )
    expect(await several.query('select 1 as one')).toEqual([{ one: 1 }])
    await several.close()
  })
})

describe.skipIf(missing('postgres'))('a Postgres server that comes and goes', () => {
  it('is unavailable while it is away, from the first statement on, and used again when it is back', async () => {
    await using server = await startPostgres()
    await server.stop()
    const database = await open(server.url)
    const lane = await database.lane()
    const statements = [
      () => database.query('select 1 as one'),
      () => lane.query('select 1 as one'),
      () => database.transaction((t) => t.query('select 1 as one'))
    ]
    for (let round = 0; round < 2; round += 1) {
      for (const statement of statements) expect((await failureOf(statement())).kind).toBe('unavailable')
      await server.restart()
      for (const statement of statements) {
        expect(await waitUntil(statement, { about: 'Postgres to be used again' })).toEqual([{ one: 1 }])
      }
      await server.stop()
    }
    await database.close()
  })

  it('and freezes is unavailable after the time of the statement, and used again when it goes on', async () => {
    await using server = await startPostgres()
    const database = await open(server.url)
    const lane = await database.lane({ timeoutMs: 200 })
    await lane.query('select 1')
    server.pause()
    expect((await failureOf(lane.query('select 1'))).kind).toBe('unavailable')
    expect((await failureOf(lane.query('select 1'))).kind).toBe('unavailable')
    server.resume()
    const answer = await waitUntil(() => lane.query('select 1 as one'), {
      about: 'Postgres to be used again'
    })
    expect(answer).toEqual([{ one: 1 }])
    await database.close()
  })

  it('may be reached over its unix socket', async () => {
    await using server = await startPostgres()
    const folder = encodeURIComponent(dirname(server.socketPath))
    const database = await open(`postgres://roomlog@localhost/postgres?host=${folder}&port=${server.port}`)
    expect(await database.query('select inet_server_addr() as address')).toEqual([{ address: null }])
    await database.close()
  })
})
