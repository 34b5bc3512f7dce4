import { goals, type Settings } from '../config.ts'
import { runLoad } from '../load/run-load.ts'
import { type Peer, peerNamed, peers } from '../peers/peers.ts'
import { startServer } from '../peers/server-process.ts'
import {
  type Bench,
  column,
  type Figures,
  figureOf,
  loadColumns,
  over,
  perUpdate,
  type Scenario
} from './scenario.ts'

const many = 'roomlog, many readers'

export const fanOut: Scenario = {
  name: 'fan-out',
  title: 'Fan-out',
  about: ({ fanOut: { readers, manyReaders, slow, fast, warmUpMs, measureMs } }) =>
    `One room, in which one types ${slow} key presses a second and then, on another server of the same kind, ${fast}, and ` +
    `${readers.toLocaleString('en')} read along; *${many}*: ${manyReaders.toLocaleString('en')} of them, at ${slow}/s. ` +
    `${measureMs / 1000} s are measured after ${warmUpMs / 1000} s of the same. A *delivery* is one key press at one reader, ` +
    'whether it comes alone or in a frame with others. *Arrived* is the part of all deliveries that came, at the latest 20 s after ' +
    'the last key press.',
  subjects: [...peers.map((peer) => peer.name), many],
  measure: (subject, bench) =>
    subject === many
      ? measureReaders(peerNamed('roomlog'), bench, bench.settings.fanOut.manyReaders, ['slow'])
      : measureReaders(peerNamed(subject), bench, bench.settings.fanOut.readers, ['slow', 'fast']),
  columns: [
    column('readers', 'readers', 0),
    column('slowMicroseconds', 'slow: server µs/delivery', 2),
    column('slowP50', 'delivery p50 ms', 1),
    column('slowP99', 'p99', 1),
    column('slowFrames', 'frames/delivery', 2),
    column('slowArrived', 'arrived', 4),
    column('slowAckP99', 'ack p99 ms', 1),
    column('fastMicroseconds', 'fast: server µs/delivery', 2),
    column('fastP50', 'delivery p50 ms', 1),
    column('fastP99', 'p99', 1),
    column('fastFrames', 'frames/delivery', 2),
    column('fastArrived', 'arrived', 4),
    column('fastAckP99', 'ack p99 ms', 1),
    ...loadColumns
  ],
  ratios: [
    {
      title: 'server µs per frame at the slow pace, Roomlog / relay',
      digits: 2,
      fold: 'median',
      of: (round) => {
        const ours = perFrame(round.get('roomlog'))
        const relay = perFrame(round.get('relay'))
        return ours === null || relay === null ? null : ours / relay
      },
      goal: goals.fanOutToRelay
    },
    {
      title: 'server µs per delivery at the slow pace, Roomlog / relay',
      digits: 2,
      fold: 'median',
      of: over('slowMicroseconds', 'roomlog', 'relay'),
      goal: goals.windowedFanOutToRelay
    },
    {
      title: 'delivery p50 at the slow pace, Roomlog: ms',
      digits: 1,
      fold: 'median',
      of: figureOf('slowP50', 'roomlog'),
      goal: goals.windowedDeliveryP50
    },
    {
      title: 'delivery p99 at the fast pace, Roomlog: ms',
      digits: 1,
      fold: 'median',
      of: figureOf('fastP99', 'roomlog'),
      goal: goals.fastDeliveryP99
    },
    {
      title: 'server µs per delivery at the fast pace, Roomlog / relay',
      digits: 2,
      fold: 'median',
      of: over('fastMicroseconds', 'roomlog', 'relay'),
      goal: null
    },
    {
      title: 'readers to whom one node of Roomlog gave everything',
      digits: 0,
      fold: 'median',
      of: (round) => {
        const figures = round.get(many)
        return figures === undefined || figures.slowArrived === 1 ? (figures?.readers ?? null) : 0
      },
      goal: goals.readersOfOneNode
    }
  ]
}

/** A frame is what a window saves: whether ours are cheaper each is another question than how many there are. */
const perFrame = (figures: Figures | undefined): number | null => {
  const { slowMicroseconds = null, slowFrames = null } = figures ?? {}
  return slowMicroseconds === null || !slowFrames ? null : slowMicroseconds / slowFrames
}

type PaceName = 'slow' | 'fast'

const measureReaders = async (
  peer: Peer,
  bench: Bench,
  readers: number,
  paces: readonly PaceName[]
): Promise<Figures> => {
  const figures: Record<string, number | null> = { readers, generatorBusy: 0, otherCores: 0 }
  for (const name of paces) {
    const measured = await measurePace(peer, bench, readers, name)
    figures.generatorBusy = Math.max(figures.generatorBusy ?? 0, measured.usage.generatorBusy)
    figures.otherCores = Math.max(figures.otherCores ?? 0, measured.usage.otherCores)
    figures[`${name}Microseconds`] = perUpdate(measured.usage.serverSeconds, measured.deliveries)
    figures[`${name}P50`] = measured.delivery.p50
    figures[`${name}P99`] = measured.delivery.p99
    figures[`${name}Arrived`] = measured.arrived
    figures[`${name}AckP99`] = measured.ack.p99
    figures[`${name}Frames`] = measured.deliveries === 0 ? null : measured.frames / measured.deliveries
  }
  return figures
}

const measurePace = async (peer: Peer, { database, settings }: Bench, readers: number, name: PaceName) => {
  const { warmUpMs, measureMs, ...paces }: Settings['fanOut'] = settings.fanOut
  await using server = await startServer(peer, peer.rowsWritten === null ? null : await database.create())
  return await runLoad('typeToMany', {
    target: server.target,
    room: 'document/bench-0',
    readers,
    updatesPerSecond: paces[name],
    warmUpMs,
    measureMs,
    watched: { server: server.pid, postgres: database.pid }
  })
}
