import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { openDatabase } from '../server/database/open-database.ts'
import { openPglite } from '../server/database/pglite.ts'
import { startUpkeep } from '../server/database/upkeep.ts'
import { type Child, spawnChild } from './support/child.ts'
import { silent } from './support/log-world.ts'
import { failureOf } from './support/open-database.ts'
import { waitUntil } from './support/wait-until.ts'

/** A new folder takes PGlite a second or two, on a machine that has nothing else to do. */
const startTimeoutMs = 60_000

describe('with PGlite', { timeout: 3 * startTimeoutMs }, () => {
  let folder: string
  let dataDir: string
  let writers: Child[]

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'roomlog-pglite-'))
    dataDir = join(folder, 'data')
    writers = []
  })
  afterEach(async () => {
    for (const writer of writers) await kill(writer)
    rmSync(folder, { recursive: true, force: true })
  })

  const open = () => openDatabase({ url: null, dataDir, pid: process.pid, logger: silent })

  const startWriter = (): Child => {
    const writer = spawnChild(process.execPath, [
      join(import.meta.dirname, 'support/pglite-writer.ts'),
      dataDir
    ])
    writers.push(writer)
    return writer
  }
  const kill = async (child: Child): Promise<void> => {
    if (child.ending() === undefined) child.signal('SIGKILL')
    await child.ended
  }
  const committedBy = (writer: Child): number =>
    Number(/.*committed (\d+)\n/s.exec(writer.stdout())?.[1] ?? 0)

  describe('a folder', () => {
    it('that another process uses is refused, by its name and the pid of the other', async () => {
      const writer = startWriter()
      await waitUntil(() => writer.stdout().includes('open'), {
        about: 'the folder to be open',
        timeoutMs: startTimeoutMs
      })
      await expect(open()).rejects.toThrow(`the folder ${dataDir} is in use by process ${writer.pid}`)
    })

    it('that this process uses already is refused', async () => {
      const database = await open()
      await expect(open()).rejects.toThrow(`in use by process ${process.pid}`)
      expect(await database.query('select 1 as one')).toEqual([{ one: 1 }])
      await database.close()
    })

    it('is free again when it is closed', async () => {
      await (await open()).close()
      await (await open()).close()
    })

    it('that several want when its owner was killed is given to one of them', async () => {
      const owner = startWriter()
      await waitUntil(() => committedBy(owner) > 0, { about: 'a row', timeoutMs: startTimeoutMs })
      await kill(owner)
      const rivals = [startWriter(), startWriter(), startWriter()]
      const said = () =>
        rivals.map((rival) => /^(open|failed: .* in use)/.exec(rival.stdout())?.[1]?.slice(0, 4))
      await waitUntil(() => said().every((word) => word !== undefined), {
        about: 'all to have tried',
        timeoutMs: startTimeoutMs
      })
      expect(said().sort()).toEqual(['fail', 'fail', 'open'])
    })
  })

  it('whose process is killed while it writes, everything that was committed is there', async () => {
    let committed = 0
    for (let round = 0; round < 5; round += 1) {
      const writer = startWriter()
      const enough = committed + 40 * round + 1
      await waitUntil(() => committedBy(writer) >= enough, {
        about: `row ${enough}`,
        timeoutMs: startTimeoutMs
      })
      await kill(writer)
      committed = committedBy(writer)
      const database = await open()
      const rows = await database.query<{ n: number; text: string }>('select n, text from row order by n')
      await database.close()
      expect(rows.length).toBeGreaterThanOrEqual(committed)
      expect(rows).toEqual(rows.map((_, at) => ({ n: at + 1, text: String(at + 1).repeat(20) })))
    }
  })

  it('a crash of its engine makes all that follows unavailable at once', async () => {
    const database = await open()
    await database.exec('create table log (n int); insert into log values (1)')
    // It cannot write its log any more, as on a disk that is full.
    rmSync(join(dataDir, 'postgres/pg_wal'), { recursive: true })
    const crash = await failureOf(
      database.exec('select pg_switch_wal(); create table t (n int); select pg_switch_wal()')
    )
    expect(crash.cause).toMatchObject({ severity: 'PANIC' })
    for (const statement of [
      () => database.query('select 1'),
      () => database.exec('select 1'),
      () => database.transaction((t) => t.query('select 1'))
    ]) {
      expect(await failureOf(statement())).toMatchObject({ kind: 'unavailable' })
    }
    await database.close()
  })

  it('other work gets its turn between statements that follow each other', async () => {
    const database = await openPglite({ dataDir: null, logger: silent, timeoutMs: 5000 })
    let turns = 0
    let isOver = false
    const count = () => {
      turns += 1
      if (!isOver) setImmediate(count)
    }
    setImmediate(count)
    for (let n = 0; n < 50; n += 1) await database.query('select 1')
    isOver = true
    expect(turns).toBeGreaterThanOrEqual(49)
    await database.close()
  })

  describe('upkeep', () => {
    it('writes checkpoints and clears dead rows', async () => {
      const database = await openPglite({ dataDir: null, logger: silent, timeoutMs: 5000 })
      await database.exec(`
        create table busy (n int);
        insert into busy select * from generate_series(1, 5000);
        update busy set n = n + 1`)
      const walBehind = async () => {
        const [row] = await database.query<{ bytes: bigint }>(
          'select (pg_current_wal_insert_lsn() - redo_lsn)::int8 as bytes from pg_control_checkpoint()'
        )
        return row?.bytes ?? 0n
      }
      const deadRows = async () => {
        const [row] = await database.query<{ n: bigint }>(`select n_dead_tup as n from pg_stat_user_tables`)
        return row?.n
      }
      await waitUntil(async () => (await deadRows()) === 5000n, { about: 'statistics' })
      expect(await walBehind()).toBeGreaterThan(500_000n)
      const upkeep = startUpkeep({
        database,
        logger: silent,
        freeBytes: async () => Number.POSITIVE_INFINITY,
        tickMs: 5,
        checkpointEveryMs: 0,
        vacuumEveryMs: 0
      })
      await waitUntil(async () => (await deadRows()) === 0n, { about: 'a vacuum' })
      await database.exec('insert into busy values (1)')
      await waitUntil(async () => (await walBehind()) < 500_000n, { about: 'a checkpoint' })
      await upkeep.stop()
      await database.close()
    })

    it('keeps writes from a disk that is nearly full, and lets them go on when it has room', async () => {
      const database = await openPglite({ dataDir: null, logger: silent, timeoutMs: 5000 })
      await database.exec('create table log (n int)')
      let free = 127 * 1024 ** 2
      const upkeep = startUpkeep({ database, logger: silent, freeBytes: async () => free, tickMs: 5 })
      const write = () => database.query('insert into log values (1) returning n')
      const refusal = await waitUntil(
        () =>
          write().then(
            () => null,
            (error: unknown) => error
          ),
        { about: 'a refusal' }
      )
      expect(refusal).toMatchObject({ kind: 'full' })
      expect(await database.query('select 1 as one')).toEqual([{ one: 1 }])
      free = 129 * 1024 ** 2
      expect(await waitUntil(write, { about: 'room' })).toEqual([{ n: 1 }])
      await upkeep.stop()
      await database.close()
    })
  })
})
