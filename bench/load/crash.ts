/** A writer whose server is killed shortly after an acknowledgement, and who does not come back. */
import type { Client, Target } from './client.ts'
import { KeyPresses, paragraph, placeIn } from './key-presses.ts'
import { clientIdOf, clockIn, closeAll, connectAll, seedAll } from './room.ts'

export interface CrashJob {
  readonly target: Target
  readonly room: string
  /** The process to kill. */
  readonly server: number
  readonly updatesBeforeKill: number
  readonly window: number
  /** How long after the confirmation of the last of them. */
  readonly killAfterMs: number
  /** Whether the writer goes on typing until the server is gone. */
  readonly goesOn: boolean
}

export interface CrashResult {
  readonly client: number
  /** What the server had confirmed of the writer's updates. */
  readonly confirmed: number
}

const documentClient = 0x8000_0001

export const typeUntilKilled = async (job: CrashJob): Promise<CrashResult> => {
  const document = paragraph(documentClient)
  const groups = await connectAll(job.target, [job.room], 2)
  await seedAll(job.target, groups, document)
  const [writer, reader] = groups.flat()
  if (writer === undefined || reader === undefined)
    throw new RangeError('a crash needs a writer and a reader')
  const confirmed = await type(job, writer, reader, document)
  await closeAll([writer, reader])
  return { client: clientIdOf(0, 0), confirmed }
}

const type = async (job: CrashJob, writer: Client, reader: Client, document: Uint8Array): Promise<number> => {
  const client = clientIdOf(0, 0)
  const keys = new KeyPresses({ client, prefix: writer.prefix, place: placeIn(document, 0.5) })
  let confirmed = 0
  const confirm = (count: number): void => {
    const isKillDue = confirmed < job.updatesBeforeKill && confirmed + count >= job.updatesBeforeKill
    confirmed += count
    if (isKillDue) setTimeout(() => process.kill(job.server, 'SIGKILL'), job.killAfterMs)
    const next = job.goesOn ? count : Math.min(count, job.updatesBeforeKill - keys.taken)
    if (next > 0) writer.write(keys.take(next))
  }
  if (job.target.protocol === 'y-websocket') {
    reader.onUpdate = (update) => {
      const clock = clockIn(update, client)
      if (clock > confirmed) confirm(clock - confirmed)
    }
  } else {
    writer.onAcknowledge = () => confirm(1)
  }
  writer.write(keys.take(Math.min(job.window, job.updatesBeforeKill)))
  await Promise.all([writer.closed, reader.closed])
  return confirmed
}
