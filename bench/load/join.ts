/** Newcomers: they have nothing and want the whole document. */
import * as Y from 'yjs'
import { Client, type Target } from './client.ts'
import { percentilesOf } from './percentiles.ts'
import { closeAll, settle, whileConnected } from './room.ts'

export interface JoinJob {
  readonly target: Target
  readonly room: string
  readonly joiners: number
  /** Client ids and clocks that the whole document has. */
  readonly expected: readonly (readonly [number, number])[]
}

export interface JoinResult {
  /** Milliseconds from before the first connects until the last has the whole document. */
  readonly lastMs: number
  readonly medianMs: number
  /** Size of the answer, the updates behind it included. */
  readonly bytes: number
}

interface Part {
  readonly at: number
  readonly update: Uint8Array
}

/**
 * All join at once. A server may answer with a part of the document and send the rest as updates: a joiner has
 * the document when the last part that it needs is there. What they got is examined when all have it, so that
 * examining takes no time from the server.
 */
export const joinAll = async (job: JoinJob): Promise<JoinResult> => {
  const start = performance.now()
  const newcomers = Array.from({ length: job.joiners }, () => createNewcomer(job.target, job.room))
  const clients = newcomers.map((newcomer) => newcomer.client)
  await whileConnected(clients, Promise.all(newcomers.map((newcomer) => newcomer.greeted)))
  await settle(clients)
  await closeAll(clients)

  const needed = rememberLast((updates: readonly Uint8Array[]) => partsNeeded(updates, job.expected))
  const times = newcomers.map(
    ({ parts }) => completeAt(parts, needed(parts.map((part) => part.update))) - start
  )
  const bytes = newcomers[0]?.parts.reduce((sum, part) => sum + part.update.byteLength, 0) ?? 0
  return { lastMs: Math.max(...times), medianMs: percentilesOf(times).p50 ?? 0, bytes }
}

export interface ClockJob {
  readonly target: Target
  readonly room: string
  readonly client: number
}

/** How far a newcomer sees one client's typing. */
export const readClock = async ({ target, room, client }: ClockJob): Promise<{ clock: number }> => ({
  clock: (await stateOf(target, room)).get(client) ?? 0
})

/** What a newcomer gets of a room, as client ids and clocks. */
export const stateOf = async (target: Target, room: string): Promise<Map<number, number>> => {
  const { client, greeted, parts } = createNewcomer(target, room)
  await whileConnected([client], greeted)
  await settle([client])
  await closeAll([client])
  return stateIn(parts.map((part) => part.update))
}

const createNewcomer = (target: Target, room: string) => {
  const client = new Client(target, room)
  const parts: Part[] = []
  const early: Part[] = []
  let isGreeted = false
  client.onUpdate = (update) => {
    const part = { at: performance.now(), update: Uint8Array.from(update) }
    if (isGreeted) parts.push(part)
    else early.push(part)
  }
  const greeted = client.synced.then((update) => {
    isGreeted = true
    parts.push({ at: performance.now(), update }, ...early)
  })
  return { client, greeted, parts }
}

const completeAt = (parts: readonly Part[], needed: number): number =>
  Math.max(...parts.slice(0, needed).map((part) => part.at))

/** How many of the parts, from the first, make the whole document: in whatever order a server sends them. */
const partsNeeded = (updates: readonly Uint8Array[], expected: JoinJob['expected']): number => {
  const missingAfter = (count: number) => {
    const state = stateIn(updates.slice(0, count))
    return expected.find(([client, clock]) => (state.get(client) ?? 0) < clock)
  }
  const missing = missingAfter(updates.length)
  if (missing !== undefined) {
    const sizes = updates.map((update) => update.byteLength).join(', ')
    throw new Error(`a joiner got ${sizes} bytes, but not client ${missing[0]} up to ${missing[1]}`)
  }
  let tooFew = 0
  let enough = updates.length
  while (enough - tooFew > 1) {
    const middle = Math.floor((tooFew + enough) / 2)
    if (missingAfter(middle) === undefined) enough = middle
    else tooFew = middle
  }
  return enough
}

/** Newcomers mostly get the same bytes: they are examined once. */
const rememberLast = (examine: (updates: readonly Uint8Array[]) => number) => {
  let last: { readonly updates: readonly Uint8Array[]; readonly result: number } | null = null
  return (updates: readonly Uint8Array[]): number => {
    if (last === null || !areEqual(last.updates, updates)) last = { updates, result: examine(updates) }
    return last.result
  }
}

const areEqual = (some: readonly Uint8Array[], others: readonly Uint8Array[]): boolean =>
  some.length === others.length &&
  some.every((update, index) => Buffer.compare(update, others[index] ?? new Uint8Array()) === 0)

const stateIn = (updates: readonly Uint8Array[]): Map<number, number> =>
  Y.decodeStateVector(Y.encodeStateVectorFromUpdate(Y.mergeUpdates([...updates])))
