import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import type { Database } from '../server/database/database.ts'
import { migrate } from '../server/database/migrate.ts'
import { openDatabase } from '../server/database/open-database.ts'
import { createDatabase } from './support/database.ts'
import { engines, silent } from './support/log-world.ts'
import { missing } from './support/missing.ts'
import { failureOf, type OpenDatabase, openOn } from './support/open-database.ts'

describe.each(engines)('on %s', (engine) => {
  describe.skipIf(engine === 'postgres' && missing('postgres'))('migrating', () => {
    let opened: OpenDatabase
    let database: Database
    let folder: string

    beforeAll(async () => {
      opened = await openOn(engine)
      database = opened.database
      folder = mkdtempSync(join(tmpdir(), 'roomlog-migrations-'))
    })
    beforeEach(async () => {
      await database.exec('drop schema public cascade; create schema public')
      for (const name of readdirSync(folder)) rmSync(join(folder, name))
    })
    afterAll(async () => {
      await opened[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true })
    })

    const write = (name: string, script: string): void => writeFileSync(join(folder, name), script)
    const run = (): Promise<string[]> => migrate(database, silent, pathToFileURL(`${folder}/`))
    const applied = async (): Promise<unknown[]> =>
      (await database.query('select name from migration order by name')).map(({ name }) => name)

    it('makes the tables of this program, once', async () => {
      expect(await migrate(database, silent)).toContain('0001-log.sql')
      expect(await database.query('select * from entry')).toEqual([])
      expect(await migrate(database, silent)).toEqual([])
    })

    it('applies what is missing, in the order of the names', async () => {
      write('0002-second.sql', 'alter table thing add column b int; insert into thing values (1, 2)')
      write('0001-first.sql', 'create table thing (a int)')
      expect(await run()).toEqual(['0001-first.sql', '0002-second.sql'])
      write('0010-tenth.sql', 'update thing set b = 3')
      expect(await run()).toEqual(['0010-tenth.sql'])
      expect(await database.query('select * from thing')).toEqual([{ a: 1, b: 3 }])
    })

    it('leaves nothing of a file that fails, nor of those after it', async () => {
      write('0001-good.sql', 'create table good (a int)')
      write('0002-bad.sql', 'create table bad (a int); insert into nowhere values (1)')
      write('0003-after.sql', 'create table later (a int)')
      expect((await failureOf(run())).code).toBe('42P01')
      expect(await applied()).toEqual(['0001-good.sql'])
      expect((await failureOf(database.query('select * from bad'))).code).toBe('42P01')
      write('0002-bad.sql', 'create table bad (a int)')
      expect(await run()).toEqual(['0002-bad.sql', '0003-after.sql'])
    })

    it('refuses a file that was changed after it was applied, by its name', async () => {
      write('0001-first.sql', 'create table thing (a int)')
      await run()
      write('0001-first.sql', 'create table thing (a int, b int)')
      write('0002-second.sql', 'create table other (a int)')
      await expect(run()).rejects.toThrow('0001-first.sql was changed after it was applied')
      expect(await applied()).toEqual(['0001-first.sql'])
    })

    it('refuses a database that is newer than the program, by the newest names of both', async () => {
      write('0001-first.sql', 'create table thing (a int)')
      write('0002-second.sql', 'create table other (a int)')
      await run()
      rmSync(join(folder, '0002-second.sql'))
      await expect(run()).rejects.toThrow(
        'the database is newer than this program: it has 0002-second.sql, the newest here is 0001-first.sql'
      )
    })

    it('refuses a file whose name says no order', async () => {
      write('first.sql', 'create table thing (a int)')
      await expect(run()).rejects.toThrow('first.sql is no name of a migration')
    })
  })
})

describe.skipIf(missing('postgres'))('several nodes', () => {
  it('that migrate at once apply each file once, and all find it applied', async () => {
    await using place = await createDatabase()
    const nodes = await Promise.all(
      Array.from({ length: 6 }, () =>
        openDatabase({ url: place.url, dataDir: null, logger: silent, poolMax: 1 })
      )
    )
    const applied = await Promise.all(nodes.map((node) => migrate(node, silent)))
    const [first] = nodes
    expect(applied.flat().sort()).toEqual(
      (await first?.query('select name from migration order by name'))?.map(({ name }) => name)
    )
    for (const node of nodes) {
      expect(await node.query('select * from room')).toEqual([])
      await node.close()
    }
  })
})
