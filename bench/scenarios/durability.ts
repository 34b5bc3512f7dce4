import { goals } from '../config.ts'
import { runLoad } from '../load/run-load.ts'
import { peerNamed, peers } from '../peers/peers.ts'
import { startServer } from '../peers/server-process.ts'
import { type Bench, column, type Figures, figureOf, type Scenario } from './scenario.ts'

export const durability: Scenario = {
  name: 'durability',
  title: 'Durability',
  about: ({ durability: { trialsPerRun, updatesBeforeKill, window, killWithinMs } }) =>
    `${trialsPerRun} trials per run, each in a room of its own: a writer types with ${window} key presses on the way; at a ` +
    `random moment 0 to ${killWithinMs} ms after the acknowledgement of the ${updatesBeforeKill}th the server gets kill -9. In ` +
    'every second trial the writer goes on typing until then, in the others it is quiet. It does not come back. The server is ' +
    'started again on what it stored, and a newcomer asks for the room: *lost* are acknowledged updates that it does not get. ' +
    'For y-websocket, which acknowledges nothing, an update counts when the other client of the room had it.',
  subjects: peers.map((peer) => peer.name),
  measure: (subject, bench) => measurePeer(subject, bench),
  columns: [
    column('trials', 'kills', 0, 'sum'),
    column('trialsWithLoss', 'kills with loss', 0, 'sum'),
    column('confirmed', 'acknowledged', 0, 'sum'),
    column('lost', 'lost', 0, 'sum')
  ],
  ratios: [
    {
      title: 'acknowledged updates that Roomlog lost',
      digits: 0,
      fold: 'sum',
      of: figureOf('lost', 'roomlog'),
      goal: goals.lostUpdates
    }
  ]
}

const measurePeer = async (name: string, { database, settings, random }: Bench): Promise<Figures> => {
  const { trialsPerRun, updatesBeforeKill, window, killWithinMs } = settings.durability
  const peer = peerNamed(name)
  const databaseUrl = peer.rowsWritten === null ? null : await database.create()
  let confirmed = 0
  let lost = 0
  let trialsWithLoss = 0
  let server = await startServer(peer, databaseUrl)
  for (let trial = 0; trial < trialsPerRun; trial += 1) {
    const room = `document/bench-${trial}`
    const crash = await runLoad('typeUntilKilled', {
      target: server.target,
      room,
      server: server.pid,
      updatesBeforeKill,
      window,
      killAfterMs: random() * killWithinMs,
      goesOn: trial % 2 === 0
    })
    await server.stop()
    server = await startServer(peer, databaseUrl)
    const { clock } = await runLoad('readClock', { target: server.target, room, client: crash.client })
    const missing = Math.max(0, crash.confirmed - clock)
    confirmed += crash.confirmed
    lost += missing
    if (missing > 0) trialsWithLoss += 1
  }
  await server.stop()
  return { trials: trialsPerRun, trialsWithLoss, confirmed, lost }
}
