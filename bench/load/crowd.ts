/** People in one room who show where they are: everybody once a second, say, to everybody else. */
import { setTimeout as sleep } from 'node:timers/promises'
import { crowdLateMs, stepDeadlineMs } from '../config.ts'
import { Bytes } from './bytes.ts'
import type { Client, Target } from './client.ts'
import { clientFrame } from './frames.ts'
import { awarenessMessage } from './messages.ts'
import { type Announce, pace } from './pace.ts'
import { type Percentiles, percentilesOf } from './percentiles.ts'
import { arrive, clientIdOf, closeAll, whileConnected } from './room.ts'
import { type Usage, type Watched, watchUsage } from './usage.ts'

export interface CrowdJob {
  readonly target: Target
  readonly room: string
  readonly token?: string
  readonly people: number
  /** States that each of them shows. */
  readonly statesPerSecond: number
  readonly warmUpMs: number
  readonly measureMs: number
  readonly watched: Watched
}

export interface CrowdResult {
  /** States shown while it was measured, times those who should see each. */
  readonly expected: number
  /** How many of those were seen, at the latest a while after the last was shown. */
  readonly seen: number
  /** States seen while it was measured: what the processor time was spent on. */
  readonly seenMeanwhile: number
  readonly delivery: Percentiles
  readonly usage: Usage
}

export const showPresence = async (job: CrowdJob, announce: Announce): Promise<CrowdResult> => {
  const { target, room, people } = job
  const luggage = job.token === undefined ? {} : { token: job.token }
  const clients = await arrive(Array.from({ length: people }, () => ({ target, room, luggage })))
  const deadlineMs = job.warmUpMs + job.measureMs + stepDeadlineMs
  const result = await whileConnected(clients, measure(job, clients, announce), deadlineMs)
  await closeAll(clients)
  return result
}

const measure = async (
  job: CrowdJob,
  clients: readonly Client[],
  announce: Announce
): Promise<CrowdResult> => {
  const crowd = createCrowd(clients)
  const stop = pace(job.people * job.statesPerSecond, (index) => crowd.show(index % job.people))
  announce('typing')
  await sleep(job.warmUpMs)
  announce('measuring')
  crowd.startMeasuring()
  const seenBefore = crowd.seenEver()
  const usageSince = watchUsage(job.watched)
  await sleep(job.measureMs)
  const seenMeanwhile = crowd.seenEver() - seenBefore
  const usage = usageSince()
  announce('measured')
  stop()
  const expected = crowd.shown() * (job.people - 1)
  const deadline = performance.now() + crowdLateMs
  while (crowd.samples.length < expected && performance.now() < deadline) await sleep(50)
  return {
    expected,
    seen: crowd.samples.length,
    seenMeanwhile,
    delivery: percentilesOf(crowd.samples),
    usage
  }
}

/** Each has shown states 1, 2, 3 … and knows of everybody else which was the last. */
const createCrowd = (clients: readonly Client[]) => {
  const people = clients.length
  const last = new Uint32Array(people * people)
  const sentAt: number[][] = clients.map(() => [0])
  const stateAt = clients.map(() => new StatesByClock())
  const measuredFrom = new Float64Array(people).fill(Number.POSITIVE_INFINITY)
  const samples: number[] = []
  let seenEver = 0
  const indexOf = new Map(clients.map((_, index) => [idOf(index), index]))

  for (const [viewer, client] of clients.entries()) {
    client.onAwareness = (message) => {
      const bytes = new Bytes(message)
      bytes.uint()
      for (let count = bytes.uint(); count > 0; count -= 1) {
        const shower = indexOf.get(bytes.uint())
        const clock = bytes.uint()
        const length = bytes.skip()
        if (shower === undefined || shower === viewer) continue
        const state = stateAt[shower]?.of(clock, message.subarray(bytes.at - length, bytes.at)) ?? 0
        const place = viewer * people + shower
        if (state <= (last[place] ?? 0)) continue
        last[place] = state
        seenEver += 1
        if (state >= (measuredFrom[shower] ?? 0)) {
          samples.push(client.heardAt - (sentAt[shower]?.[state] ?? client.heardAt))
        }
      }
    }
  }
  return {
    samples,
    seenEver: () => seenEver,
    startMeasuring: () => {
      for (const [index, sent] of sentAt.entries()) measuredFrom[index] = sent.length
    },
    /** How many states were shown since it is measured. */
    shown: () => sentAt.reduce((sum, sent, index) => sum + sent.length - (measuredFrom[index] ?? 0), 0),
    show: (index: number) => {
      const sent = sentAt[index]
      const client = clients[index]
      if (sent === undefined || client === undefined) return
      const state = JSON.stringify({
        user: { name: `person ${index}`, color: '#6b7cff' },
        cursor: sent.length
      })
      client.write(
        clientFrame(awarenessMessage(client.prefix, { client: idOf(index), clock: sent.length, state }))
      )
      sent.push(performance.now())
    }
  }
}

/** Which state one shows: a server may show it with a clock of its own, the same one to all, so it is read once. */
class StatesByClock {
  readonly #states = new Map<number, number>()

  /** @returns 0 when somebody has left */
  of(clock: number, json: Uint8Array): number {
    const known = this.#states.get(clock)
    if (known !== undefined) return known
    const state: unknown = JSON.parse(new TextDecoder().decode(json))
    const isState = typeof state === 'object' && state !== null && 'cursor' in state
    const number = isState && typeof state.cursor === 'number' ? state.cursor : 0
    this.#states.set(clock, number)
    return number
  }
}

/** One room: rooms of `clientIdOf` have 64 members. */
const idOf = (index: number): number => clientIdOf(Math.floor(index / 64), index % 64)
