import { fileURLToPath } from 'node:url'
import * as Y from 'yjs'
import { goals } from '../config.ts'
import {
  GuardedRoom,
  longText,
  manyMaps,
  pressesAnywhere,
  pressesAtEnd,
  scatteredDeletes,
  setsInMaps
} from '../load/guarded-room.ts'
import { hostileMessages, messageBytesMax } from '../load/hostile-messages.ts'
import { percentilesOf } from '../load/percentiles.ts'
import { runLoad } from '../load/run-load.ts'
import { type Peer, peerNamed } from '../peers/peers.ts'
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

const withoutGuard: Peer = {
  ...peerNamed('roomlog'),
  environment: {
    ...peerNamed('roomlog').environment,
    NODE_OPTIONS: `--import ${fileURLToPath(new URL('../peers/without-guard.ts', import.meta.url))}`
  }
}

const subjects = {
  end: 'key press, at the end',
  anywhere: 'key press, anywhere',
  map: 'set in one of many maps',
  reconnect: 'reconnect, nothing new',
  hostile: 'hostile messages',
  guarded: 'throughput',
  open: 'throughput without guard'
} as const

const measures: Readonly<Record<string, (bench: Bench) => Figures | Promise<Figures>>> = {
  [subjects.end]: ({ settings: { guard } }) =>
    measureUpdates(longText(guard.textItems), pressesAtEnd(guard.textItems, guard.updates)),
  [subjects.anywhere]: ({ settings: { guard }, random }) =>
    measureUpdates(longText(guard.textItems), pressesAnywhere(guard.textItems, guard.updates, random)),
  [subjects.map]: ({ settings: { guard }, random }) =>
    measureUpdates(manyMaps(guard.maps), setsInMaps(guard.maps, guard.updates, random)),
  [subjects.reconnect]: ({ settings: { guard } }) => measureReconnect(guard.deletedItems, guard.reconnects),
  [subjects.hostile]: ({ settings: { guard } }) => measureHostile(guard.textItems),
  [subjects.guarded]: (bench) => measureThroughput(peerNamed('roomlog'), bench),
  [subjects.open]: (bench) => measureThroughput(withoutGuard, bench)
}

export const guard: Scenario = {
  name: 'guard',
  title: 'Write guard',
  about: ({ guard: { textItems, maps, updates, deletedItems, reconnects } }) =>
    `In one process, without a network: ${updates.toLocaleString('en')} key presses in a text of ` +
    `${textItems.toLocaleString('en')} items, and as many sets in ${maps.toLocaleString('en')} maps, each judged (which begins ` +
    'with its bytes) and then applied, by somebody who may write some paths of a typed room; ' +
    `${reconnects} reconnects of a client that has all of a text with ${(deletedItems / 2).toLocaleString('en')} delete ranges; and ` +
    `messages of ${messageBytesMax / 1024} kB that are made to be slow, with *judge* and *apply* as the most that one of them took ` +
    '(refused ones are not applied). Then the load of the throughput scenario, on a server as it is and on one whose guard was ' +
    'replaced by one that lets everything pass unread.',
  subjects: Object.values(subjects),
  measure: async (subject, bench) => measures[subject]?.(bench) ?? {},
  columns: [
    column('judge', 'judge µs, median', 2),
    column('judgeP99', 'p99', 1),
    column('apply', 'apply µs, median', 2),
    column('worstMs', 'slowest ms', 1),
    column('perSecond', 'acked/s', 0),
    column('serverMicroseconds', 'server µs/update', 1),
    ...loadColumns
  ],
  ratios: [
    {
      title: 'key press at the end of a long text, judged: µs',
      digits: 2,
      fold: 'median',
      of: figureOf('judge', subjects.end),
      goal: goals.judgeMicroseconds
    },
    {
      title: 'key press anywhere in a long text, judged: µs',
      digits: 2,
      fold: 'median',
      of: figureOf('judge', subjects.anywhere),
      goal: goals.judgeMicroseconds
    },
    {
      title: 'reconnect with nothing new, judged / applied by Yjs',
      digits: 4,
      fold: 'median',
      of: (round) => {
        const { judge = null, apply = null } = round.get(subjects.reconnect) ?? {}
        return judge === null || apply === null || apply === 0 ? null : judge / apply
      },
      goal: goals.reconnectToApply
    },
    {
      title: 'slowest hostile message, judged and applied: ms',
      digits: 1,
      fold: 'median',
      of: figureOf('worstMs', subjects.hostile),
      goal: goals.messageMs
    },
    {
      title: 'acked/s, with guard / without',
      digits: 2,
      fold: 'median',
      of: over('perSecond', subjects.guarded, subjects.open),
      goal: goals.throughputToUnguarded
    }
  ]
}

const microseconds = (since: number): number => (performance.now() - since) * 1_000

const roomWith = (...updates: readonly Uint8Array[]): GuardedRoom => {
  const room = new GuardedRoom()
  for (const update of updates) Y.applyUpdate(room.document, update)
  return room
}

const measureUpdates = (content: Uint8Array, updates: readonly Uint8Array[]): Figures => {
  const room = roomWith(content)
  const judged: number[] = []
  const applied: number[] = []
  for (const update of updates) {
    const start = performance.now()
    const verdict = room.judge(update)
    judged.push(microseconds(start))
    if (verdict.answer !== 'apply') throw new Error(`an honest update: ${JSON.stringify(verdict)}`)
    const then = performance.now()
    Y.applyUpdate(room.document, verdict.update)
    applied.push(microseconds(then))
  }
  return figuresOf(judged, applied)
}

/** A provider that reconnects sends what the server lacks, which is nothing, with all that it knows to be deleted. */
const measureReconnect = (items: number, reconnects: number): Figures => {
  const room = roomWith(longText(items), scatteredDeletes(items))
  const update = Y.encodeStateAsUpdate(room.document, Y.encodeStateVector(room.document))
  const judged: number[] = []
  const applied: number[] = []
  for (let reconnect = 0; reconnect < reconnects; reconnect += 1) {
    const start = performance.now()
    const verdict = room.judge(update)
    judged.push(microseconds(start))
    if (verdict.answer !== 'known') throw new Error(`nothing new: ${JSON.stringify(verdict)}`)
    const then = performance.now()
    Y.applyUpdate(room.document, update)
    applied.push(microseconds(then))
  }
  return figuresOf(judged, applied)
}

const measureHostile = (items: number): Figures => {
  let judge = 0
  let apply = 0
  let worst = 0
  for (const { before, update } of hostileMessages(items)) {
    const room = roomWith(longText(items))
    // As whoever reads a view does.
    room.document.getText('notes')
    // What came before is worth its while only if it is let through.
    if (before !== null && room.judge(before).answer === 'apply') Y.applyUpdate(room.document, before)
    const start = performance.now()
    const verdict = room.judge(update)
    const judged = microseconds(start)
    const then = performance.now()
    if (verdict.answer === 'apply') Y.applyUpdate(room.document, verdict.update)
    const applied = microseconds(then)
    judge = Math.max(judge, judged)
    apply = Math.max(apply, applied)
    worst = Math.max(worst, judged + applied)
  }
  return { judge, apply, worstMs: worst / 1_000 }
}

const figuresOf = (judged: number[], applied: number[]): Figures => {
  const { p50, p99 } = percentilesOf(judged)
  return { judge: p50, judgeP99: p99, apply: percentilesOf(applied).p50 }
}

const measureThroughput = async (peer: Peer, bench: Bench): Promise<Figures> => {
  await using server = await startServer(peer, await bench.database.create())
  const { confirmed, usage, missing } = await runLoad('typeWithWindow', {
    ...bench.settings.throughput,
    target: server.target,
    watched: { server: server.pid, postgres: bench.database.pid },
    holdsDocuments: peer.holdsDocuments
  })
  if (missing !== 0) throw new Error(`${missing} acknowledged updates are missing`)
  return {
    perSecond: confirmed / usage.seconds,
    serverMicroseconds: perUpdate(usage.serverSeconds, confirmed),
    ...loadFigures(usage)
  }
}
