import { runLoad } from '../load/run-load.ts'
import type { Watched } from '../load/usage.ts'
import { type Peer, peerNamed } from '../peers/peers.ts'
import { startServer } from '../peers/server-process.ts'
import { type BenchRedis, startBenchRedis } from '../redis.ts'
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

/** How many nodes of which server; two of them have a Redis between them. */
const subjects: Readonly<Record<string, { readonly peer: Peer; readonly nodes: 1 | 2 }>> = {
  'hocuspocus+database+redis, 2 nodes': { peer: peerNamed('hocuspocus+database'), nodes: 2 },
  'roomlog, 1 node': { peer: peerNamed('roomlog'), nodes: 1 },
  'roomlog, 2 nodes': { peer: peerNamed('roomlog'), nodes: 2 }
}
const ours = 'roomlog, 2 nodes'
const theirs = 'hocuspocus+database+redis, 2 nodes'

export const twoNodes: Scenario = {
  name: 'two-nodes',
  title: 'Two nodes',
  about: ({ twoNodes: { latency, throughput } }) =>
    'Two processes of one server, on one Postgres and one Redis. First at typing pace: in each of ' +
    `${latency.rooms} rooms one types ${latency.updatesPerSecondPerRoom} key presses a second at the first node, another ` +
    `reads along at the second (${latency.measureMs / 1000} s after ${latency.warmUpMs / 1000} s). Then as much as they take: ` +
    `${throughput.rooms} rooms with a writer at each node, ${throughput.window} key presses on the way each ` +
    `(${throughput.measureMs / 1000} s after ${throughput.warmUpMs / 1000} s); *missing* are acknowledged updates that a ` +
    'newcomer does not get, at the worse of the two nodes. *Server* is both nodes together. Both, Redis, Postgres and the ' +
    'generator share the cores of one machine: two nodes cannot be faster than one here; what they cost is seen.',
  subjects: Object.keys(subjects),
  measure: (subject, bench) => measureNodes(subject, bench),
  columns: [
    column('deliveryP50', 'delivery p50 ms', 2),
    column('deliveryP99', 'p99', 2),
    column('ackP50', 'ack p50 ms', 2),
    column('ackP99', 'p99', 2),
    column('serverMicroseconds', 'server µs/update', 0),
    column('redisMicroseconds', 'Redis µs/update', 1),
    column('redisCommands', 'Redis commands/update', 2),
    column('redisBytes', 'Redis bytes/update', 0),
    column('perSecond', 'most: acked/s', 0),
    column('mostMicroseconds', 'server µs/update', 1),
    column('mostRedisMicroseconds', 'Redis µs/update', 1),
    column('missing', 'missing', 0, 'sum'),
    ...loadColumns
  ],
  ratios: [
    {
      title: 'delivery p50 to the other node, Roomlog (durable) / Hocuspocus (not)',
      digits: 2,
      fold: 'median',
      of: over('deliveryP50', ours, theirs),
      goal: null
    },
    {
      title: 'delivery p50, Roomlog, to the other node / on one node',
      digits: 2,
      fold: 'median',
      of: over('deliveryP50', ours, 'roomlog, 1 node'),
      goal: null
    },
    {
      title: 'acked/s with writers at both nodes, Roomlog (durable) / Hocuspocus (not)',
      digits: 2,
      fold: 'median',
      of: over('perSecond', ours, theirs),
      goal: null
    },
    {
      title: "acknowledged updates that one of Roomlog's nodes lacks",
      digits: 0,
      fold: 'sum',
      of: figureOf('missing', ours),
      goal: { most: 0 }
    }
  ]
}

const measureNodes = async (subject: string, bench: Bench): Promise<Figures> => {
  const { peer, nodes } = subjects[subject] ?? { peer: peerNamed('roomlog'), nodes: 1 }
  await using redis = nodes === 1 ? null : await startBenchRedis()
  const paced = await measurePaced(peer, redis, bench)
  const most = await measureMost(peer, redis, bench)
  return {
    ...paced,
    ...most,
    otherCores: Math.max(paced.otherCores ?? 0, most.otherCores ?? 0),
    generatorBusy: Math.max(paced.generatorBusy ?? 0, most.generatorBusy ?? 0)
  }
}

/** The servers of one measurement, on a fresh database. */
const startNodes = async (given: Peer, redis: BenchRedis | null, bench: Bench) => {
  const environment = redis === null ? given.environment : { ...given.environment, REDIS_URL: redis.url }
  const peer = { ...given, environment }
  const databaseUrl = await bench.database.create()
  const first = await startServer(peer, databaseUrl)
  const second = redis === null ? null : await startServer(peer, databaseUrl)
  const watched: Watched = {
    server: first.pid,
    postgres: bench.database.pid,
    ...(second === null ? {} : { nodes: [second.pid] }),
    ...(redis === null ? {} : { redis: redis.pid })
  }
  return {
    target: first.target,
    otherTarget: second?.target ?? first.target,
    watched,
    [Symbol.asyncDispose]: async () => {
      await Promise.all([first.stop(), second?.stop()])
    }
  }
}

const measurePaced = async (peer: Peer, redis: BenchRedis | null, bench: Bench): Promise<Figures> => {
  await using nodes = await startNodes(peer, redis, bench)
  const counts: ReturnType<BenchRedis['count']>[] = []
  const { updates, ack, delivery, usage } = await runLoad(
    'typeAtPace',
    {
      ...bench.settings.twoNodes.latency,
      target: nodes.target,
      readersTarget: nodes.otherTarget,
      watched: nodes.watched,
      hasReader: true,
      documentBytes: null
    },
    (phase) => {
      if (phase !== 'typing' && redis !== null) counts.push(redis.count())
    }
  )
  const [before, after] = await Promise.all(counts)
  return {
    deliveryP50: delivery.p50,
    deliveryP99: delivery.p99,
    ackP50: ack.p50,
    ackP99: ack.p99,
    serverMicroseconds: perUpdate(usage.serverSeconds, updates),
    redisMicroseconds: redis === null ? null : perUpdate(usage.redisSeconds, updates),
    redisCommands: before && after ? (after.commands - before.commands) / updates : null,
    redisBytes: before && after ? (after.bytes - before.bytes) / updates : null,
    ...loadFigures(usage)
  }
}

const measureMost = async (peer: Peer, redis: BenchRedis | null, bench: Bench): Promise<Figures> => {
  await using nodes = await startNodes(peer, redis, bench)
  const { confirmed, usage, missing } = await runLoad('typeWithWindow', {
    ...bench.settings.twoNodes.throughput,
    target: nodes.target,
    otherTarget: nodes.otherTarget,
    watched: nodes.watched,
    holdsDocuments: true
  })
  return {
    perSecond: confirmed / usage.seconds,
    mostMicroseconds: perUpdate(usage.serverSeconds, confirmed),
    mostRedisMicroseconds: redis === null ? null : perUpdate(usage.redisSeconds, confirmed),
    missing,
    ...loadFigures(usage)
  }
}
