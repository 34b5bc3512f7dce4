/** As much as the server takes: every writer has a window of updates on the way and sends one for each that is confirmed. */
import { setTimeout as sleep } from 'node:timers/promises'
import { stepDeadlineMs } from '../config.ts'
import type { Client, Target } from './client.ts'
import { stateOf } from './join.ts'
import { checkAgainstYjs, KeyPresses, paragraph, placeIn } from './key-presses.ts'
import type { Announce } from './pace.ts'
import { type Percentiles, percentilesOf } from './percentiles.ts'
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

export interface WindowedJob {
  readonly target: Target
  /** Another node, at which every second writer of a room is. */
  readonly otherTarget?: Target
  readonly token?: string
  /** Their names, if not those of `roomNames`. */
  readonly names?: readonly string[]
  readonly rooms: number
  readonly writersPerRoom: number
  readonly window: number
  readonly warmUpMs: number
  readonly measureMs: number
  readonly watched: Watched
  /** Whether the server holds documents that can be asked for what was confirmed. */
  readonly holdsDocuments: boolean
}

export interface WindowedResult {
  /** While it was measured. */
  readonly confirmed: number
  /** From the first to the last. */
  readonly confirmedEver: number
  readonly confirm: Percentiles
  readonly usage: Usage
  /** Confirmed updates that the room does not hold; null where it cannot be asked. */
  readonly missing: number | null
}

const documentClient = 0x8000_0001

export const typeWithWindow = async (job: WindowedJob, announce: Announce): Promise<WindowedResult> => {
  const document = paragraph(documentClient)
  checkAgainstYjs(document, clientIdOf(0, 1), 0.75)
  const rooms = job.names ?? roomNames(job.rooms)
  const targets = [job.target, job.otherTarget ?? job.target] as const
  const luggage = job.token === undefined ? {} : { token: job.token }
  const groups = await connectAll(targets, rooms, job.writersPerRoom, luggage)
  await seedAll(job.target, groups, document)
  const writers = groups.flatMap((clients, room) =>
    clients.map((client, member) => {
      const part = (member + 0.5) / job.writersPerRoom
      const keys = new KeyPresses({
        client: clientIdOf(room, member),
        prefix: client.prefix,
        place: placeIn(document, part)
      })
      return createWriter(client, keys, job.window)
    })
  )
  if (job.target.protocol === 'y-websocket') {
    for (const [room, clients] of groups.entries()) {
      confirmByNeighbour(clients, writers.slice(room * job.writersPerRoom, (room + 1) * job.writersPerRoom))
    }
  } else {
    for (const writer of writers) writer.client.onAcknowledge = () => writer.confirm(1)
  }
  const clients = groups.flat()
  const deadlineMs = job.warmUpMs + job.measureMs + stepDeadlineMs
  const measured = await whileConnected(clients, measure(job, writers, announce), deadlineMs)
  const missing = job.holdsDocuments ? await countMissingAtAll(new Set(targets), rooms, writers) : null
  await closeAll(clients)
  return { ...measured, missing }
}

const measure = async (
  job: WindowedJob,
  writers: readonly Writer[],
  announce: Announce
): Promise<Omit<WindowedResult, 'missing'>> => {
  for (const writer of writers) writer.start()
  announce('typing')
  await sleep(job.warmUpMs)
  announce('measuring')
  const before = confirmedBy(writers)
  for (const writer of writers) writer.samples = []
  const usageSince = watchUsage(job.watched)
  await sleep(job.measureMs)
  const confirmed = confirmedBy(writers) - before
  const usage = usageSince()
  announce('measured')
  const samples = writers.flatMap((writer) => writer.samples ?? [])
  for (const writer of writers) writer.stop()
  await until(
    () => writers.every((writer) => writer.confirmed === writer.keys.taken),
    'the last confirmations'
  )
  return { confirmed, confirmedEver: confirmedBy(writers), confirm: percentilesOf(samples), usage }
}

const confirmedBy = (writers: readonly Writer[]): number =>
  writers.reduce((sum, writer) => sum + writer.confirmed, 0)

/** y-websocket acknowledges nothing: an update counts when the other client of the room has it. */
const confirmByNeighbour = (clients: readonly Client[], writers: readonly Writer[]): void => {
  for (const [index, client] of clients.entries()) {
    const neighbour = writers[(index + 1) % writers.length]
    if (neighbour === undefined) continue
    client.onUpdate = (update) => {
      const clock = clockIn(update, neighbour.keys.client)
      if (clock > neighbour.confirmed) neighbour.confirm(clock - neighbour.confirmed)
    }
  }
}

interface Writer {
  readonly client: Client
  readonly keys: KeyPresses
  confirmed: number
  /** Milliseconds from sent to confirmed; null while nothing is measured. */
  samples: number[] | null
  start(): void
  stop(): void
  confirm(count: number): void
}

const createWriter = (client: Client, keys: KeyPresses, window: number): Writer => {
  const sentAt = new Float64Array(window)
  let owed = 0
  let isStopped = false

  const send = (count: number): void => {
    const now = performance.now()
    for (let clock = keys.taken; clock < keys.taken + count; clock += 1) sentAt[clock % window] = now
    client.write(keys.take(count))
  }
  // What one chunk of the socket confirms is answered with one write.
  const answer = (): void => {
    const count = owed
    owed = 0
    if (!isStopped) send(count)
  }
  const writer: Writer = {
    client,
    keys,
    confirmed: 0,
    samples: null,
    start: () => send(window),
    stop: () => {
      isStopped = true
    },
    confirm: (count) => {
      const now = performance.now()
      for (let step = 0; step < count; step += 1) {
        writer.samples?.push(now - (sentAt[writer.confirmed % window] ?? now))
        writer.confirmed += 1
      }
      if (writer.confirmed > keys.taken) {
        throw new RangeError(`${writer.confirmed} confirmations of ${keys.taken} updates`)
      }
      if (owed === 0) queueMicrotask(answer)
      owed += count
    }
  }
  return writer
}

/** Every node has to hold all of it. */
const countMissingAtAll = async (
  targets: ReadonlySet<Target>,
  rooms: readonly string[],
  writers: readonly Writer[]
): Promise<number> => {
  let missing = 0
  for (const target of targets) missing = Math.max(missing, await countMissing(target, rooms, writers))
  return missing
}

/** Asks every room, as a newcomer, for what was confirmed there. */
const countMissing = async (
  target: Target,
  rooms: readonly string[],
  writers: readonly Writer[]
): Promise<number> => {
  const states = await Promise.all(rooms.map((room) => stateOf(target, room)))
  const perRoom = writers.length / rooms.length
  return writers.reduce((sum, writer, index) => {
    const held = states[Math.floor(index / perRoom)]?.get(writer.keys.client) ?? 0
    return sum + Math.max(0, writer.confirmed - held)
  }, 0)
}
