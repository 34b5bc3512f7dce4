import { goals } from '../config.ts'
import { runLoad } from '../load/run-load.ts'
import { peerNamed } from '../peers/peers.ts'
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

export const wal: Scenario = {
  name: 'wal',
  title: 'What the database writes',
  about: ({ wal: { rooms, documentBytes, updatesPerSecondPerRoom, warmUpMs, measureMs } }) =>
    `${rooms} documents of ${Math.round(documentBytes / 1000)} KB, ${updatesPerSecondPerRoom} key presses a second in each. ` +
    'A checkpoint runs when the typing begins; the first change of each page after it writes an image of the page, so ' +
    `${warmUpMs / 1000} s go by before ${measureMs / 1000} s are measured. *WAL* is the distance of pg_current_wal_flush_lsn, ` +
    'of everything that this Postgres wrote, less the *page images* that still occurred (pg_walinspect), which stand beside it.',
  subjects: ['hocuspocus+database', 'roomlog'],
  measure: (subject, bench) => measurePeer(subject, bench),
  columns: [
    column('walBytes', 'WAL bytes/update', 0),
    column('imageBytes', 'page images bytes/update', 0),
    column('rowsPerUpdate', 'rows/update', 3),
    column('ackP50', 'ack p50 ms', 2),
    column('serverMicroseconds', 'server µs/update', 0),
    column('postgresMicroseconds', 'Postgres µs/update', 0),
    ...loadColumns
  ],
  ratios: [
    {
      title: 'WAL bytes per update of Roomlog',
      digits: 0,
      fold: 'median',
      of: figureOf('walBytes', 'roomlog'),
      goal: goals.walBytesPerUpdate
    },
    {
      title: 'WAL bytes per update, Roomlog / Hocuspocus with database',
      digits: 3,
      fold: 'median',
      of: over('walBytes', 'roomlog', 'hocuspocus+database'),
      goal: null
    }
  ]
}

const measurePeer = async (name: string, bench: Bench): Promise<Figures> => {
  const { database, settings } = bench
  const peer = peerNamed(name)
  const databaseUrl = await database.create()
  await using server = await startServer(peer, databaseUrl)
  const rows = () => database.ask(databaseUrl, peer.rowsWritten ?? 'select 0')
  // Counting rows may itself write, so it happens outside of the stretch between the two positions.
  const begin = async () => ({ rows: await rows(), position: await database.walPosition() })
  const end = async () => ({ position: await database.walPosition(), rows: await rows() })
  const checkpoints: Promise<void>[] = []
  const readings: ReturnType<typeof begin>[] = []
  const { updates, ack, usage } = await runLoad(
    'typeAtPace',
    {
      ...settings.wal,
      target: server.target,
      watched: { server: server.pid, postgres: database.pid },
      hasReader: false
    },
    (phase) => {
      if (phase === 'typing') checkpoints.push(database.checkpoint())
      else readings.push(phase === 'measuring' ? begin() : end())
    }
  )
  await Promise.all(checkpoints)
  const [before, after] = await Promise.all(readings)
  if (before === undefined || after === undefined) throw new Error('the generator told no phases')
  const { bytes, pageImageBytes } = await database.walBetween(before.position, after.position)
  return {
    walBytes: (bytes - pageImageBytes) / updates,
    imageBytes: pageImageBytes / updates,
    rowsPerUpdate: (after.rows - before.rows) / updates,
    ackP50: ack.p50,
    serverMicroseconds: perUpdate(usage.serverSeconds, updates),
    postgresMicroseconds: perUpdate(usage.postgresSeconds, updates),
    ...loadFigures(usage)
  }
}
