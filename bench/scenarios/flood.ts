import { goals } from '../config.ts'
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

const flooders: Readonly<Record<string, number>> = { 'no flood': 0, '1 flooder': 1, '4 flooders': 4 }

export const flood: Scenario = {
  name: 'flood',
  title: 'Beside a flood',
  about: ({ flood: { rooms, updatesPerSecondPerRoom, measureMs, timesLimit, framesPerSecondMax } }) =>
    `In each of ${rooms} rooms somebody types ${updatesPerSecondPerRoom} key presses a second, for ${measureMs / 1000} s. ` +
    `Meanwhile flooders type into one other room, each ${timesLimit} times as fast as a session may ` +
    `(${framesPerSecondMax.toLocaleString('en')} frames/s), and come back at once when they are sent away. *Answers* counts how ` +
    'often one was, by name. *Taken* are the frames of the flooders that were acknowledged.',
  subjects: Object.keys(flooders),
  measure: (subject, bench) => measureBeside(flooders[subject] ?? 0, bench),
  columns: [
    column('ackP50', 'ack p50 ms', 2),
    column('ackP95', 'p95', 2),
    column('ackP99', 'p99', 2),
    column('answers', 'answers', 0),
    column('taken', 'taken/s', 0),
    ...loadColumns
  ],
  ratios: Object.keys(flooders)
    .slice(1)
    .flatMap((subject) => [
      {
        title: `ack p99 in the other rooms, ${subject} / none`,
        digits: 2,
        fold: 'median' as const,
        of: over('ackP99', subject, 'no flood'),
        goal: goals.ackBesideFlood
      },
      {
        title: `ack p50 in the other rooms, ${subject} / none`,
        digits: 2,
        fold: 'median' as const,
        of: over('ackP50', subject, 'no flood'),
        goal: null
      }
    ])
}

const measureBeside = async (count: number, bench: Bench): Promise<Figures> => {
  const { timesLimit, framesPerSecondMax, ...paced } = bench.settings.flood
  const roomlog = peerNamed('roomlog')
  const limited = { ROOMLOG_FRAMES_PER_SECOND_MAX: String(framesPerSecondMax) }
  const peer = { ...roomlog, environment: { ...roomlog.environment, ...limited } }
  const databaseUrl = await bench.database.create()
  await using server = await startServer(peer, databaseUrl)
  const { target } = server
  const ms = paced.warmUpMs + paced.measureMs
  const perSecond = timesLimit * framesPerSecondMax
  const watched = { server: server.pid, postgres: bench.database.pid }
  const [typed, flooded] = await Promise.all([
    runLoad('typeAtPace', { ...paced, target, watched, hasReader: false, documentBytes: null }),
    count === 0 ? null : runLoad('floodRoom', { target, flooders: count, perSecond, ms })
  ])
  const { answers, acknowledged } = flooded ?? { answers: {}, acknowledged: 0 }
  const named = Object.entries(answers).filter(([answer]) => answer.startsWith('too-many: '))
  return {
    ackP50: typed.ack.p50,
    ackP95: typed.ack.p95,
    ackP99: typed.ack.p99,
    answers: named.reduce((sum, [, times]) => sum + times, 0),
    taken: (acknowledged * 1_000) / ms,
    ...loadFigures(typed.usage)
  }
}
