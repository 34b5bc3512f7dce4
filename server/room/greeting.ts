/** What a newcomer gets who has nothing: the document as it is, or, where nobody needs it, the stored bytes. */
import * as Y from 'yjs'
import type { StoredRoom } from '../log/load.ts'
import { syncFrame, syncStep } from '../session/frames.ts'

/** The stored room with entries that came since. */
export const withUpdates = (
  room: StoredRoom,
  entries: readonly { update: Uint8Array; author: string }[]
): StoredRoom => ({
  ...room,
  updates: [...room.updates, ...entries.map(({ update }) => update)],
  authors: [...room.authors, ...entries.map(({ author }) => author)]
})

export const wholeFrame = (prefix: Uint8Array, document: Y.Doc): Buffer =>
  syncFrame(prefix, syncStep.two, Y.encodeStateAsUpdate(document))

/** The snapshot as it is, then what came after it as the second step, so that whoever waits for that has everything. */
export const storedFrames = (prefix: Uint8Array, { snapshot, updates }: StoredRoom): Buffer => {
  const tail = syncFrame(prefix, syncStep.two, mergeAll(updates))
  return snapshot === null ? tail : Buffer.concat([syncFrame(prefix, syncStep.update, snapshot), tail])
}

const emptyUpdate = Uint8Array.of(0, 0)
const mergeMax = 100

/** Merging many at once is quadratic in Yjs: a hundred at a time, then the results. */
export const mergeAll = (updates: readonly Uint8Array[]): Uint8Array => {
  if (updates.length <= mergeMax) return updates.length === 0 ? emptyUpdate : Y.mergeUpdates([...updates])
  const merged: Uint8Array[] = []
  for (let from = 0; from < updates.length; from += mergeMax) {
    merged.push(Y.mergeUpdates(updates.slice(from, from + mergeMax)))
  }
  return mergeAll(merged)
}
