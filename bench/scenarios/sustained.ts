import { costsOf, type Load, predict } from '../capacity.ts'
import type { LiveSample } from '../load/live.ts'
import { roomNames } from '../load/room.ts'
import { runLoad } from '../load/run-load.ts'
import { peerNamed } from '../peers/peers.ts'
import { startServer } from '../peers/server-process.ts'
import { readResults } from '../results.ts'
import { loadOf } from './load-of.ts'
import {
  type Bench,
  column,
  type Figures,
  figureOf,
  loadColumns,
  loadFigures,
  type Ratio,
  type Scenario
} from './scenario.ts'

const subject = 'roomlog'
const warmUpMs = 10_000

export const sustained: Scenario = {
  name: 'sustained',
  title: 'Sustained run',
  about: ({ sustained: settings }) =>
    `For ${settings.minutes} minutes: ${settings.rooms} rooms with one who types and ${settings.readersPerRoom} who read along, ` +
    `${settings.updatesPerSecond} key presses and ${settings.statesPerSecond} states of presence a second together, ` +
    `${settings.visitsPerSecond} newcomers a second who take a document and leave, and ` +
    `${settings.idleClients.toLocaleString('en')} clients who do nothing. *Grows* is the slope of the server's memory over the ` +
    'second half. Core and memory are compared with what the model of docs/capacity.md says of this load.',
  subjects: [subject],
  measure: (_, bench) => measureLive(bench),
  columns: [
    column('minutes', 'minutes', 1),
    column('clients', 'clients', 0),
    column('rooms', 'rooms', 0),
    column('updatesPerSecond', 'updates/s', 0),
    column('deliveriesPerSecond', 'deliveries/s', 0),
    column('presencePerSecond', 'presence frames/s', 0),
    column('visitsPerSecond', 'visits/s', 1),
    column('bytesPerSecond', 'bytes out/s', 0),
    column('ackP50', 'ack p50 ms', 2),
    column('ackP99', 'p99', 2),
    column('deliveryP99', 'delivery p99', 2),
    column('cores', 'server cores', 3),
    column('postgresCores', 'Postgres cores', 3),
    column('firstMegabytes', 'MB at first', 0),
    column('lastMegabytes', 'MB at last', 0),
    column('highestMegabytes', 'MB at most', 0),
    column('megabytesPerMinute', 'grows MB/minute', 2),
    ...loadColumns
  ],
  ratios: [
    compared('server cores', 'cores', (load) => predictNow(load)?.serverCores ?? null),
    compared('Postgres cores', 'postgresCores', (load) => predictNow(load)?.postgresCores ?? null),
    compared('memory', 'lastMegabytes', (load) => inMegabytes(predictNow(load)?.bytes)),
    {
      title: 'memory grows: MB per minute',
      digits: 2,
      fold: 'median',
      of: figureOf('megabytesPerMinute', subject),
      goal: null
    }
  ]
}

/** What the model says over what was measured. */
function compared(what: string, key: string, predicted: (load: Load) => number | null): Ratio {
  return {
    title: `${what}, predicted / measured`,
    digits: 2,
    fold: 'median',
    goal: null,
    of: (round) => {
      const figures = round.get(subject)
      const measured = figures?.[key] ?? null
      const says = figures === undefined ? null : predicted(loadOf(figures))
      return says === null || measured === null ? null : says / measured
    }
  }
}

const inMegabytes = (bytes: number | undefined): number | null =>
  bytes === undefined ? null : bytes / 1024 ** 2

const predictNow = (load: Load) => {
  const costs = costsOf(readResults())
  return costs === null ? null : predict(load, costs)
}

const measureLive = async ({ database, settings }: Bench): Promise<Figures> => {
  const { minutes, rooms, ...rest } = settings.sustained
  await using server = await startServer(peerNamed('roomlog'), await database.create())
  const measureMs = minutes * 60_000
  const live = await runLoad('liveOn', {
    ...rest,
    target: server.target,
    rooms: roomNames(rooms),
    warmUpMs: Math.min(warmUpMs, measureMs / 2),
    measureMs,
    watched: { server: server.pid, postgres: database.pid }
  })
  const { seconds, usage, samples } = live
  const megabytes = samples.map(({ bytes }) => (bytes ?? 0) / 1024 ** 2)
  return {
    minutes: seconds / 60,
    clients: live.clients,
    rooms,
    updatesPerSecond: live.updates / seconds,
    deliveriesPerSecond: live.deliveries / seconds,
    presencePerSecond: live.presenceFrames / seconds,
    visitsPerSecond: live.visits / seconds,
    bytesPerSecond: live.bytesOut / seconds,
    ackP50: live.ack.p50,
    ackP99: live.ack.p99,
    deliveryP99: live.delivery.p99,
    cores: usage.serverSeconds / seconds,
    postgresCores: usage.postgresSeconds / seconds,
    firstMegabytes: megabytes[0] ?? null,
    lastMegabytes: megabytes.at(-1) ?? null,
    highestMegabytes: Math.max(...megabytes),
    megabytesPerMinute: slopeOf(samples.slice(Math.floor(samples.length / 2))),
    ...loadFigures(usage)
  }
}

/** Megabytes per minute, by least squares. */
const slopeOf = (samples: readonly LiveSample[]): number => {
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length
  const minutes = samples.map(({ second }) => second / 60)
  const megabytes = samples.map(({ bytes }) => (bytes ?? 0) / 1024 ** 2)
  const [middle, height] = [mean(minutes), mean(megabytes)]
  const spread = minutes.reduce((sum, at) => sum + (at - middle) ** 2, 0)
  const rise = minutes.reduce((sum, at, index) => sum + (at - middle) * ((megabytes[index] ?? 0) - height), 0)
  return spread === 0 ? 0 : rise / spread
}
