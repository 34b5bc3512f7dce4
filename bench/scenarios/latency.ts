import { readFile } from 'node:fs/promises'
import { goals } from '../config.ts'
import { runLoad } from '../load/run-load.ts'
import { peerNamed, peers } from '../peers/peers.ts'
import { startServer } from '../peers/server-process.ts'
import {
  type Bench,
  column,
  type Figures,
  loadColumns,
  loadFigures,
  over,
  perUpdate,
  type Scenario
} from './scenario.ts'

/** Not a server: one row, one commit, from a Node process straight into Postgres. */
const floor = 'raw commit'

export const latency: Scenario = {
  name: 'latency',
  title: 'Latency at typing pace',
  about: ({ latency: { rooms, updatesPerSecondPerRoom, warmUpMs, measureMs } }) =>
    `${rooms} rooms of two: one types ${updatesPerSecondPerRoom} key presses a second, the other reads along; ` +
    `${rooms * updatesPerSecondPerRoom} a second together, evenly spread. ${measureMs / 1000} s are measured after ` +
    `${warmUpMs / 1000} s of the same. *Ack* is from the write of the frame to its acknowledgement, *delivery* to the ` +
    `other client. *${floor}* is a Node process that inserts one row of the log's shape per statement, at the same pace, ` +
    'over the same kind of connection: its *ack* is the answer of the commit.',
  subjects: [...peers.map((peer) => peer.name), floor],
  measure: (subject, bench) => (subject === floor ? measureFloor(bench) : measurePeer(subject, bench)),
  columns: [
    column('ackP50', 'ack p50 ms', 2),
    column('ackP95', 'p95', 2),
    column('ackP99', 'p99', 2),
    column('deliveryP50', 'delivery p50 ms', 2),
    column('deliveryP95', 'p95', 2),
    column('deliveryP99', 'p99', 2),
    column('serverMicroseconds', 'server µs/update', 0),
    column('postgresMicroseconds', 'Postgres µs/update', 0),
    ...loadColumns
  ],
  ratios: [
    {
      title: 'ack p50, Roomlog / raw commit',
      digits: 2,
      fold: 'median',
      of: over('ackP50', 'roomlog', floor),
      goal: goals.ackToCommitP50
    },
    {
      title: 'ack p99, Roomlog / raw commit',
      digits: 2,
      fold: 'median',
      of: over('ackP99', 'roomlog', floor),
      goal: goals.ackToCommitP99
    },
    {
      title: 'ack p50, Roomlog (durable) / Hocuspocus (not)',
      digits: 2,
      fold: 'median',
      of: over('ackP50', 'roomlog', 'hocuspocus'),
      goal: null
    },
    {
      title: 'delivery p50, Roomlog (durable) / Hocuspocus (not)',
      digits: 2,
      fold: 'median',
      of: over('deliveryP50', 'roomlog', 'hocuspocus'),
      goal: null
    },
    {
      title: 'server µs per update, Roomlog / Hocuspocus',
      digits: 2,
      fold: 'median',
      of: over('serverMicroseconds', 'roomlog', 'hocuspocus'),
      goal: null
    }
  ]
}

const measurePeer = async (name: string, bench: Bench): Promise<Figures> => {
  const peer = peerNamed(name)
  const databaseUrl = peer.rowsWritten === null ? null : await bench.database.create()
  await using server = await startServer(peer, databaseUrl)
  const { updates, ack, delivery, usage } = await runLoad('typeAtPace', {
    ...bench.settings.latency,
    target: server.target,
    watched: { server: server.pid, postgres: bench.database.pid },
    hasReader: true,
    documentBytes: null
  })
  return {
    ackP50: ack.p50,
    ackP95: ack.p95,
    ackP99: ack.p99,
    deliveryP50: delivery.p50,
    deliveryP95: delivery.p95,
    deliveryP99: delivery.p99,
    serverMicroseconds: perUpdate(usage.serverSeconds, updates),
    postgresMicroseconds: databaseUrl === null ? null : perUpdate(usage.postgresSeconds, updates),
    ...loadFigures(usage)
  }
}

const measureFloor = async (bench: Bench): Promise<Figures> => {
  const { rooms, updatesPerSecondPerRoom, warmUpMs, measureMs } = bench.settings.latency
  const databaseUrl = await bench.database.create()
  await bench.database.run(
    databaseUrl,
    await readFile(new URL('../../schema/sql/0001-log.sql', import.meta.url), 'utf8')
  )
  const { commits, commit, usage } = await runLoad('commitAtPace', {
    databaseUrl,
    rooms,
    perSecond: rooms * updatesPerSecondPerRoom,
    warmUpMs,
    measureMs,
    watched: { server: null, postgres: bench.database.pid }
  })
  return {
    ackP50: commit.p50,
    ackP95: commit.p95,
    ackP99: commit.p99,
    postgresMicroseconds: perUpdate(usage.postgresSeconds, commits),
    ...loadFigures(usage)
  }
}
