import type { Database } from '../../server/database/database.ts'
import { openDatabase } from '../../server/database/open-database.ts'
import { createDatabase } from './database.ts'
import { callServer } from './http.ts'
import { readRows, type StoredEntry, silent, toRoomName } from './log-world.ts'
import { type PostgresProxy, startPostgresProxy } from './postgres-proxy.ts'
import { type ServerProcess, startServer } from './server.ts'
import { waitUntil } from './wait-until.ts'

/** A server whose way to Postgres can fail, and a way to Postgres that does not. */
export interface ProxiedServer extends AsyncDisposable {
  readonly server: ServerProcess
  readonly proxy: PostgresProxy
  readonly database: Database
  /** What Postgres has of a room now, whatever the server says. */
  rows(room: string): Promise<StoredEntry[]>
  stats(): Promise<NodeStats>
  /** Waits for this answer of /readyz. */
  readiness(status: 200 | 503): Promise<void>
}

export interface NodeStats {
  readonly rooms: number
  readonly sessions: number
  readonly waitingEntries: number
  readonly waitingBytes: number
  readonly memory: { readonly rssBytes: number }
}

/** @param databaseUrl unset: an empty database of its own on the Postgres of this test run */
export const startProxiedServer = async (
  env: Record<string, string> = {},
  databaseUrl?: string
): Promise<ProxiedServer> => {
  const place = databaseUrl === undefined ? await createDatabase() : null
  const url = databaseUrl ?? place?.url ?? ''
  const proxy = await startPostgresProxy(url)
  const server = await startServer({ databaseUrl: proxy.url, env })
  const database = await openDatabase({ url, dataDir: null, logger: silent, poolMax: 2 })
  return {
    server,
    proxy,
    database,
    rows: (room) => readRows(database, toRoomName(room)),
    stats: async () => (await callServer(server.url, '/api/stats')).json(),
    readiness: async (status) => {
      await waitUntil(async () => (await callServer(server.url, '/readyz')).status === status, {
        about: `/readyz to say ${status}`
      })
    },
    [Symbol.asyncDispose]: async () => {
      await server.kill()
      await proxy.close()
      await database.close()
      await place?.drop()
    }
  }
}
