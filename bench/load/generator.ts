/** The process that makes the load: takes one job from its parent, does it, gives back the result, ends. */
import { commitAtPace } from './commits.ts'
import { connectMany } from './connections.ts'
import { typeUntilKilled } from './crash.ts'
import { showPresence } from './crowd.ts'
import { writeEdits } from './edits.ts'
import { typeToMany } from './fanned.ts'
import { floodRoom } from './flood.ts'
import { joinAll, readClock } from './join.ts'
import { liveOn } from './live.ts'
import type { Announce, Phase } from './pace.ts'
import { typeAtPace } from './paced.ts'
import { cutAndReturn } from './storm.ts'
import { typeWithWindow } from './windowed.ts'

const loads = {
  typeAtPace,
  floodRoom,
  typeWithWindow,
  typeUntilKilled,
  writeEdits,
  joinAll,
  readClock,
  commitAtPace,
  typeToMany,
  connectMany,
  cutAndReturn,
  showPresence,
  liveOn
}

export type Loads = typeof loads
export type LoadName = keyof Loads
export type JobOf<Name extends LoadName> = Parameters<Loads[Name]>[0]
export type ResultOf<Name extends LoadName> = Awaited<ReturnType<Loads[Name]>>

export interface Order<Name extends LoadName> {
  readonly load: Name
  readonly job: JobOf<Name>
}

export type Answer = { readonly phase: Phase } | { readonly result: unknown } | { readonly error: string }

const work = async (order: Order<LoadName>): Promise<Answer> => {
  try {
    // The parent built the order with the types above; the pair of name and job is lost on the way.
    const load = loads[order.load] as (job: unknown, announce: Announce) => Promise<unknown>
    return { result: await load(order.job, (phase) => tell({ phase })) }
  } catch (error) {
    return { error: error instanceof Error ? (error.stack ?? error.message) : String(error) }
  }
}

const tell = (answer: Answer, then?: () => void): void => {
  process.send?.(answer, undefined, undefined, then)
}

// A load that failed may leave timers and sockets behind: the process ends with its answer, and with its parent.
process.once('message', async (order: Order<LoadName>) => tell(await work(order), () => process.exit()))
process.once('disconnect', () => process.exit())
