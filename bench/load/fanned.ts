/** One who types and many who read along, all in one room. */
import { setTimeout as sleep } from 'node:timers/promises'
import { fanOutLateMs, stepDeadlineMs } from '../config.ts'
import type { Client, Target } from './client.ts'
import { KeyPresses, paragraph, placeIn } from './key-presses.ts'
import { type Announce, pace } from './pace.ts'
import { type Percentiles, percentilesOf } from './percentiles.ts'
import { arrive, clientIdOf, clockIn, closeAll, seedAll, whileConnected } from './room.ts'
import { localAddressOf } from './sources.ts'
import { type Usage, type Watched, watchUsage } from './usage.ts'

export interface FannedJob {
  readonly target: Target
  readonly room: string
  readonly token?: string
  readonly readers: number
  readonly updatesPerSecond: number
  readonly warmUpMs: number
  readonly measureMs: number
  readonly watched: Watched
}

export interface FannedResult {
  /** Of all key presses that every reader should have, the part that arrived, at the latest a while after the last. */
  readonly arrived: number
  /** Key presses times readers that arrived while it was measured. */
  readonly deliveries: number
  /** Frames that they arrived in. */
  readonly frames: number
  readonly delivery: Percentiles
  readonly ack: Percentiles
  readonly usage: Usage
}

const documentClient = 0x8000_0001

export const typeToMany = async (job: FannedJob, announce: Announce): Promise<FannedResult> => {
  const { target, room, token } = job
  const luggage = token === undefined ? {} : { token }
  const document = paragraph(documentClient)
  const [writer] = await arrive([{ target, room, luggage }])
  if (writer === undefined) throw new RangeError('nobody types')
  await seedAll(target, [[writer]], document)
  const readers = await arrive(
    Array.from({ length: job.readers }, (_, index) => ({
      target,
      room,
      luggage: { ...luggage, localAddress: localAddressOf(target, index) }
    }))
  )
  const deadlineMs = job.warmUpMs + job.measureMs + stepDeadlineMs
  const clients = [writer, ...readers]
  const result = await whileConnected(
    clients,
    measure(job, { writer, readers, document }, announce),
    deadlineMs
  )
  await closeAll(clients)
  return result
}

interface Hall {
  readonly writer: Client
  readonly readers: readonly Client[]
  readonly document: Uint8Array
}

const measure = async (job: FannedJob, hall: Hall, announce: Announce): Promise<FannedResult> => {
  const { writer, readers, document } = hall
  const client = clientIdOf(0, 0)
  const keys = new KeyPresses({ client, prefix: writer.prefix, place: placeIn(document, 0.5) })
  const tally = createTally(readers, client)
  const acks: number[] = []
  let acked = 0
  writer.onAcknowledge = () => {
    if (acked >= tally.measuredFrom) acks.push(performance.now() - (tally.sentAt[acked] ?? 0))
    acked += 1
  }
  const stop = pace(job.updatesPerSecond, () => {
    tally.sentAt.push(performance.now())
    writer.write(keys.take(1))
  })
  announce('typing')
  await sleep(job.warmUpMs)
  announce('measuring')
  tally.measuredFrom = keys.taken
  const before = { deliveries: tally.deliveries, frames: tally.frames }
  const usageSince = watchUsage(job.watched)
  await sleep(job.measureMs)
  const deliveries = tally.deliveries - before.deliveries
  const frames = tally.frames - before.frames
  const usage = usageSince()
  announce('measured')
  stop()
  const expected = keys.taken * readers.length
  const deadline = performance.now() + fanOutLateMs
  while (tally.deliveries < expected && performance.now() < deadline) await sleep(20)
  return {
    arrived: tally.deliveries / expected,
    deliveries,
    frames,
    delivery: percentilesOf(tally.samples),
    ack: percentilesOf(acks),
    usage
  }
}

/** Counts for each reader how far it has got. */
const createTally = (readers: readonly Client[], client: number) => {
  const reached = new Float64Array(readers.length)
  const tally = {
    sentAt: [] as number[],
    samples: [] as number[],
    measuredFrom: Number.POSITIVE_INFINITY,
    deliveries: 0,
    frames: 0
  }
  for (const [index, reader] of readers.entries()) {
    reader.onUpdate = (update) => {
      const from = reached[index] ?? 0
      const to = clockIn(update, client)
      tally.frames += 1
      if (to <= from) return
      for (let clock = Math.max(from, tally.measuredFrom); clock < to; clock += 1) {
        tally.samples.push(reader.heardAt - (tally.sentAt[clock] ?? reader.heardAt))
      }
      tally.deliveries += to - from
      reached[index] = to
    }
  }
  return tally
}
