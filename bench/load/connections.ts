/** Many who come and then do nothing, while some type elsewhere. */
import { setTimeout as sleep } from 'node:timers/promises'
import { stepDeadlineMs } from '../config.ts'
import type { Client, Target } from './client.ts'
import { KeyPresses, paragraph, placeIn } from './key-presses.ts'
import { type Announce, pace } from './pace.ts'
import { type Percentiles, percentilesOf } from './percentiles.ts'
import { arrive, clientIdOf, closeAll, seedAll, whileConnected } from './room.ts'
import { localAddressOf } from './sources.ts'
import { signToken } from './tokens.ts'
import { memoryOf, type Usage, type Watched, watchUsage } from './usage.ts'

export interface ConnectionsJob {
  readonly target: Target
  /** What the names of the rooms begin with. */
  readonly prefix: string
  readonly clients: number
  readonly perRoom: number
  /** What the server checks tokens with: each client has one of its own; null: the server takes whoever comes. */
  readonly secret: string | null
  /** One token for all, if the server wants one and its secret is not known here. */
  readonly token?: string
  /** Whether the first of each room writes a paragraph, so that the server holds a live document for it. */
  readonly writes: boolean
  readonly typists: number
  readonly updatesPerSecond: number
  readonly warmUpMs: number
  /** How long they do nothing before the memory is read. */
  readonly idleMs: number
  readonly watched: Watched
}

export interface ConnectionsResult {
  readonly clients: number
  /** From before the first connects until the last is synced. */
  readonly seconds: number
  /** Bytes of the server before; null when it is not watched. */
  readonly bytesBefore: number | null
  /** Bytes by which it grew. */
  readonly grownBytes: number | null
  /** Of those who typed meanwhile. */
  readonly ack: Percentiles
  readonly usage: Usage
}

const documentClient = 0x8000_0001

export const connectMany = async (job: ConnectionsJob, announce: Announce): Promise<ConnectionsResult> => {
  const { target } = job
  const luggageOf = (name: string): { token?: string } =>
    job.secret === null
      ? job.token === undefined
        ? {}
        : { token: job.token }
      : { token: signToken(job.secret, name) }
  const typing = await startTyping(job, luggageOf)
  announce('typing')
  await sleep(job.warmUpMs)
  const arrivals = Array.from({ length: job.clients }, (_, index) => ({
    target,
    room: `${job.prefix}-idle-${Math.floor(index / job.perRoom)}`,
    luggage: { ...luggageOf(`person ${index}`), localAddress: localAddressOf(target, index) }
  }))
  const before = memoryOf(job.watched.server)
  typing.startMeasuring()
  announce('measuring')
  const usageSince = watchUsage(job.watched)
  const clients = await arrive(arrivals)
  const usage = usageSince()
  announce('measured')
  const ack = percentilesOf(await typing.stop())
  if (job.writes) await writeParagraphs(job, clients)
  await whileConnected(clients, sleep(job.idleMs), job.idleMs + stepDeadlineMs)
  const after = memoryOf(job.watched.server)
  await closeAll(clients)
  return {
    clients: clients.length,
    seconds: usage.seconds,
    bytesBefore: before,
    grownBytes: before === null || after === null ? null : after - before,
    ack,
    usage
  }
}

const writeParagraphs = async ({ target, perRoom }: ConnectionsJob, clients: readonly Client[]) => {
  const firsts = clients.filter((_, index) => index % perRoom === 0)
  await seedAll(
    target,
    firsts.map((client) => [client]),
    paragraph(documentClient)
  )
}

const startTyping = async (job: ConnectionsJob, luggageOf: (name: string) => { token?: string }) => {
  const document = paragraph(documentClient)
  const typists = await arrive(
    Array.from({ length: job.typists }, (_, index) => ({
      target: job.target,
      room: `${job.prefix}-typed-${index}`,
      luggage: luggageOf(`typist ${index}`)
    }))
  )
  await seedAll(
    job.target,
    typists.map((client) => [client]),
    document
  )
  const samples: number[] = []
  let isMeasured = false
  const presses = typists.map((client, index) =>
    createTypist(client, index, document, (ms) => {
      if (isMeasured) samples.push(ms)
    })
  )
  const stop = pace(job.updatesPerSecond, (index) => presses[index % presses.length]?.())
  return {
    startMeasuring: () => {
      isMeasured = true
    },
    /** Gives the milliseconds from sent to acknowledged, of what was acknowledged since it is measured. */
    stop: async () => {
      isMeasured = false
      stop()
      await closeAll(typists)
      return samples
    }
  }
}

const createTypist = (
  client: Client,
  index: number,
  document: Uint8Array,
  onAck: (ms: number) => void
): (() => void) => {
  const keys = new KeyPresses({
    client: clientIdOf(index, 0),
    prefix: client.prefix,
    place: placeIn(document, 0.5)
  })
  const sentAt: number[] = []
  let acked = 0
  client.onAcknowledge = () => {
    onAck(client.heardAt - (sentAt[acked] ?? client.heardAt))
    acked += 1
  }
  return () => {
    sentAt.push(performance.now())
    client.write(keys.take(1))
  }
}
