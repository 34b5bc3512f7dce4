/** What goes on all day: many rooms in which one types and some read along, idle clients, presence, and visitors. */
import { setTimeout as sleep } from 'node:timers/promises'
import { sampleMsMax, stepDeadlineMs } from '../config.ts'
import { Client, type Target } from './client.ts'
import { clientFrame } from './frames.ts'
import { KeyPresses, paragraph, placeIn } from './key-presses.ts'
import { awarenessMessage } from './messages.ts'
import { type Announce, pace } from './pace.ts'
import { type Percentiles, percentilesOf } from './percentiles.ts'
import { type Arrival, arrive, clientIdOf, clockIn, closeAll, seedAll, whileConnected } from './room.ts'
import { localAddressOf } from './sources.ts'
import { memoryOf, type Usage, type Watched, watchUsage } from './usage.ts'

export interface LiveJob {
  readonly target: Target
  readonly token?: string
  readonly rooms: readonly string[]
  readonly readersPerRoom: number
  /** Two to each room of their own. */
  readonly idleClients: number
  readonly updatesPerSecond: number
  readonly statesPerSecond: number
  readonly visitsPerSecond: number
  readonly warmUpMs: number
  readonly measureMs: number
  readonly watched: Watched
}

/** One moment of it. */
export interface LiveSample {
  readonly second: number
  /** Of the server; null when it is not watched. */
  readonly bytes: number | null
}

export interface LiveResult {
  readonly clients: number
  readonly seconds: number
  readonly updates: number
  /** Updates times readers. */
  readonly deliveries: number
  /** Frames of presence that arrived: in small rooms one for each state and each who sees it. */
  readonly presenceFrames: number
  readonly visits: number
  /** What all sockets together were sent. */
  readonly bytesOut: number
  readonly ack: Percentiles
  readonly delivery: Percentiles
  readonly samples: readonly LiveSample[]
  readonly usage: Usage
}

const documentClient = 0x8000_0001

export const liveOn = async (job: LiveJob, announce: Announce): Promise<LiveResult> => {
  const document = paragraph(documentClient)
  const { rooms, idle, all } = await assemble(job, document)
  const tally = createTally()
  const people = rooms.map((members, index) => enliven(members, index, document, tally))
  const stops = [
    pace(job.updatesPerSecond, (index) => people[index % people.length]?.press()),
    pace(job.statesPerSecond, (index) => people[index % people.length]?.show()),
    pace(job.visitsPerSecond, (index) => void visit(job, index, tally))
  ]
  announce('typing')
  await whileConnected(all, sleep(job.warmUpMs), job.warmUpMs + stepDeadlineMs)
  announce('measuring')
  const bytesBefore = bytesReadBy(all)
  tally.startOver()
  const usageSince = watchUsage(job.watched)
  const sampling = sampleFor(job.measureMs, job.watched.server)
  const samples = await whileConnected(all, sampling, job.measureMs + stepDeadlineMs)
  const usage = usageSince()
  announce('measured')
  for (const stop of stops) stop()
  const counted = { ...tally.counts, bytesOut: bytesReadBy(all) - bytesBefore }
  await closeAll([...all, ...idle])
  return {
    clients: all.length,
    seconds: usage.seconds,
    ...counted,
    ack: percentilesOf(tally.acks),
    delivery: percentilesOf(tally.deliveries),
    samples,
    usage
  }
}

const assemble = async (job: LiveJob, document: Uint8Array) => {
  const luggageOf = (index: number) => ({
    ...(job.token === undefined ? {} : { token: job.token }),
    localAddress: localAddressOf(job.target, index)
  })
  const perRoom = 1 + job.readersPerRoom
  const writers = await arrive(
    job.rooms.map((room, index) => ({ target: job.target, room, luggage: luggageOf(index) }))
  )
  await seedAll(
    job.target,
    writers.map((client) => [client]),
    document
  )
  const arrivals: Arrival[] = job.rooms.flatMap((room, index) =>
    Array.from({ length: job.readersPerRoom }, (_, reader) => ({
      target: job.target,
      room,
      luggage: luggageOf(index * perRoom + reader)
    }))
  )
  const readers = await arrive(arrivals)
  const idle = await arrive(
    Array.from({ length: job.idleClients }, (_, index) => ({
      target: job.target,
      room: `${job.rooms[0]}-idle-${Math.floor(index / 2)}`,
      luggage: luggageOf(job.rooms.length * perRoom + index)
    }))
  )
  const rooms = writers.map((writer, index) => [
    writer,
    ...readers.slice(index * job.readersPerRoom, (index + 1) * job.readersPerRoom)
  ])
  return { rooms, idle, all: [...writers, ...readers, ...idle] }
}

const createTally = () => {
  const zero = { updates: 0, deliveries: 0, presenceFrames: 0, visits: 0 }
  const tally = {
    counts: { ...zero },
    acks: [] as number[],
    deliveries: [] as number[],
    startOver: () => {
      tally.counts = { ...zero }
      tally.acks.length = 0
      tally.deliveries.length = 0
    }
  }
  return tally
}

type Tally = ReturnType<typeof createTally>

/** The first member types, the others read; all show where they are. */
const enliven = (members: readonly Client[], room: number, document: Uint8Array, tally: Tally) => {
  const [writer, ...readers] = members
  if (writer === undefined) throw new RangeError(`nobody is in room ${room}`)
  const id = clientIdOf(room, 0)
  const keys = new KeyPresses({ client: id, prefix: writer.prefix, place: placeIn(document, 0.5) })
  const sentAt: number[] = []
  let acked = 0
  writer.onAcknowledge = () => {
    tally.acks.push(writer.heardAt - (sentAt[acked] ?? writer.heardAt))
    acked += 1
  }
  for (const reader of readers) {
    let reached = 0
    reader.onUpdate = (update) => {
      const clock = clockIn(update, id)
      for (; reached < clock; reached += 1) {
        tally.deliveries.push(reader.heardAt - (sentAt[reached] ?? reader.heardAt))
        tally.counts.deliveries += 1
      }
    }
  }
  for (const member of members) {
    member.onAwareness = () => {
      tally.counts.presenceFrames += 1
    }
  }
  let shown = 0
  return {
    press: () => {
      tally.counts.updates += 1
      sentAt.push(performance.now())
      writer.write(keys.take(1))
    },
    show: () => {
      const member = shown % members.length
      const client = clientIdOf(room, member)
      const clock = 1 + Math.floor(shown / members.length)
      const state = JSON.stringify({ user: { name: `person ${member}` }, cursor: clock })
      shown += 1
      const shower = members[member]
      shower?.write(clientFrame(awarenessMessage(shower.prefix, { client, clock, state })))
    }
  }
}

/** Somebody comes, takes the document of a room, and leaves. */
const visit = async (job: LiveJob, index: number, tally: Tally): Promise<void> => {
  const luggage = job.token === undefined ? {} : { token: job.token }
  const client = new Client(job.target, job.rooms[index % job.rooms.length] ?? '', luggage)
  await Promise.race([client.synced, client.closed])
  tally.counts.visits += 1
  client.close()
}

const bytesReadBy = (clients: readonly Client[]): number =>
  clients.reduce((sum, client) => sum + client.bytesRead, 0)

const sampleFor = async (ms: number, server: number | null): Promise<LiveSample[]> => {
  const samples: LiveSample[] = []
  const start = performance.now()
  const every = Math.min(sampleMsMax, ms / 4)
  for (;;) {
    const elapsed = performance.now() - start
    samples.push({ second: elapsed / 1000, bytes: memoryOf(server) })
    if (elapsed >= ms) return samples
    await sleep(Math.min(every, ms - elapsed))
  }
}
