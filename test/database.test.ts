import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database, DatabaseErrorKind } from '../server/database/database.ts'
import { engines } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { failureOf, type OpenDatabase, openOn } from './support/open-database.ts'

const kindOf = async (statement: Promise<unknown>): Promise<DatabaseErrorKind> =>
  (await failureOf(statement)).kind

const id = '6fa459ea-ee8a-3ca4-894e-db77e160355e'

describe.each(engines)('on %s', (engine) => {
  describe.skipIf(engine === 'postgres' && missing('postgres'))('the database', () => {
    let opened: OpenDatabase
    let database: Database

    beforeAll(async () => {
      opened = await openOn(engine)
      database = opened.database
      await database.exec(`
        create table item (id int8 primary key, name text not null check (name <> 'forbidden'), data bytea);
        create table log (n int)`)
    })
    beforeEach(async () => {
      await database.exec('truncate item; truncate log')
    })
    afterAll(async () => {
      await opened[Symbol.asyncDispose]()
    })

    const logged = async (): Promise<unknown[]> =>
      (await database.query('select n from log order by n')).map(({ n }) => n)

    it('says which engine it is', () => {
      expect(database.engine).toBe(engine)
    })

    describe('gives results of one type each', () => {
      it.each<[string, string, unknown]>([
        ['int8', '9007199254740993', 9007199254740993n],
        ['int8', '7', 7n],
        ['int4', '7', 7],
        ['float8', '1.5', 1.5],
        ['boolean', 'true', true],
        ['text', 'Grüße, 世界 👋', 'Grüße, 世界 👋'],
        ['uuid', id, id],
        ['jsonb', '{"a": [1, null, "ü"]}', { a: [1, null, 'ü'] }],
        ['timestamptz', '2026-11-20 10:00:00.123456+02', new Date('2026-11-20T08:00:00.123Z')],
        ['numeric', '12345678901234567890.5', '12345678901234567890.5']
      ])('%s %s', async (type, text, expected) => {
        expect(await database.query(`select $1::text::${type} as value`, [text])).toEqual([
          { value: expected }
        ])
      })

      it('bytea', async () => {
        const [row] = await database.query<{ value: Buffer }>(`select '\\x00ff5c'::bytea as value`)
        expect(row?.value).toEqual(Buffer.from([0, 255, 92]))
      })

      it('NULL of every type', async () => {
        const [row] = await database.query(
          'select null::int8 as a, null::bytea as b, null::jsonb as c, null::timestamptz as d, $1::uuid as e',
          [null]
        )
        expect(row).toEqual({ a: null, b: null, c: null, d: null, e: null })
      })
    })

    it('takes back every parameter that it gave', async () => {
      const at = new Date('2026-11-20T08:00:00.123Z')
      const bytes = Buffer.from([0, 255, 92])
      const given = [9007199254740993n, -3, 'a"b\\c\n', true, false, at, bytes, id]
      const [row] = await database.query(
        `select $1::int8 as a, $2::int4 as b, $3::text as c, $4::boolean as d, $5::boolean as e, $6::timestamptz as f,
          $7::bytea as g, $8::uuid as h`,
        given
      )
      expect(Object.values(row ?? {})).toEqual(given)
    })

    it('takes bytes of a part of a buffer', async () => {
      const part = new Uint8Array([9, 1, 2, 9]).subarray(1, 3)
      expect(await database.query('select $1::bytea as value', [part])).toEqual([
        { value: Buffer.from([1, 2]) }
      ])
    })

    it('takes JSON as text', async () => {
      const value = { text: '{"quoted": "\\"", "ü": 1}', list: [1, [2]] }
      const rows = await database.query('select $1::text::jsonb as value', [JSON.stringify(value)])
      expect(rows).toEqual([{ value }])
    })

    it('carries 8 MiB of bytes there and back', async () => {
      const data = Buffer.alloc(8 * 1024 ** 2, Buffer.from([0, 1, 2, 39, 92, 128, 255]))
      await database.query('insert into item values (1, $1, $2)', ['big', data])
      const [row] = await database.query<{ data: Buffer }>('select data from item where id = 1')
      expect(row?.data.equals(data)).toBe(true)
    })

    it('runs a prepared statement again after the table that it returns has changed', async () => {
      const lane = await database.lane()
      await database.exec('create table growing (ok boolean, data bytea)')
      const insert = () =>
        lane.query('insert into growing values ($1, $2) returning *', [false, Buffer.from([255])])
      await insert()
      await database.exec('alter table growing add column more int')
      expect(await insert()).toEqual([{ ok: false, data: Buffer.from([255]), more: null }])
      await lane.close()
    })

    it('refuses two statements in one query', async () => {
      expect(await kindOf(database.query('select 1; select 2'))).toBe('bug')
    })

    describe('a transaction', () => {
      it('is committed when its work resolves, and gives its result', async () => {
        const result = await database.transaction(async (t) => {
          await t.query('insert into log values (1)')
          await t.exec('insert into log values (2); insert into log values (3)')
          return 'done'
        })
        expect(result).toBe('done')
        expect(await logged()).toEqual([1, 2, 3])
      })

      it('is rolled back when its work rejects, with the very error', async () => {
        const reason = new Error('changed my mind')
        const work = database.transaction(async (t) => {
          await t.query('insert into log values (1)')
          throw reason
        })
        await expect(work).rejects.toBe(reason)
        expect(await logged()).toEqual([])
      })

      it('is rolled back by a failed statement whose error its work has caught', async () => {
        const work = database.transaction(async (t) => {
          await t.query('insert into log values (1)')
          await t.query('insert into nowhere values (1)').catch(() => 'never mind')
          return 'done'
        })
        expect((await failureOf(work)).code).toBe('42P01')
        expect(await logged()).toEqual([])
      })

      it('is rolled back by a failed statement that its work did not wait for', async () => {
        const work = database.transaction(async (t) => {
          await t.query('insert into log values (1)')
          t.query('insert into nowhere values (1)').catch(() => 'never mind')
        })
        expect(await kindOf(work)).toBe('bug')
        expect(await logged()).toEqual([])
      })

      it('is not seen by others before it is committed', async () => {
        const seen: unknown[][] = []
        let others: Promise<unknown> = Promise.resolve()
        await database.transaction(async (t) => {
          await t.query('insert into log values (1)')
          // On PGlite this one waits for the end of the transaction.
          others = logged().then((rows) => seen.push(rows))
          if (engine === 'postgres') await others
        })
        await others
        expect(seen).toEqual([engine === 'postgres' ? [] : [1]])
      })

      it('runs nothing after its end', async () => {
        const late = await database.transaction(async (t) => () => t.query('insert into log values (1)'))
        expect(await kindOf(late())).toBe('bug')
        expect(await logged()).toEqual([])
      })

      it('leaves the database usable after a failure', async () => {
        await database.transaction((t) => t.query('no sql')).catch(() => 'as it should')
        expect(await database.query('select 1 as one')).toEqual([{ one: 1 }])
      })
    })

    it('runs a script as a whole or not at all', async () => {
      await expect(
        database.exec('insert into log values (1); insert into nowhere values (1)')
      ).rejects.toThrow()
      expect(await logged()).toEqual([])
    })

    it('serves more statements at once than it has connections', async () => {
      const numbers = Array.from({ length: 100 }, (_, n) => n)
      const rows = await Promise.all(numbers.map((n) => database.query('select $1::int4 as n', [n])))
      expect(rows.flat()).toEqual(numbers.map((n) => ({ n })))
    })

    describe('tells apart', () => {
      it('a broken rule of the schema, by its name', async () => {
        await database.query(`insert into item values (1, 'a')`)
        const twice = await failureOf(database.query(`insert into item values (1, 'b')`))
        expect(twice).toMatchObject({ kind: 'constraint', constraint: 'item_pkey', code: '23505' })
        const check = await failureOf(database.query(`insert into item values (2, 'forbidden')`))
        expect(check).toMatchObject({ kind: 'constraint', constraint: 'item_name_check' })
        expect(await kindOf(database.query('insert into item values (3, null)'))).toBe('constraint')
      })

      it.each([
        ['a syntax error', 'selekt 1', []],
        ['a table that is not there', 'select * from nowhere', []],
        ['a value of the wrong type', 'select $1::int4', ['x']],
        ['a text with U+0000', 'select $1::text', ['a\0b']],
        ['a missing parameter', 'select $1::int4, $2::int4', [1]]
      ])('%s, as a bug', async (_, text, params) => {
        expect(await kindOf(database.query(text, params))).toBe('bug')
      })

      it.each<[string, DatabaseErrorKind]>([
        ['40001', 'conflict'],
        ['40P01', 'conflict'],
        ['53100', 'full'],
        ['53200', 'full'],
        ['53300', 'unavailable'],
        ['57014', 'unavailable'],
        ['57P03', 'unavailable'],
        ['XX001', 'bug']
      ])('what the server reports as %s, as %s', async (code, kind) => {
        const raise = database.exec(
          `do $$ begin raise exception 'injected' using errcode = '${code}'; end $$`
        )
        expect(await failureOf(raise)).toMatchObject({ kind, code, message: 'injected' })
      })

      it('and keeps what the driver threw as the cause, without parameters', async () => {
        const { cause } = await failureOf(database.query('select $1::int4', ['a secret']))
        expect(cause).toBeInstanceOf(Error)
        expect(Object.values({ ...(cause as Error) })).not.toContainEqual(['a secret'])
      })
    })

    describe('a lane', () => {
      it('runs its statements in the order in which they were asked for', async () => {
        const lane = await database.lane()
        await database.exec('create sequence turn')
        const params = Array.from({ length: 50 }, (_, n) => n)
        const answers = await Promise.all(
          params.map((n) =>
            n % 2 === 0
              ? lane.query(`select nextval('turn') as turn, $1::int4 as n`, [n])
              : lane.query(`select nextval('turn') as turn, $1::int8::int4 as n, pg_sleep(0.001)`, [n])
          )
        )
        expect(answers.flat().map(({ turn }) => Number(turn))).toEqual(params.map((n) => n + 1))
        await lane.close()
      })

      it('goes on after a statement that failed', async () => {
        const lane = await database.lane()
        const results = await Promise.allSettled([
          lane.query('no sql'),
          lane.query('insert into log values (1)')
        ])
        expect(results.map(({ status }) => status)).toEqual(['rejected', 'fulfilled'])
        expect(await logged()).toEqual([1])
        await lane.close()
      })

      it('gives a statement up that has no answer within its time, and works on', async () => {
        const lane = await database.lane({ timeoutMs: 100 })
        const locked = Promise.withResolvers<void>()
        const release = Promise.withResolvers<void>()
        const blocked = database.transaction(async (t) => {
          await t.query('lock table log')
          locked.resolve()
          await release.promise
        })
        await locked.promise
        expect(await failureOf(lane.query('insert into log values (1)'))).toMatchObject({
          kind: 'unavailable',
          message: 'no answer within 100 ms'
        })
        release.resolve()
        await blocked
        expect(await lane.query('select 2 as two')).toEqual([{ two: 2 }])
        await lane.close()
      })

      it('has done what was asked before when it is closed', async () => {
        const lane = await database.lane()
        const numbers = Array.from({ length: 20 }, (_, n) => n)
        const answers = Promise.all(numbers.map((n) => lane.query(`select $1::int4 as n${n}`, [n])))
        await lane.close()
        expect(await answers).toEqual(numbers.map((n) => [{ [`n${n}`]: n }]))
      })

      it('gives up what waits when it is reset, and works on', async () => {
        const lane = await database.lane()
        const waiting = Promise.allSettled([lane.query('select pg_sleep(0.2)'), lane.query('select 1')])
        await lane.reset()
        for (const result of await waiting) {
          expect(result).toMatchObject({ status: 'rejected', reason: { kind: 'unavailable' } })
        }
        expect(await lane.query('select 2 as two')).toEqual([{ two: 2 }])
        await lane.close()
      })
    })
  })

  describe.skipIf(engine === 'postgres' && missing('postgres'))('a closed database', () => {
    it('has done what was asked before, does nothing more, and may be closed again', async () => {
      await using opened = await openOn(engine)
      const { database } = opened
      const lane = await database.lane()
      const before = Promise.all([database.query('select 1 as one'), lane.query('select 1 as one')])
      await database.close()
      expect(await before).toEqual([[{ one: 1 }], [{ one: 1 }]])
      expect(await kindOf(database.query('select 1'))).toBe('unavailable')
      expect(await kindOf(database.exec('select 1'))).toBe('unavailable')
      expect(await kindOf(database.transaction((t) => t.query('select 1')))).toBe('unavailable')
      expect(await kindOf(lane.query('select 1'))).toBe('unavailable')
      await database.close()
    })
  })
})
