/** All connections are cut at the same moment, and all come back at once with what they have. */
import * as Y from 'yjs'
import type { Held, Target } from './client.ts'
import { longDocument } from './key-presses.ts'
import type { Announce } from './pace.ts'
import { type Percentiles, percentilesOf } from './percentiles.ts'
import { createRandom } from './random.ts'
import { type Arrival, arrive, closeAll, seedAll } from './room.ts'
import { type Usage, type Watched, watchUsage } from './usage.ts'

export interface StormJob {
  readonly target: Target
  readonly clients: number
  /** The clients are spread evenly over them. */
  readonly rooms: readonly string[]
  readonly token?: string
  readonly documentBytes: number
  readonly watched: Watched
}

export interface StormResult {
  /** From the cut until the last has heard what it lacked. */
  readonly lastMs: number
  /** Of each, from its first packet. */
  readonly sync: Percentiles
  readonly usage: Usage
}

const documentClient = 0x8000_0001

export const cutAndReturn = async (job: StormJob, announce: Announce): Promise<StormResult> => {
  const { target, rooms } = job
  const update = longDocument(documentClient, job.documentBytes, createRandom(1))
  const held: Held = { update, stateVector: Y.encodeStateVectorFromUpdate(update) }
  const token = job.token === undefined ? {} : { token: job.token }
  const come = (document: Held | null): Arrival[] =>
    Array.from({ length: job.clients }, (_, index) => ({
      target,
      room: rooms[index % rooms.length] ?? '',
      luggage: document === null ? token : { ...token, document }
    }))
  const seeders = await arrive(rooms.map((room) => ({ target, room, luggage: token })))
  await seedAll(
    target,
    seeders.map((client) => [client]),
    update
  )
  const clients = await arrive(come(null))
  await closeAll(seeders)
  announce('measuring')
  const usageSince = watchUsage(job.watched)
  const start = performance.now()
  await closeAll(clients)
  const samples: number[] = []
  const returned = await arrive(come(held), {
    onSynced: (ms) => samples.push(ms)
  })
  const lastMs = performance.now() - start
  const usage = usageSince()
  announce('measured')
  await closeAll(returned)
  return { lastMs, sync: percentilesOf(samples), usage }
}
