import { every, monotonic } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Queryable, Row } from './database.ts'

/** What a Postgres server does by itself in processes that PGlite does not have: checkpointer and autovacuum. */
export interface Upkeep {
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>
}

export interface UpkeepOptions {
  readonly database: Queryable & { exec(script: string): Promise<void> }
  readonly logger: Logger
  readonly tickMs?: number
  readonly vacuumEveryMs?: number
}

const defaultTickMs = 5000
const defaultVacuumEveryMs = 10 * 60_000
/** The log since the last checkpoint is what the next start after a crash has to replay: 100 MB are 0.4 s. */
const walBytesMax = 64n * 1024n * 1024n
const checkpointEveryMs = 5 * 60_000

export const startUpkeep = ({
  database,
  logger,
  tickMs = defaultTickMs,
  vacuumEveryMs = defaultVacuumEveryMs
}: UpkeepOptions): Upkeep => {
  let running: Promise<void> | undefined
  let checkpoint: { readonly at: number; readonly wal: bigint } | undefined
  let vacuumedAt = monotonic()

  const tick = async (): Promise<void> => {
    const wal = await walPosition(database)
    checkpoint ??= { at: monotonic(), wal }
    const bytes = wal - checkpoint.wal
    if (bytes > walBytesMax || (bytes > 0n && monotonic() - checkpoint.at > checkpointEveryMs)) {
      await database.exec('checkpoint')
      checkpoint = { at: monotonic(), wal: await walPosition(database) }
    }
    if (monotonic() - vacuumedAt > vacuumEveryMs) {
      vacuumedAt = monotonic()
      await vacuum(database)
    }
  }
  const stop = every(tickMs, () => {
    running ??= tick()
      .catch((error: unknown) => logger.error({ err: error }, 'database upkeep failed'))
      .finally(() => {
        running = undefined
      })
  })
  return {
    stop: async () => {
      stop()
      await running
    }
  }
}

const walPosition = async (database: Queryable): Promise<bigint> => {
  const [row] = await database.query<{ position: bigint }>(
    `select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::int8 as position`
  )
  return row?.position ?? 0n
}

/** Tables of which a fifth is dead or new: the rule of autovacuum. One statement each, so that others get in between. */
const vacuum = async (database: UpkeepOptions['database']): Promise<void> => {
  const tables = await database.query<Row & { name: string }>(`
    select format('%I.%I', s.schemaname, s.relname) as name
    from pg_stat_user_tables s join pg_class c on c.oid = s.relid
    where greatest(s.n_dead_tup, s.n_ins_since_vacuum, s.n_mod_since_analyze)
      > 1000 + 0.2 * greatest(c.reltuples, 0)`)
  for (const { name } of tables) await database.exec(`vacuum (analyze) ${name}`)
}
