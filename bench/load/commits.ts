/** The floor of a durable write: one row, one commit, at an even pace, into a table of the log's shape. */
import { createHash } from 'node:crypto'
import { setTimeout as sleep } from 'node:timers/promises'
import postgres from 'postgres'
import { KeyPresses, paragraph, placeIn } from './key-presses.ts'
import { type Announce, pace } from './pace.ts'
import { type Percentiles, percentilesOf } from './percentiles.ts'
import { until } from './room.ts'
import { type Usage, type Watched, watchUsage } from './usage.ts'

export interface CommitsJob {
  readonly databaseUrl: string
  readonly rooms: number
  readonly perSecond: number
  readonly warmUpMs: number
  readonly measureMs: number
  readonly watched: Watched
}

export interface CommitsResult {
  readonly commits: number
  readonly commit: Percentiles
  readonly usage: Usage
}

/** As long as the ids of guests, who write everything else here. */
const author = 'guest-0123456789abcdef'
const insertEntry = 'insert into entry (room_id, seq, author, at, update) values ($1, $2, $3, now(), $4)'

export const commitAtPace = async (job: CommitsJob, announce: Announce): Promise<CommitsResult> => {
  const sql = postgres(job.databaseUrl, { max: 1, fetch_types: false })
  const place = placeIn(paragraph(1), 0.5)
  const keys = new KeyPresses({ client: 0x9000_0000, prefix: new Uint8Array(), place })
  const roomIds = Array.from({ length: job.rooms }, (_, room) => roomId(room))
  const samples: number[] = []
  const failures: unknown[] = []
  let isMeasured = false
  let pending = 0

  const commit = async (index: number): Promise<void> => {
    const update = keys.take(1).subarray(9)
    const room = roomIds[index % job.rooms] ?? ''
    const sent = performance.now()
    const counts = isMeasured
    await sql.unsafe(insertEntry, [room, Math.floor(index / job.rooms) + 1, author, update], {
      prepare: true
    })
    if (counts) samples.push(performance.now() - sent)
  }
  const stop = pace(job.perSecond, (index) => {
    pending += 1
    commit(index).then(
      () => {
        pending -= 1
      },
      (error: unknown) => failures.push(error)
    )
  })
  announce('typing')
  await sleep(job.warmUpMs)
  announce('measuring')
  isMeasured = true
  const usageSince = watchUsage(job.watched)
  await sleep(job.measureMs)
  const usage = usageSince()
  announce('measured')
  stop()
  await until(() => pending === 0 || failures.length > 0, 'the last commits')
  if (failures.length > 0) throw failures[0]
  await sql.end()
  return { commits: samples.length, commit: percentilesOf(samples), usage }
}

const roomId = (room: number): string => {
  const hex = createHash('sha256').update(`document/bench-${room}`).digest('hex')
  return hex.slice(0, 32).replace(/(.{8})(.{4})(.{4})(.{4})(.{12})/, '$1-$2-$3-$4-$5')
}
