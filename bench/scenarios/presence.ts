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

export const presence: Scenario = {
  name: 'presence',
  title: 'Presence',
  about: ({ presence: { people, statesPerSecond, warmUpMs, measureMs } }) =>
    `${people} people in one room, each of whom shows a new state ${statesPerSecond} times a second, evenly spread; ` +
    `${measureMs / 1000} s are measured after ${warmUpMs / 1000} s of the same. *Delivered* is the part of these states, times ` +
    'the people who should see each, that was seen, at the latest 5 s after the last of them; a state that is overtaken by a ' +
    'newer one before it is sent was not delivered. *Per state* is the processor time per state seen by one person.',
  subjects: peers.map((peer) => peer.name),
  measure: (subject, bench) => measurePeer(subject, bench),
  columns: [
    column('microseconds', 'server µs/state', 2),
    column('delivered', 'delivered', 4),
    column('p50', 'p50 ms', 1),
    column('p99', 'p99', 1),
    column('cores', 'server cores', 2),
    ...loadColumns
  ],
  ratios: [
    {
      title: 'server µs per state seen, Roomlog / Hocuspocus',
      digits: 2,
      fold: 'median',
      of: over('microseconds', 'roomlog', 'hocuspocus'),
      goal: goals.presenceToHocuspocus
    },
    {
      title: 'states delivered, of those shown, Roomlog',
      digits: 4,
      fold: 'median',
      of: figureOf('delivered', 'roomlog'),
      goal: goals.presenceDelivered
    }
  ]
}

const measurePeer = async (name: string, { database, settings }: Bench): Promise<Figures> => {
  const peer = peerNamed(name)
  await using server = await startServer(peer, peer.rowsWritten === null ? null : await database.create())
  const { expected, seen, seenMeanwhile, delivery, usage } = await runLoad('showPresence', {
    ...settings.presence,
    target: server.target,
    room: 'document/bench-0',
    watched: { server: server.pid, postgres: database.pid }
  })
  return {
    microseconds: perUpdate(usage.serverSeconds, seenMeanwhile),
    delivered: seen / expected,
    p50: delivery.p50,
    p99: delivery.p99,
    cores: usage.serverSeconds / usage.seconds,
    ...loadFigures(usage)
  }
}
