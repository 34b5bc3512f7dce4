import * as Y from 'yjs'
import { newRoom } from './log-world.ts'
import type { RawClient } from './raw-client.ts'
import { syncMessage } from './raw-messages.ts'
import { type SessionWorld, tokenFor } from './session-world.ts'
import { seconds } from './tokens.ts'
import { waitUntil } from './wait-until.ts'
import { record } from './yjs-story.ts'

/** A room in which one writes and others read, each with a socket of its own. */
export interface ReaderRoom {
  readonly room: string
  readonly writer: RawClient
  readonly document: Y.Doc
  read(): Promise<RawClient>
  /** Writes new values over the old ones, so that the document stays as large as one; resolves when all are acknowledged. */
  overwrite(megabytes: number): Promise<void>
  /** Changes the document; resolves when that is acknowledged. */
  change(edit: (document: Y.Doc) => void): Promise<void>
}

export const valueBytes = 64 * 1024
/** What is committed together is one frame, and that one fits still: bounds are looked at with small ones. */
const unacknowledgedMax = 4
const soakSeconds = 3_600

export const openReaderRoom = async (world: SessionWorld): Promise<ReaderRoom> => {
  const room = newRoom()
  const exp = seconds() + soakSeconds
  const writer = await world.open()
  const document = await writer.enter(room, { token: await tokenFor('ada', 'writer', { exp }) })
  const updates = record(document)
  let sent = writer.acknowledged()
  // `heard` grows with each acknowledgement: counted as they come.
  let acknowledged = sent
  writer.socket.on('message', () => {
    const heard = writer.heard.at(-1)
    if (heard?.kind === 'status' && heard.isSaved) acknowledged++
  })
  const send = (): void => {
    for (const update of updates.splice(0)) {
      writer.send(syncMessage(room, 2, update))
      sent++
    }
  }
  const settle = (left: number): Promise<unknown> =>
    waitUntil(() => sent - acknowledged <= left, {
      about: 'acknowledgements',
      everyMs: 1,
      timeoutMs: 60_000
    })
  let values = 0
  return {
    room,
    writer,
    document,
    read: async () => {
      const reader = await world.open()
      await reader.enter(room, { token: await tokenFor('ben', 'reader', { exp }) })
      return reader
    },
    overwrite: async (megabytes) => {
      for (let left = (megabytes * 1024 * 1024) / valueBytes; left > 0; left--) {
        document.getMap('values').set('only', `${values++}`.padStart(valueBytes, '.'))
        send()
        await settle(unacknowledgedMax)
      }
      await settle(0)
    },
    change: async (edit) => {
      edit(document)
      send()
      await settle(0)
    }
  }
}

/** What a reader has made of all that it heard. */
export const documentOf = (reader: RawClient, room: string): Y.Doc => {
  const document = new Y.Doc()
  reader.learn(room, document)
  return document
}
