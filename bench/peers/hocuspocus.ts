/**
 * Hocuspocus as its documentation starts it. With DATABASE_URL it has `@hocuspocus/extension-database` with the
 * stock debounce (2 s, at most 10 s) and stores each document as one row of that Postgres. With REDIS_URL it has
 * `@hocuspocus/extension-redis`, which tells its other nodes of changes.
 */
import { Database } from '@hocuspocus/extension-database'
import { Redis } from '@hocuspocus/extension-redis'
import { Server } from '@hocuspocus/server'
import postgres from 'postgres'
import { listensAt } from './listening.ts'

/** `stores` counts how often a document was written: the rows that the benchmark asks for. */
const table = `create table if not exists document (
  name text primary key, data bytea not null, stores bigint not null default 1)`

const store = `insert into document (name, data) values ($1, $2)
  on conflict (name) do update set data = excluded.data, stores = document.stores + 1`

const openDatabase = async (url: string): Promise<Database> => {
  const sql = postgres(url, { onnotice: () => {} })
  await sql.unsafe(table)
  return new Database({
    fetch: async ({ documentName }) => {
      const [row] = await sql<{ data: Uint8Array }[]>`select data from document where name = ${documentName}`
      return row?.data ?? null
    },
    store: async ({ documentName, state }) => {
      await sql.unsafe(store, [documentName, state], { prepare: true })
    }
  })
}

const openRedis = (url: string): Redis => {
  const { hostname, port } = new URL(url)
  return new Redis({ host: hostname, port: Number(port) })
}

const databaseUrl = process.env.DATABASE_URL
const redisUrl = process.env.REDIS_URL
const server = new Server({
  address: '127.0.0.1',
  port: 0,
  quiet: true,
  extensions: [
    ...(databaseUrl === undefined ? [] : [await openDatabase(databaseUrl)]),
    ...(redisUrl === undefined ? [] : [openRedis(redisUrl)])
  ]
})
await server.listen()
console.info(listensAt('hocuspocus', server.address.port))
