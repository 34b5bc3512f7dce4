import { every, monotonic } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Row, Transaction } from './database.ts'

/** What a Postgres server does in processes that PGlite does not have: checkpointer, autovacuum; and a look at the disk. */
export interface Upkeep {
  /** Resolves when nothing of it runs any more. */
  stop(): Promise<void>
}

export interface UpkeepOptions {
  readonly database: Transaction
  readonly logger: Logger
  readonly freeBytes: () => Promise<number>
  readonly tickMs?: number
  readonly checkpointEveryMs?: number
  readonly vacuumEveryMs?: number
}

/** A log that cannot grow is a crash, so writes end before. Between two looks PGlite writes 100 MB at most. */
const freeBytesMin = 128 * 1024 ** 2
/** What the next start after a crash has to replay: 100 MB take 0.4 s. */
const walBytesMax = 64n * 1024n ** 2n

export const startUpkeep = ({ database, logger, freeBytes, ...times }: UpkeepOptions): Upkeep => {
  const { tickMs = 1000, checkpointEveryMs = 300_000, vacuumEveryMs = 600_000 } = times
  let running: Promise<void> | undefined
  let isFull = false
  let checkpoint: { readonly at: number; readonly wal: bigint } | undefined
  let vacuumedAt = monotonic()

  const watchDisk = async (): Promise<void> => {
    const free = await freeBytes()
    if (free < freeBytesMin === isFull) return
    isFull = !isFull
    await database.exec(`set default_transaction_read_only = ${isFull ? 'on' : 'off'}`)
    if (isFull) logger.error({ freeBytes: free, freeBytesMin }, 'disk is full, nothing is written')
    else logger.info({ freeBytes: free }, 'disk has room again')
  }
  const tick = async (): Promise<void> => {
    await watchDisk()
    if (isFull) return
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

const walPosition = async (database: Transaction): Promise<bigint> => {
  const [row] = await database.query<Row & { position: bigint }>(
    `select (pg_current_wal_insert_lsn() - '0/0'::pg_lsn)::int8 as position`
  )
  return row?.position ?? 0n
}

/** Tables of which a fifth is dead or new: the rule of autovacuum. One statement each, so that others get in between. */
const vacuum = async (database: Transaction): Promise<void> => {
  const tables = await database.query<Row & { name: string }>(`
    select format('%I.%I', s.schemaname, s.relname) as name
    from pg_stat_user_tables s join pg_class c on c.oid = s.relid
    where greatest(s.n_dead_tup, s.n_ins_since_vacuum, s.n_mod_since_analyze) > 1000 + 0.2 * greatest(c.reltuples, 0)`)
  for (const { name } of tables) await database.exec(`vacuum (analyze) ${name}`)
}
