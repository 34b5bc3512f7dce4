/** People who type: one writer in each room, at an even pace, and one who reads along. */
import { setTimeout as sleep } from 'node:timers/promises'
import { stepDeadlineMs } from '../config.ts'
import type { Client, Target } from './client.ts'
import { checkAgainstYjs, KeyPresses, longDocument, paragraph, placeIn } from './key-presses.ts'
import { type Announce, pace } from './pace.ts'
import { type Percentiles, percentilesOf } from './percentiles.ts'
import { createRandom } from './random.ts'
import {
  clientIdOf,
  clockIn,
  closeAll,
  connectAll,
  roomNames,
  seedAll,
  until,
  whileConnected
} from './room.ts'
import { type Usage, type Watched, watchUsage } from './usage.ts'

export interface PacedJob {
  readonly target: Target
  /** Another node, at which the readers are; none: they are where the writers are. */
  readonly readersTarget?: Target
  readonly token?: string
  /** Their names, if not those of `roomNames`. */
  readonly names?: readonly string[]
  readonly rooms: number
  readonly updatesPerSecondPerRoom: number
  readonly warmUpMs: number
  readonly measureMs: number
  readonly watched: Watched
  readonly hasReader: boolean
  /** How long the document is that they type into; null: one paragraph. */
  readonly documentBytes: number | null
}

export interface PacedResult {
  /** Sent while it was measured; all of them arrived. */
  readonly updates: number
  readonly ack: Percentiles
  readonly delivery: Percentiles
  readonly usage: Usage
}

const documentClient = 0x8000_0001
const place = 0.5

export const typeAtPace = async (job: PacedJob, announce: Announce): Promise<PacedResult> => {
  const document =
    job.documentBytes === null
      ? paragraph(documentClient)
      : longDocument(documentClient, job.documentBytes, createRandom(1))
  checkAgainstYjs(document, clientIdOf(0, 0), place)
  const groups = await connectAll(
    [job.target, job.readersTarget ?? job.target],
    job.names ?? roomNames(job.rooms),
    job.hasReader ? 2 : 1,
    job.token === undefined ? {} : { token: job.token }
  )
  await seedAll(job.target, groups, document)
  const writers = groups.map(([client, reader], index) => createWriter(client, reader, index, document))

  const stop = pace(job.rooms * job.updatesPerSecondPerRoom, (index) =>
    writers[index % writers.length]?.press()
  )
  const deadlineMs = job.warmUpMs + job.measureMs + stepDeadlineMs
  const result = await whileConnected(groups.flat(), measure(job, writers, stop, announce), deadlineMs)
  await closeAll(groups.flat())
  return result
}

const measure = async (
  job: PacedJob,
  writers: readonly Writer[],
  stop: () => void,
  announce: Announce
): Promise<PacedResult> => {
  announce('typing')
  await sleep(job.warmUpMs)
  announce('measuring')
  for (const writer of writers) writer.startMeasuring()
  const usageSince = watchUsage(job.watched)
  await sleep(job.measureMs)
  const usage = usageSince()
  announce('measured')
  stop()
  const acknowledges = job.target.protocol === 'hocuspocus'
  await until(
    () => writers.every((writer) => writer.isDone(acknowledges, job.hasReader)),
    'acknowledgements of what was sent'
  )
  return {
    updates: writers.reduce((sum, writer) => sum + writer.measured(), 0),
    ack: percentilesOf(writers.flatMap((writer) => writer.acks)),
    delivery: percentilesOf(writers.flatMap((writer) => writer.deliveries)),
    usage
  }
}

interface Writer {
  readonly acks: number[]
  readonly deliveries: number[]
  press(): void
  /** What was sent before does not count. */
  startMeasuring(): void
  measured(): number
  isDone(acknowledges: boolean, hasReader: boolean): boolean
}

const createWriter = (
  client: Client | undefined,
  reader: Client | undefined,
  index: number,
  document: Uint8Array
): Writer => {
  if (client === undefined) throw new RangeError(`room ${index} has no writer`)
  const id = clientIdOf(index, 0)
  const keys = new KeyPresses({ client: id, prefix: client.prefix, place: placeIn(document, place) })
  const sentAt: number[] = []
  const acks: number[] = []
  const deliveries: number[] = []
  let measuredFrom = Number.POSITIVE_INFINITY
  let acked = 0
  let delivered = 0

  const noteUpTo = (samples: number[], from: number, to: number): void => {
    const now = performance.now()
    for (let clock = Math.max(from, measuredFrom); clock < to; clock += 1) {
      const sent = sentAt[clock]
      if (sent === undefined) throw new RangeError(`heard of key press ${clock} before it was sent`)
      samples.push(now - sent)
    }
  }
  client.onAcknowledge = () => {
    noteUpTo(acks, acked, acked + 1)
    acked += 1
  }
  if (reader !== undefined) {
    reader.onUpdate = (update) => {
      const to = clockIn(update, id)
      noteUpTo(deliveries, delivered, to)
      delivered = Math.max(delivered, to)
    }
  }
  return {
    acks,
    deliveries,
    press: () => {
      sentAt.push(performance.now())
      client.write(keys.take(1))
    },
    startMeasuring: () => {
      measuredFrom = keys.taken
    },
    measured: () => keys.taken - measuredFrom,
    isDone: (acknowledges, hasReader) =>
      (!acknowledges || acked === keys.taken) && (!hasReader || delivered === keys.taken)
  }
}
