import type { JWTPayload } from 'jose'
import type { ErrorCode } from '../../schema/error-codes.ts'
import type { Database } from '../../server/database/database.ts'
import { openDatabase } from '../../server/database/open-database.ts'
import { createDatabase } from './database.ts'
import { callServer } from './http.ts'
import { readRows, type StoredEntry, silent, toRoomName } from './log-world.ts'
import { RawClient } from './raw-client.ts'
import { type ServerProcess, startServer } from './server.ts'
import { authSecret, seconds, signToken } from './tokens.ts'
import { waitUntil } from './wait-until.ts'

/** A server on a database of its own, sockets to it, and a hand on what it writes. */
export interface SessionWorld extends AsyncDisposable {
  readonly server: ServerProcess
  readonly database: Database
  open(headers?: Record<string, string>): Promise<RawClient>
  /** Ends all sockets that were opened. */
  closeAll(): Promise<void>
  rows(room: string): Promise<StoredEntry[]>
  stats(): Promise<WorldStats>
  /** How often the server has refused something by this name. */
  refusals(code: ErrorCode): Promise<number>
  /** Until the result is called no entry can be written; everything can be read. */
  holdWrites(): Promise<() => Promise<void>>
  /** From now on each batch of entries takes this long to be committed. */
  slowWrites(ms: number): Promise<void>
}

export interface WorldStats {
  readonly rooms: number
  readonly roomsAwake: number
  readonly sessions: number
  readonly connections: number
  readonly waitingEntries: number
  readonly unsentBytes: number
  readonly memory: { readonly rssBytes: number; readonly heapUsedBytes: number }
}

/** Tokens are needed, unless `env` says `AUTH_SECRET: ''`. */
export const startSessionWorld = async (env: Record<string, string> = {}): Promise<SessionWorld> => {
  const place = await createDatabase()
  const server = await startServer({ databaseUrl: place.url, env: { AUTH_SECRET: authSecret, ...env } })
  const database = await openDatabase({ url: place.url, dataDir: null, logger: silent, poolMax: 4 })
  const clients: RawClient[] = []
  const closeAll = async (): Promise<void> => {
    await Promise.all(clients.splice(0).map((client) => client.close()))
  }
  // The soaks take longer than a token usually lasts.
  const exp = seconds() + 3_600
  const admin = await tokenFor('operator', 'admin', { exp, grants: [{ room: '*', role: 'admin' }] })
  return {
    server,
    database,
    open: async (headers) => {
      const client = await RawClient.open(server.wsUrl, headers)
      clients.push(client)
      return client
    },
    closeAll,
    rows: (room) => readRows(database, toRoomName(room)),
    refusals: async (code) => {
      const metrics = await (await callServer(server.url, '/metrics', { token: admin })).text()
      return Number(
        new RegExp(`^roomlog_refusals_total\\{code="${code}"\\} (\\d+)`, 'm').exec(metrics)?.[1] ?? 0
      )
    },
    stats: async () => (await callServer(server.url, '/api/stats', { token: admin })).json(),
    holdWrites: () => holdWrites(database),
    slowWrites: (ms) => database.exec(slowTrigger(ms)),
    [Symbol.asyncDispose]: async () => {
      await closeAll()
      await server.kill()
      await database.close()
      await place.drop()
    }
  }
}

/** A token that gives a role in all rooms of the kind `document`. */
export const tokenFor = (user: string, role: string, claims: JWTPayload = {}): Promise<string> =>
  signToken({ sub: user, name: user, grants: [{ room: 'document/*', role }], ...claims })

const holdWrites = async (database: Database): Promise<() => Promise<void>> => {
  const held = Promise.withResolvers<void>()
  const isOver = Promise.withResolvers<void>()
  const over = database.transaction(async (t) => {
    await t.exec('lock table entry in exclusive mode')
    held.resolve()
    await isOver.promise
  })
  await Promise.race([held.promise, over])
  return async () => {
    isOver.resolve()
    await over
  }
}

const slowTrigger = (ms: number): string => `
create or replace function be_slow() returns trigger language plpgsql as $$
begin perform pg_sleep(${ms} / 1000.0); return null; end $$;
create or replace trigger be_slow after insert on entry for each statement execute function be_slow()`

/** Resolves when entries wait to be written, which they do while writes are held. */
export const somethingWaits = async (world: SessionWorld): Promise<void> => {
  await waitUntil(async () => (await world.stats()).waitingEntries > 0, { about: 'an entry to wait' })
}
