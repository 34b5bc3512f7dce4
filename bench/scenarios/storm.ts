import { goals } from '../config.ts'
import { roomNames } from '../load/room.ts'
import { runLoad } from '../load/run-load.ts'
import { peerNamed } from '../peers/peers.ts'
import { startServer } from '../peers/server-process.ts'
import {
  type Bench,
  column,
  type Figures,
  loadColumns,
  loadFigures,
  over,
  type Scenario
} from './scenario.ts'

export const storm: Scenario = {
  name: 'storm',
  title: 'Reconnect storm',
  about: ({ storm: { clients, rooms, documentBytes } }) =>
    `${clients.toLocaleString('en')} clients of ${rooms} rooms, each with a document of ${documentBytes / 1000} KB, are cut ` +
    'at the same moment and come back at once, 256 of them on the way at a time, as providers do: with the state vector of ' +
    'what they have, and with all of it for a server that has nothing. Measured is the time from the cut until the last is ' +
    'synced, and *sync*, that of each.',
  subjects: ['y-websocket', 'hocuspocus', 'hocuspocus+database', 'roomlog'],
  measure: (subject, bench) => measurePeer(subject, bench),
  columns: [
    column('lastMs', 'all back: ms', 0),
    column('syncP50', 'sync p50 ms', 1),
    column('syncP99', 'p99', 1),
    column('serverMs', 'server CPU ms', 0),
    ...loadColumns
  ],
  ratios: [
    {
      title: 'time until all are back, Roomlog / Hocuspocus',
      digits: 2,
      fold: 'median',
      of: over('lastMs', 'roomlog', 'hocuspocus'),
      goal: goals.stormToHocuspocus
    },
    {
      title: 'time until all are back, Roomlog / Hocuspocus with database',
      digits: 2,
      fold: 'median',
      of: over('lastMs', 'roomlog', 'hocuspocus+database'),
      goal: null
    },
    {
      title: 'server CPU, Roomlog / Hocuspocus',
      digits: 2,
      fold: 'median',
      of: over('serverMs', 'roomlog', 'hocuspocus'),
      goal: null
    }
  ]
}

const measurePeer = async (name: string, { database, settings }: Bench): Promise<Figures> => {
  const peer = peerNamed(name)
  await using server = await startServer(peer, peer.rowsWritten === null ? null : await database.create())
  const { lastMs, sync, usage } = await runLoad('cutAndReturn', {
    ...settings.storm,
    rooms: roomNames(settings.storm.rooms),
    target: server.target,
    watched: { server: server.pid, postgres: database.pid }
  })
  return {
    lastMs,
    syncP50: sync.p50,
    syncP99: sync.p99,
    serverMs: usage.serverSeconds * 1_000,
    ...loadFigures(usage)
  }
}
