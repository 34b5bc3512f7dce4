/** A document of many single edits, written by a few people who type, jump and delete, one edit at a time each. */
import * as Y from 'yjs'
import { editsDeadlineMs } from '../config.ts'
import type { Client, Target } from './client.ts'
import { paragraph } from './key-presses.ts'
import { createRandom } from './random.ts'
import { clientIdOf, closeAll, connectAll, seedAll, whileConnected } from './room.ts'

export interface EditsJob {
  readonly target: Target
  readonly room: string
  readonly writers: number
  /** Of all writers together. */
  readonly edits: number
}

export interface EditsResult {
  readonly acknowledged: number
  /** Client ids and clocks of the whole document. */
  readonly state: readonly (readonly [number, number])[]
}

const documentClient = 0x8000_0001
const deleteChance = 0.08
const jumpChance = 0.06

/**
 * Each writer waits for the acknowledgement of an edit before it sends the next, so that a server which joins
 * what arrives together still logs each edit by itself.
 */
export const writeEdits = async (job: EditsJob): Promise<EditsResult> => {
  const document = paragraph(documentClient)
  const groups = await connectAll(job.target, [job.room], job.writers)
  await seedAll(job.target, groups, document)
  const clients = groups.flat()
  const scripts = clients.map((client, index) =>
    script(client, document, clientIdOf(0, index), Math.ceil(job.edits / job.writers))
  )
  const played = Promise.all(clients.map((client, index) => play(client, scripts[index] ?? [])))
  await whileConnected(clients, played, editsDeadlineMs)
  await closeAll(clients)
  return {
    acknowledged: scripts.reduce((sum, frames) => sum + frames.length, 0),
    state: scripts.map((frames, index) => [clientIdOf(0, index), frames.clock] as const)
  }
}

type Script = Buffer[] & { clock: number }

const script = (client: Client, document: Uint8Array, clientId: number, edits: number): Script => {
  const random = createRandom(clientId)
  const replica = new Y.Doc()
  Y.applyUpdate(replica, document)
  replica.clientID = clientId
  const text = replica.getText('content')
  const frames: Script = Object.assign([], { clock: 0 })
  replica.on('update', (update: Uint8Array) => frames.push(client.frameOf(update)))
  let at = Math.floor(text.length / 2)
  for (let edit = 0; edit < edits; edit += 1) {
    if (at > 0 && random() < deleteChance) {
      at -= 1
      text.delete(at, 1)
    } else {
      text.insert(at, String.fromCharCode(0x61 + Math.floor(random() * 26)))
      at += 1
    }
    if (random() < jumpChance) at = Math.floor(random() * text.length)
  }
  frames.clock = Y.getState(replica.store, clientId)
  return frames
}

const play = (client: Client, frames: readonly Buffer[]): Promise<void> =>
  new Promise((resolve) => {
    let next = 0
    const send = (): void => {
      const frame = frames[next]
      next += 1
      if (frame === undefined) resolve()
      else client.write(frame)
    }
    client.onAcknowledge = send
    send()
  })
