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

  const stateOfAnswer = rememberLast((update: Uint8Array) => stateIn(update))
  const times = newcomers.map(({ parts }) => completeAt(parts, job.expected, stateOfAnswer) - start)
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
  const state = new Map<number, number>()
  for (const part of parts) add(state, part.update)
  return state
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

const completeAt = (
  parts: readonly Part[],
  expected: JoinJob['expected'],
  stateOfAnswer: (update: Uint8Array) => Map<number, number>
): number => {
  const [answer, ...updates] = parts
  if (answer === undefined) throw new Error('a joiner got no answer')
  const state = new Map(stateOfAnswer(answer.update))
  const isComplete = (): boolean => expected.every(([client, clock]) => (state.get(client) ?? 0) >= clock)
  let at = answer.at
  for (const part of updates) {
    if (isComplete()) break
    add(state, part.update)
    at = Math.max(at, part.at)
  }
  if (!isComplete()) throw new Error(`a joiner got ${parts.length} parts, but not the whole document`)
  return at
}

/** Newcomers mostly get the same bytes: they are examined once. */
const rememberLast = <Result>(examine: (update: Uint8Array) => Result) => {
  let last: { readonly update: Uint8Array; readonly result: Result } | null = null
  return (update: Uint8Array): Result => {
    if (last === null || Buffer.compare(last.update, update) !== 0) last = { update, result: examine(update) }
    return last.result
  }
}

const stateIn = (update: Uint8Array): Map<number, number> =>
  Y.decodeStateVector(Y.encodeStateVectorFromUpdate(update))

const add = (state: Map<number, number>, update: Uint8Array): void => {
  const { from, to } = Y.parseUpdateMeta(update)
  for (const [client, end] of to) {
    const held = state.get(client) ?? 0
    if ((from.get(client) ?? 0) <= held) state.set(client, Math.max(held, end))
  }
}
