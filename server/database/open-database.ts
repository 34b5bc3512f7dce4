import type { Logger } from '../logger.ts'
import type { Database } from './database.ts'

export interface DatabaseOptions {
  /** Of a Postgres server; null: PGlite within this process. */
  readonly url: string | null
  /** Where PGlite keeps its data; null: in memory, for tests. */
  readonly dataDir: string | null
  /** Of this process: told to another one that wants the same folder. */
  readonly pid?: number
  readonly logger: Logger
  /** Connections to a server, besides the lanes. */
  readonly poolMax?: number
  /** A statement outside of lanes and scripts that has no answer after this time is given up. */
  readonly timeoutMs?: number
}

const defaultPoolMax = 8
const defaultTimeoutMs = 30_000

/**
 * Opens the one or the other engine: the same SQL, types and errors on both.
 *
 * A server is first asked by the first statement: that one tells whether it is there.
 *
 * @throws Error when PGlite's folder is in use by another process
 */
export const openDatabase = async ({
  url,
  dataDir,
  pid,
  logger,
  poolMax = defaultPoolMax,
  timeoutMs = defaultTimeoutMs
}: DatabaseOptions): Promise<Database> => {
  // Only the engine that is used is loaded: PGlite is 27 MiB.
  if (url === null) {
    const { openPglite } = await import('./pglite.ts')
    return openPglite({ dataDir, pid, logger, timeoutMs })
  }
  const { openPostgres } = await import('./postgres.ts')
  return openPostgres({ url, logger, poolMax, timeoutMs })
}
