import { setTimeout as sleep } from 'node:timers/promises'
import * as Y from 'yjs'
import { goals, idleMs, stepDeadlineMs } from '../config.ts'
import type { EditsResult } from '../load/edits.ts'
import { runLoad } from '../load/run-load.ts'
import { forgetPeak, peakMemory, watchUsage } from '../load/usage.ts'
import { type Peer, peerNamed } from '../peers/peers.ts'
import { startServer } from '../peers/server-process.ts'
import { type Bench, column, type Figures, over, type Scenario } from './scenario.ts'

const room = 'document/bench-0'

export const coldOpen: Scenario = {
  name: 'cold-open',
  title: 'Cold open',
  about: ({ coldOpen: { edits, writers, joiners } }) =>
    `A document of ${edits.toLocaleString('en')} single edits (insertions and deletions of one character, with jumps), written over the ` +
    `wire by ${writers} writers that wait for each acknowledgement before the next edit. The server is stopped and started; then one ` +
    `newcomer connects; it is stopped and started again, and ${joiners} connect at once. Measured is the time from before the first ` +
    'connects until the last has the whole document, and the most memory that the server took meanwhile (VmHWM), also less what ' +
    'it took before anybody came (*above idle*). ' +
    '*Rows* are those that the document took in the database.',
  subjects: ['hocuspocus+database', 'roomlog'],
  measure: (subject, bench) => measurePeer(subject, bench),
  columns: [
    column('oneMs', '1 newcomer ms', 1),
    column('manyMs', 'many: last ms', 0),
    column('manyMedianMs', 'many: median ms', 0),
    column('oneMemory', 'peak MB, 1', 0),
    column('manyMemory', 'peak MB, many', 0),
    column('oneAboveIdle', 'above idle MB, 1', 1),
    column('manyAboveIdle', 'above idle MB, many', 1),
    column('kilobytes', 'answer KB', 0),
    column('rows', 'rows', 0),
    column('otherCores', 'other cores', 2)
  ],
  ratios: [
    {
      title: 'time for many newcomers, Roomlog / Hocuspocus with database',
      digits: 2,
      fold: 'median',
      of: over('manyMs', 'roomlog', 'hocuspocus+database'),
      goal: goals.manyNewcomersToDatabase
    },
    {
      title: 'time for one newcomer, Roomlog / Hocuspocus with database',
      digits: 2,
      fold: 'median',
      of: over('oneMs', 'roomlog', 'hocuspocus+database'),
      goal: goals.oneNewcomerToDatabase
    },
    {
      title: 'memory above idle with many newcomers, Roomlog / Hocuspocus with database',
      digits: 2,
      fold: 'median',
      of: over('manyAboveIdle', 'roomlog', 'hocuspocus+database'),
      goal: goals.manyNewcomersToDatabase
    }
  ]
}

const measurePeer = async (name: string, bench: Bench): Promise<Figures> => {
  const peer = peerNamed(name)
  const databaseUrl = await bench.database.create()
  const written = await writeDocument(peer, databaseUrl, bench)
  const rows = await bench.database.ask(databaseUrl, peer.rowsWritten ?? 'select 0')
  await bench.database.checkpoint()
  const one = await open(peer, databaseUrl, written, 1, bench)
  const many = await open(peer, databaseUrl, written, bench.settings.coldOpen.joiners, bench)
  return {
    oneMs: one.lastMs,
    manyMs: many.lastMs,
    manyMedianMs: many.medianMs,
    oneMemory: one.memory,
    manyMemory: many.memory,
    oneAboveIdle: one.aboveIdle,
    manyAboveIdle: many.aboveIdle,
    kilobytes: one.bytes / 1000,
    rows,
    otherCores: Math.max(one.otherCores, many.otherCores)
  }
}

const writeDocument = async (
  peer: Peer,
  databaseUrl: string,
  { database, settings }: Bench
): Promise<EditsResult> => {
  const { edits, writers } = settings.coldOpen
  await using server = await startServer(peer, databaseUrl)
  const written = await runLoad('writeEdits', { target: server.target, room, edits, writers })
  // Hocuspocus stores after the last has left, and when it is stopped at once loses what it has not stored.
  if (peer.name === 'hocuspocus+database') {
    const deadline = performance.now() + stepDeadlineMs
    while (
      !isStored(
        await database.askBytes(databaseUrl, 'select data from document where name = $1', [room]),
        written
      )
    ) {
      if (performance.now() > deadline) throw new Error(`${peer.name} did not store the document`)
      await sleep(100)
    }
  }
  return written
}

const isStored = (data: Uint8Array | null, { state }: EditsResult): boolean => {
  const stored =
    data === null ? new Map<number, number>() : Y.decodeStateVector(Y.encodeStateVectorFromUpdate(data))
  return state.every(([client, clock]) => stored.get(client) === clock)
}

const open = async (
  peer: Peer,
  databaseUrl: string,
  written: EditsResult,
  joiners: number,
  { database }: Bench
) => {
  await using server = await startServer(peer, databaseUrl)
  const otherCores = await watchOthers(server.pid, database.pid)
  forgetPeak(server.pid)
  const idle = peakMemory(server.pid)
  const joined = await runLoad('joinAll', { target: server.target, room, joiners, expected: written.state })
  const memory = peakMemory(server.pid)
  return { ...joined, otherCores, memory, aboveIdle: memory - idle }
}

/** How many cores others use while this server has nothing to do: joining is too short to tell. */
const watchOthers = async (server: number, postgres: number): Promise<number> => {
  const usageSince = watchUsage({ server, postgres })
  await sleep(idleMs)
  return usageSince().otherCores
}
