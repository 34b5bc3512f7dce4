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
  type Ratio,
  type Scenario
} from './scenario.ts'

interface Beside {
  readonly flooders: number
  /** They flood another node with another database: what is left is what this machine has to do for them. */
  readonly isElsewhere: boolean
}

const subjects: Readonly<Record<string, Beside>> = {
  'no flood': { flooders: 0, isElsewhere: false },
  '1 flooder': { flooders: 1, isElsewhere: false },
  '1 flooder, elsewhere': { flooders: 1, isElsewhere: true },
  '4 flooders': { flooders: 4, isElsewhere: false },
  '4 flooders, elsewhere': { flooders: 4, isElsewhere: true }
}

const inTheOtherRooms = (figure: string, subject: string, base: string, goal: Ratio['goal']): Ratio => ({
  title: `ack ${figure === 'ackP99' ? 'p99' : 'p50'} in the other rooms, ${subject} / ${base}`,
  digits: 2,
  fold: 'median',
  of: over(figure, subject, base),
  goal
})

export const flood: Scenario = {
  name: 'flood',
  title: 'Beside a flood',
  about: ({ flood: { rooms, updatesPerSecondPerRoom, measureMs, timesLimit, framesPerSecondMax } }) =>
    `In each of ${rooms} rooms somebody types ${updatesPerSecondPerRoom} key presses a second, for ${measureMs / 1000} s. ` +
    `Meanwhile flooders type into one other room, each ${timesLimit} times as fast as a session may ` +
    `(${framesPerSecondMax.toLocaleString('en')} frames/s), and come back at once when they are sent away. *Answers* counts how ` +
    'often one was, by name. *Taken* are the frames of the flooders that were acknowledged. *Elsewhere* is the control: the ' +
    'same flood on a node of its own on the same machine, so that what flooders, nodes and Postgres take of its cores from each ' +
    'other is told apart from what a flood does to the other rooms of its node.',
  subjects: Object.keys(subjects),
  measure: (subject, bench) => measureBeside(subjects[subject] ?? { flooders: 0, isElsewhere: false }, bench),
  columns: [
    column('ackP50', 'ack p50 ms', 2),
    column('ackP95', 'p95', 2),
    column('ackP99', 'p99', 2),
    column('answers', 'answers', 0),
    column('taken', 'taken/s', 0),
    ...loadColumns
  ],
  ratios: ['1 flooder', '4 flooders'].flatMap((subject) => [
    inTheOtherRooms('ackP99', subject, 'no flood', goals.ackBesideFlood),
    inTheOtherRooms('ackP99', subject, `${subject}, elsewhere`, null),
    inTheOtherRooms('ackP50', subject, 'no flood', null)
  ])
}

const measureBeside = async ({ flooders, isElsewhere }: Beside, bench: Bench): Promise<Figures> => {
  const { timesLimit, framesPerSecondMax, ...paced } = bench.settings.flood
  const roomlog = peerNamed('roomlog')
  const limited = { ROOMLOG_FRAMES_PER_SECOND_MAX: String(framesPerSecondMax) }
  const peer = { ...roomlog, environment: { ...roomlog.environment, ...limited } }
  await using server = await startServer(peer, await bench.database.create())
  await using elsewhere = isElsewhere ? await startServer(peer, await bench.database.create()) : null
  const { target } = server
  const flooded = elsewhere?.target ?? target
  const ms = paced.warmUpMs + paced.measureMs
  const perSecond = timesLimit * framesPerSecondMax
  const watched = { server: server.pid, postgres: bench.database.pid }
  const [typed, flooding] = await Promise.all([
    runLoad('typeAtPace', { ...paced, target, watched, hasReader: false, documentBytes: null }),
    flooders === 0 ? null : runLoad('floodRoom', { target: flooded, flooders, perSecond, ms })
  ])
  const { answers, acknowledged } = flooding ?? { answers: {}, acknowledged: 0 }
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
