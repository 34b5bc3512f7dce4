/** A room as its log has it: what a newcomer gets who has nothing, and what the document is made of when it is needed. */
import * as Y from 'yjs'
import { foldInto, isPending } from '../log/fold.ts'
import type { StoredRoom } from '../log/load.ts'
import { ServerDocument } from '../log/server-document.ts'
import { syncFrame, syncStep } from '../session/frames.ts'
import type { ClientOwners } from './client-owners.ts'
import { serverWriting } from './writing.ts'

export type StoredBytes = Pick<StoredRoom, 'snapshot' | 'updates'>

export const nothingStored: StoredBytes = { snapshot: null, updates: [] }

/** The document; its client id is the server's. @throws what Yjs throws on bytes that are no update; Error where something is missing */
export const wake = ({ snapshot, updates }: StoredBytes, owners: ClientOwners): Y.Doc => {
  const document = createDocument(owners)
  foldInto(document, snapshot, updates, null)
  if (isPending(document)) throw new Error('an update builds on content that the log does not have')
  return document
}

const createDocument = (owners: ClientOwners): Y.Doc => {
  for (;;) {
    const document = new ServerDocument('room')
    if (owners.claim(document.clientID, serverWriting.author)) return document
  }
}

/** The same with entries that came since. */
export const withUpdates = (
  { snapshot, updates }: StoredBytes,
  entries: readonly { readonly update: Uint8Array }[]
): StoredBytes => ({ snapshot, updates: [...updates, ...entries.map(({ update }) => update)] })

/** The snapshot as it is, then what came after it as the second step, so that whoever waits for that has everything. */
export const storedFrames = (prefix: Uint8Array, { snapshot, updates }: StoredBytes): Buffer => {
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
