/** What every load does with clients before and after the part that is measured. */
import { setTimeout as sleep } from 'node:timers/promises'
import * as Y from 'yjs'
import { arrivalsAtOnce, quietMs, stepDeadlineMs } from '../config.ts'
import { clockOfKeyPresses } from './bytes.ts'
import { Client, type Luggage, type Target } from './client.ts'

/** The same names for every peer; Roomlog wants `kind/id`. */
export const roomNames = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => `document/bench-${index}`)

/** Client ids that take five bytes, as most that Yjs draws do. */
export const clientIdOf = (room: number, member: number): number => 0x9000_0000 + room * 64 + member

/**
 * `perRoom` clients in each room, all synced and everything heard that the greeting brings. The members of a room are
 * dealt out to the targets, which are nodes of one server.
 */
export const connectAll = async (
  targets: Target | readonly [Target, ...Target[]],
  rooms: readonly string[],
  perRoom: number,
  luggage: Luggage = {}
): Promise<Client[][]> => {
  const nodes = 'port' in targets ? ([targets] as const) : targets
  const groups = rooms.map((room) =>
    Array.from(
      { length: perRoom },
      (_, member) => new Client(nodes[member % nodes.length] ?? nodes[0], room, luggage)
    )
  )
  const clients = groups.flat()
  await whileConnected(clients, Promise.all(clients.map((client) => client.synced)))
  await settle(clients)
  return groups
}

/** A client that comes: where it goes, and what it brings along. */
export interface Arrival {
  readonly target: Target
  readonly room: string
  readonly luggage?: Luggage
}

/** All of them come, so many at a time that no queue of the system overflows, and each makes way for the next when it is synced. */
export const arrive = async (
  arrivals: readonly Arrival[],
  { onSynced }: { readonly onSynced?: (ms: number) => void } = {}
): Promise<Client[]> => {
  const clients: Client[] = []
  const next = async (): Promise<void> => {
    for (;;) {
      const arrival = arrivals[clients.length]
      if (arrival === undefined) return
      const client = new Client(arrival.target, arrival.room, arrival.luggage)
      clients.push(client)
      const start = performance.now()
      await Promise.race([client.synced, rejectWhenLost(client)])
      onSynced?.(performance.now() - start)
    }
  }
  await Promise.all(Array.from({ length: arrivalsAtOnce }, next))
  return clients
}

/** Resolves when none of the clients has heard anything for a while. */
export const settle = async (clients: readonly Client[]): Promise<void> => {
  const deadline = performance.now() + stepDeadlineMs
  for (;;) {
    const last = Math.max(...clients.map((client) => client.heardAt))
    const quiet = performance.now() - last
    if (quiet >= quietMs) return
    if (performance.now() > deadline) throw new Error(`never quiet within ${stepDeadlineMs} ms`)
    await sleep(quietMs - quiet)
  }
}

/** The first content of each room, sent by its first client; resolves when the server has taken it. */
export const seedAll = async (
  target: Target,
  groups: readonly (readonly Client[])[],
  document: Uint8Array
): Promise<void> => {
  const writers = groups.flatMap(([writer]) => writer ?? [])
  const taken = writers.map((client) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    // y-websocket acknowledges nothing, but echoes to the sender too.
    if (target.protocol === 'y-websocket') client.onUpdate = () => resolve()
    else client.onAcknowledge = resolve
    client.write(client.frameOf(document))
    return promise
  })
  await whileConnected(writers, Promise.all(taken))
  for (const client of writers) {
    client.onUpdate = () => {}
    client.onAcknowledge = () => {}
  }
  await settle(groups.flat())
}

/** What `work` gives, unless a client is lost or the deadline passes before: then it rejects with the reason. */
export const whileConnected = <T>(
  clients: readonly Client[],
  work: Promise<T>,
  deadlineMs: number = stepDeadlineMs
): Promise<T> => Promise.race([work, ...clients.map(rejectWhenLost), rejectAfter(deadlineMs)])

const rejectWhenLost = async (client: Client): Promise<never> => {
  const reason = await client.closed
  if (reason !== null) throw reason
  return new Promise<never>(() => {})
}

const rejectAfter = (ms: number): Promise<never> =>
  new Promise((_, reject) => {
    setTimeout(() => reject(new Error(`not done within ${ms} ms`)), ms).unref()
  })

export const closeAll = async (clients: readonly Client[]): Promise<void> => {
  for (const client of clients) client.close()
  await Promise.all(clients.map((client) => client.closed))
}

/** Resolves when `isTrue` is; a wait of the generator, outside of what is measured. */
export const until = async (isTrue: () => boolean, what: string): Promise<void> => {
  const deadline = performance.now() + stepDeadlineMs
  while (!isTrue()) {
    if (performance.now() > deadline) throw new Error(`${what}: not within ${stepDeadlineMs} ms`)
    await sleep(10)
  }
}

/** How much of a client's typing this update brings to: its clock, or 0 if it has none of it. */
export const clockIn = (update: Uint8Array, client: number): number =>
  clockOfKeyPresses(update, client) ?? Y.parseUpdateMeta(update).to.get(client) ?? 0
