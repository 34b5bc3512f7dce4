/** People who type far faster than they may, all in one room, and who come back at once when they are sent away. */
import { setTimeout as sleep } from 'node:timers/promises'
import { stepDeadlineMs } from '../config.ts'
import { Client, type Target } from './client.ts'
import { KeyPresses, paragraph, placeIn } from './key-presses.ts'
import { clientIdOf, connectAll, seedAll } from './room.ts'

export interface FloodJob {
  readonly target: Target
  readonly flooders: number
  readonly perSecond: number
  readonly ms: number
}

export interface FloodResult {
  /** What the server answered when it sent a flooder away, and how often. */
  readonly answers: Readonly<Record<string, number>>
  readonly sent: number
  readonly acknowledged: number
}

const room = 'document/flooded'
const documentClient = 0x8000_0001
const tickMs = 5
const backMs = 100
/** A flooder whose bytes are not taken waits: more in its memory would not be more of a flood. */
const unsentBytesMax = 256 * 1024

export const floodRoom = async (job: FloodJob): Promise<FloodResult> => {
  const document = paragraph(documentClient)
  const [[first] = []] = await connectAll(job.target, [room], 1)
  if (first === undefined) throw new RangeError('nobody is in the room')
  await seedAll(job.target, [[first]], document)
  first.close()
  const tally = { answers: {} as Record<string, number>, sent: 0, acknowledged: 0 }
  const until = performance.now() + job.ms
  let writers = 0
  const flooders = Array.from({ length: job.flooders }, async () => {
    while (performance.now() < until) {
      const client = clientIdOf(0, ++writers)
      await floodOnce({ job, tally, until, document, client })
      await sleep(backMs)
    }
  })
  await Promise.all(flooders)
  return tally
}

interface Stay {
  readonly job: FloodJob
  readonly tally: { readonly answers: Record<string, number>; sent: number; acknowledged: number }
  readonly until: number
  readonly document: Uint8Array
  /** The Yjs client id, another one for each stay: what the server did not take last time is lost. */
  readonly client: number
}

/** From connecting until sent away, or until it is time. */
const floodOnce = async ({ job, tally, until, document, client }: Stay): Promise<void> => {
  const socket = new Client(job.target, room)
  socket.onAcknowledge = () => {
    tally.acknowledged += 1
  }
  const isIn = await Promise.race([
    socket.synced.then(() => true),
    socket.closed.then(() => false),
    sleep(stepDeadlineMs, false, { ref: false })
  ])
  const keys = new KeyPresses({ client, prefix: socket.prefix, place: placeIn(document, 0.5) })
  const share = Math.ceil((job.perSecond * tickMs) / 1000)
  let isOpen = isIn
  void socket.closed.then(() => {
    isOpen = false
  })
  while (isOpen && performance.now() < until) {
    if (socket.unsentBytes < unsentBytesMax) {
      for (let left = share; left > 0; left -= 256) socket.write(keys.take(Math.min(256, left)))
      tally.sent += share
    }
    await sleep(tickMs)
  }
  socket.close()
  const reason = await socket.closed
  const answer = socket.refusal ?? reason?.message
  if (answer !== undefined) tally.answers[answer] = (tally.answers[answer] ?? 0) + 1
}
