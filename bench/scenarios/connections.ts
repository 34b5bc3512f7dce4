import { goals, openFilesReserve } from '../config.ts'
import { runLoad } from '../load/run-load.ts'
import { openFilesMax } from '../load/usage.ts'
import { type Peer, peerNamed, peers } from '../peers/peers.ts'
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

const secret = 'the benchmark knows this secret, and so do you'
const many = 'roomlog, many'
const awake = 'roomlog, rooms written'

export const connections: Scenario = {
  name: 'connections',
  title: 'Connections',
  about: ({ connections: { clients, manyClients, perRoom, typists, updatesPerSecond, idleMs } }) =>
    `${clients.toLocaleString('en')} clients connect, ${perRoom} to each room, and are greeted; 256 are on the way at a time. ` +
    `Roomlog checks a token (HS256) of each, every one another person's; the peers check nothing. Meanwhile ${typists} others type ` +
    `${updatesPerSecond} key presses a second together; *ack* is theirs. ${idleMs / 1000} s ` +
    'after the last is in, with nothing happening, *KB/connection* is what the server takes more in RAM than before the first ' +
    `came. *${many}*: ${manyClients.toLocaleString('en')} of them, or as many as this system lets one process have files open, ` +
    `less ${openFilesReserve} for its own. *${awake}*: the first of each room writes a paragraph before it does nothing.`,
  subjects: [...peers.map((peer) => peer.name), awake, many],
  measure: (subject, bench) => {
    const { clients, manyClients } = bench.settings.connections
    if (subject === awake) return measurePeer(peerNamed('roomlog'), bench, { clients, writes: true })
    return subject === many
      ? measurePeer(peerNamed('roomlog'), bench, {
          clients: Math.min(manyClients, openFilesMax() - openFilesReserve),
          writes: false
        })
      : measurePeer(peerNamed(subject), bench, { clients, writes: false })
  },
  columns: [
    column('clients', 'clients', 0),
    column('perSecond', 'connections/s', 0),
    column('microseconds', 'server µs/connection', 0),
    column('megabytesBefore', 'MB before', 0),
    column('kilobytes', 'KB/connection', 1),
    column('ackP50', 'ack p50 ms', 2),
    column('ackP99', 'p99', 1),
    ...loadColumns
  ],
  ratios: [
    {
      title: 'memory per idle connection, Roomlog / Hocuspocus',
      digits: 2,
      fold: 'median',
      of: over('kilobytes', 'roomlog', 'hocuspocus'),
      goal: goals.idleMemoryToHocuspocus
    },
    {
      title: 'connections/s, Roomlog with tokens / Hocuspocus without',
      digits: 2,
      fold: 'median',
      of: over('perSecond', 'roomlog', 'hocuspocus'),
      goal: goals.connectsToHocuspocus
    },
    {
      title: 'server µs per connection, Roomlog / Hocuspocus',
      digits: 2,
      fold: 'median',
      of: over('microseconds', 'roomlog', 'hocuspocus'),
      goal: null
    },
    {
      title: 'connections on one node of Roomlog',
      digits: 0,
      fold: 'median',
      of: figureOf('clients', many),
      goal: goals.connectionsOfOneNode
    }
  ]
}

const withTokens = (peer: Peer): Peer => ({
  ...peer,
  environment: { ...peer.environment, AUTH_SECRET: secret }
})

const measurePeer = async (
  given: Peer,
  { database, settings }: Bench,
  crowd: { readonly clients: number; readonly writes: boolean }
): Promise<Figures> => {
  const isOurs = given.name === 'roomlog'
  const peer = isOurs ? withTokens(given) : given
  await using server = await startServer(peer, peer.rowsWritten === null ? null : await database.create())
  const { clients, seconds, bytesBefore, grownBytes, ack, usage } = await runLoad('connectMany', {
    ...settings.connections,
    ...crowd,
    prefix: 'document/bench',
    target: server.target,
    secret: isOurs ? secret : null,
    watched: { server: server.pid, postgres: database.pid }
  })
  return {
    clients,
    perSecond: clients / seconds,
    microseconds: perUpdate(usage.serverSeconds, clients),
    megabytesBefore: bytesBefore === null ? null : bytesBefore / 1024 ** 2,
    kilobytes: grownBytes === null ? null : grownBytes / 1024 / clients,
    ackP50: ack.p50,
    ackP99: ack.p99,
    ...loadFigures(usage)
  }
}
