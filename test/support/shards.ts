import { randomUUID } from 'node:crypto'
import { readFile } from 'node:fs/promises'
import { pino } from 'pino'
import postgres from 'postgres'
import { migrate } from '../../server/database/migrate.ts'
import { openDatabase } from '../../server/database/open-database.ts'

const silent = pino({ level: 'silent' })
const script = new URL('../../deploy/shards/coordinator.sql', import.meta.url)
/** As deploy/shards/shards.sql has them. */
const serverOptions = `use_remote_estimate 'true', fetch_size '1000', parallel_commit 'true', parallel_abort 'true',
  options '-c lock_timeout=5s -c idle_in_transaction_session_timeout=60s'`

/**
 * Makes the empty database at `coordinatorUrl` one whose log is spread over these servers, on each of which it takes a
 * new database. The result drops those.
 */
export const spread = async (
  coordinatorUrl: string,
  shardServers: readonly string[]
): Promise<{ readonly urls: readonly string[]; drop(): Promise<void> }> => {
  const name = `shard_${randomUUID().replaceAll('-', '')}`
  const urls = shardServers.map((server) => {
    const url = new URL(server)
    url.pathname = `/${name}`
    return url.href
  })
  for (const server of shardServers) await run(server, `create database ${name}`)
  for (const url of urls) await prepare(url, '')
  const servers = urls.map((url, index) => serverSql(new URL(url), index))
  await prepare(
    coordinatorUrl,
    ['create extension if not exists postgres_fdw;', ...servers, await readFile(script, 'utf8')].join('\n')
  )
  return {
    urls,
    drop: async () => {
      for (const server of shardServers) await run(server, `drop database if exists ${name} with (force)`)
    }
  }
}

/** The tables of Roomlog, and what `sql` does to them. */
const prepare = async (url: string, sql: string): Promise<void> => {
  const database = await openDatabase({ url, dataDir: null, logger: silent, poolMax: 1 })
  try {
    await migrate(database, silent)
    if (sql !== '') await database.exec(sql)
  } finally {
    await database.close()
  }
}

const serverSql = ({ hostname, port, pathname, username }: URL, index: number): string => `
create server roomlog_shard_${index} foreign data wrapper postgres_fdw options (
  host '${hostname}', port '${port}', dbname '${pathname.slice(1)}', ${serverOptions});
create user mapping for current_user server roomlog_shard_${index} options (user '${username}');`

const run = async (serverUrl: string, statement: string): Promise<void> => {
  const sql = postgres(serverUrl, { max: 1, onnotice: () => {} })
  try {
    await sql.unsafe(statement)
  } finally {
    await sql.end({ timeout: 5 })
  }
}
