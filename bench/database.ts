/** The one Postgres of a run, and what it can tell. */
import { statfsSync } from 'node:fs'
import postgres from 'postgres'
import { startPostgres } from '../test/support/postgres.ts'
import { parentOf } from './load/usage.ts'

export interface BenchDatabase extends AsyncDisposable {
  /** Postgres's first process. */
  readonly pid: number
  readonly version: string
  /** The file system that its data is on: on one in memory, fsync would cost nothing. */
  readonly storage: string
  /** Settings that durability and speed depend on, by name. */
  readonly settings: Readonly<Record<string, string>>
  /** A new empty database, behind a checkpoint, as a URL. */
  create(): Promise<string>
  /** One number from one of the databases. */
  ask(databaseUrl: string, query: string, parameters?: string[]): Promise<number>
  /** One value of bytes, or null where there is no row. */
  askBytes(databaseUrl: string, query: string, parameters: string[]): Promise<Uint8Array | null>
  run(databaseUrl: string, statements: string): Promise<void>
  checkpoint(): Promise<void>
  walPosition(): Promise<string>
  /** What was written between two positions. */
  walBetween(from: string, to: string): Promise<Wal>
}

export interface Wal {
  readonly bytes: number
  /** The part of it that is images of whole pages, written at the first change of a page after a checkpoint. */
  readonly pageImageBytes: number
}

const fileSystems: Readonly<Record<number, string>> = {
  61267: 'ext4',
  1481003842: 'xfs',
  2435016766: 'btrfs',
  2035054128: 'overlayfs',
  16914836: '**tmpfs: nothing is durable here**'
}

const reported = [
  'fsync',
  'synchronous_commit',
  'full_page_writes',
  'wal_level',
  'shared_buffers',
  'wal_sync_method'
]

export const startDatabase = async (): Promise<BenchDatabase> => {
  const server = await startPostgres({ durable: true })
  const sql = postgres(server.url, { max: 1, onnotice: () => {} })
  const pid = parentOf(Number((await sql`select pg_backend_pid() as pid`)[0]?.pid))
  await sql`create extension if not exists pg_walinspect`
  const settings: Record<string, string> = {}
  for (const name of reported)
    settings[name] = String((await sql`select current_setting(${name}) as value`)[0]?.value)
  let count = 0
  return {
    pid,
    settings,
    storage: fileSystems[statfsSync(server.dataDir).type] ?? 'an unknown file system',
    version: String((await sql`select current_setting('server_version') as value`)[0]?.value),
    create: async () => {
      count += 1
      await sql.unsafe(`create database bench_${count}`)
      await sql`checkpoint`
      return urlOf(server.url, `bench_${count}`)
    },
    ask: (url, query, parameters = []) =>
      using(url, async (own) => Number(Object.values((await own.unsafe(query, parameters))[0] ?? {})[0])),
    askBytes: (url, query, parameters) =>
      using(url, async (own) => {
        const value: unknown = Object.values((await own.unsafe(query, parameters))[0] ?? {})[0]
        return value instanceof Uint8Array ? value : null
      }),
    run: (url, statements) => using(url, async (own) => void (await own.unsafe(statements))),
    checkpoint: async () => void (await sql`checkpoint`),
    walPosition: async () => String((await sql`select pg_current_wal_flush_lsn() as lsn`)[0]?.lsn),
    walBetween: async (from, to) => {
      // pg_walinspect has no answer for an empty stretch.
      if (from === to) return { bytes: 0, pageImageBytes: 0 }
      const [row] =
        await sql`select pg_wal_lsn_diff(${to}, ${from})::float8 as bytes, coalesce(sum(fpi_size), 0)::float8 as images
        from pg_get_wal_stats(${from}, ${to})`
      return { bytes: Number(row?.bytes), pageImageBytes: Number(row?.images) }
    },
    [Symbol.asyncDispose]: async () => {
      await sql.end()
      await server.remove()
    }
  }
}

const urlOf = (url: string, database: string): string => {
  const other = new URL(url)
  other.pathname = `/${database}`
  return other.href
}

const using = async <T>(url: string, ask: (sql: postgres.Sql) => Promise<T>): Promise<T> => {
  const sql = postgres(url, { max: 1, onnotice: () => {} })
  try {
    return await ask(sql)
  } finally {
    await sql.end()
  }
}
