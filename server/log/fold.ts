/**
 * Folding: a document from a snapshot and the updates after it.
 *
 * Through a Y.Doc, never by a bare merge of updates, which keeps deleted text and is ten times larger. A long
 * transaction is quadratic in Yjs, so updates go in a thousand at a time.
 */
import * as Y from 'yjs'

export const foldUpdatesMax = 1_000

/** Applies everything within as few transactions as is quick. @throws whatever Yjs throws on bytes that are no update */
export const foldInto = (
  document: Y.Doc,
  snapshot: Uint8Array | null,
  updates: readonly Uint8Array[],
  origin: unknown
): void => {
  leaveUntidied(document)
  if (snapshot !== null) Y.applyUpdate(document, snapshot, origin)
  for (let from = 0; from < updates.length; from += foldUpdatesMax) {
    document.transact(() => {
      for (const update of updates.slice(from, from + foldUpdatesMax)) Y.applyUpdate(document, update, origin)
    }, origin)
  }
}

/** Does the document wait for content that it never got? What a complete log folds to never does. */
export const isPending = (document: Y.Doc): boolean =>
  document.store.pendingStructs !== null || document.store.pendingDs !== null

/**
 * Keeps Yjs from tidying up marks of formats in this document, after what others wrote. It looks at every item that is
 * deleted around each one that was: fifty thousand items deleted at once take minutes. Marks that say nothing
 * any more do no harm, and the replicas of those who write tidy them up. Doing it twice makes no difference.
 */
export const leaveUntidied = (document: Y.Doc): void => {
  document.on('afterTransaction', forgetTidying)
}

/** Yjs asks for it while it calls the observers, and does it after this event. */
const forgetTidying = (transaction: Y.Transaction): void => {
  transaction._needFormattingCleanup = false
}
