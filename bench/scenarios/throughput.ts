import { goals } from '../config.ts'
import { runLoad } from '../load/run-load.ts'
import { peerNamed, peers } from '../peers/peers.ts'
import { startServer } from '../peers/server-process.ts'
import {
  type Bench,
  column,
  type Figures,
  figureOf,
  loadColumns,
  loadFigures,
  over,
  perUpdate,
  type Scenario
} from './scenario.ts'

export const throughput: Scenario = {
  name: 'throughput',
  title: 'Throughput',
  about: ({ throughput: { rooms, writersPerRoom, window, warmUpMs, measureMs } }) =>
    `${rooms * writersPerRoom} writers in ${rooms} rooms; each has ${window} key presses on the way and sends one more for ` +
    `each that is acknowledged. ${measureMs / 1000} s are measured after ${warmUpMs / 1000} s of the same. Afterwards a ` +
    'newcomer asks each room for its document: *missing* counts acknowledged updates that are not in it. ' +
    '*Rows* are those written to the database.',
  subjects: peers.map((peer) => peer.name),
  measure: (subject, bench) => measurePeer(subject, bench),
  columns: [
    column('perSecond', 'acked/s', 0),
    column('ackP50', 'ack p50 ms', 1),
    column('ackP99', 'p99', 1),
    column('serverMicroseconds', 'server µs/update', 1),
    column('postgresMicroseconds', 'Postgres µs/update', 1),
    column('rowsPerUpdate', 'rows/update', 4),
    column('missing', 'missing', 0, 'sum'),
    ...loadColumns
  ],
  ratios: [
    {
      title: 'acked/s, Roomlog (durable) / Hocuspocus (not)',
      digits: 2,
      fold: 'median',
      of: over('perSecond', 'roomlog', 'hocuspocus'),
      goal: goals.throughputToHocuspocus
    },
    {
      title: 'acked/s, Roomlog (durable) / relay (not)',
      digits: 2,
      fold: 'median',
      of: over('perSecond', 'roomlog', 'relay'),
      goal: goals.throughputToRelay
    },
    {
      title: 'server µs per update, Roomlog / Hocuspocus',
      digits: 2,
      fold: 'median',
      of: over('serverMicroseconds', 'roomlog', 'hocuspocus'),
      goal: null
    },
    {
      title: "acknowledged updates that Roomlog's rooms lack",
      digits: 0,
      fold: 'sum',
      of: figureOf('missing', 'roomlog'),
      goal: goals.lostUpdates
    }
  ]
}

const measurePeer = async (name: string, bench: Bench): Promise<Figures> => {
  const peer = peerNamed(name)
  const databaseUrl = peer.rowsWritten === null ? null : await bench.database.create()
  await using server = await startServer(peer, databaseUrl)
  const { confirmed, confirmedEver, confirm, usage, missing } = await runLoad('typeWithWindow', {
    ...bench.settings.throughput,
    target: server.target,
    watched: { server: server.pid, postgres: bench.database.pid },
    holdsDocuments: peer.holdsDocuments
  })
  const rows =
    databaseUrl === null || peer.rowsWritten === null
      ? null
      : await bench.database.ask(databaseUrl, peer.rowsWritten)
  return {
    perSecond: confirmed / usage.seconds,
    ackP50: confirm.p50,
    ackP99: confirm.p99,
    serverMicroseconds: perUpdate(usage.serverSeconds, confirmed),
    postgresMicroseconds: databaseUrl === null ? null : perUpdate(usage.postgresSeconds, confirmed),
    rowsPerUpdate: rows === null ? null : rows / confirmedEver,
    missing,
    ...loadFigures(usage)
  }
}
