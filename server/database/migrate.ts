import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import type { Logger } from '../logger.ts'
import type { Database, Queryable, Row, Transaction } from './database.ts'

const schemaFolder = new URL('../../schema/sql/', import.meta.url)
const namePattern = /^\d{4}-[a-z0-9-]+\.sql$/

/** Any number that nothing else in the database locks. */
const lock = 'select pg_advisory_xact_lock(7266656, 1)'

interface Migration {
  readonly name: string
  readonly hash: string
  readonly script: string
}

/**
 * Brings the database to this program's schema: applies what is missing of `schema/sql/*.sql`, in the order of the
 * names, each file in a transaction of its own. Several nodes may do so at once: one does, the others wait for it.
 *
 * @returns the names of what this call applied
 * @throws Error if an applied file was changed since, or the database knows files that this program does not have;
 *   DatabaseError if a file fails: it, and all after it, are not applied
 */
export const migrate = async (
  database: Database,
  logger: Logger,
  folder: URL = schemaFolder
): Promise<string[]> => {
  const migrations = await readMigrations(folder)
  await database.transaction(async (t) => {
    await t.exec(lock)
    await t.exec(`create table if not exists migration (
      name text primary key, hash text not null, applied_at timestamptz not null default now())`)
    refuseForeign(await appliedIn(t), migrations)
  })
  const applied: string[] = []
  for (const migration of migrations) {
    if (!(await database.transaction((t) => apply(t, migration)))) continue
    applied.push(migration.name)
    logger.info({ migration: migration.name }, 'migration applied')
  }
  return applied
}

/**
 * What a `migrate` would find, without changing anything: the names of what is applied, and of what is missing.
 *
 * @throws Error as `migrate`, where the database is not of this program
 */
export const readPending = async (
  database: Queryable,
  folder: URL = schemaFolder
): Promise<{ readonly applied: readonly string[]; readonly missing: readonly string[] }> => {
  const migrations = await readMigrations(folder)
  const [row] = await database.query<{ there: boolean }>(
    `select to_regclass('migration') is not null as there`
  )
  const applied = row?.there ? await appliedIn(database) : []
  refuseForeign(applied, migrations)
  const done = new Set(applied.map(({ name }) => name))
  return {
    applied: [...done],
    missing: migrations.flatMap(({ name }) => (done.has(name) ? [] : name))
  }
}

const readMigrations = async (folder: URL): Promise<Migration[]> => {
  const names = (await readdir(folder)).filter((name) => name.endsWith('.sql')).sort()
  const odd = names.find((name) => !namePattern.test(name))
  if (odd !== undefined) throw new Error(`${odd} is no name of a migration: it must match ${namePattern}`)
  return Promise.all(
    names.map(async (name) => {
      const script = await readFile(new URL(name, folder), 'utf8')
      return { name, script, hash: createHash('sha256').update(script).digest('hex') }
    })
  )
}

interface Applied extends Row {
  readonly name: string
  readonly hash: string
}

const appliedIn = (t: Queryable): Promise<Applied[]> =>
  t.query<Applied>('select name, hash from migration order by name')

const refuseForeign = (applied: readonly Applied[], migrations: readonly Migration[]): void => {
  const known = new Map(migrations.map(({ name, hash }) => [name, hash]))
  for (const { name, hash } of applied) {
    const own = known.get(name)
    if (own === undefined) {
      const newest = migrations.at(-1)?.name ?? 'none'
      throw new Error(`the database is newer than this program: it has ${name}, the newest here is ${newest}`)
    }
    if (own !== hash) throw changed(name, hash, own)
  }
}

/** @returns false if another node was first */
const apply = async (t: Transaction, { name, hash, script }: Migration): Promise<boolean> => {
  await t.exec(lock)
  const [earlier] = await t.query<Applied>('select name, hash from migration where name = $1', [name])
  if (earlier) {
    if (earlier.hash !== hash) throw changed(name, earlier.hash, hash)
    return false
  }
  await t.exec(script)
  await t.query('insert into migration (name, hash) values ($1, $2)', [name, hash])
  return true
}

const changed = (name: string, applied: string, own: string): Error => {
  const short = (hash: string) => hash.slice(0, 12)
  return new Error(
    `${name} was changed after it was applied: ${short(applied)} in the database, ${short(own)} here`
  )
}
