/**
 * Folding: a document from a snapshot and the updates after it.
 *
 * Through a Y.Doc, never by a bare merge of updates, which keeps deleted text and is ten times larger. A long
 * transaction is quadratic in Yjs, so updates go in a thousand at a time.
 */
import * as Y from 'yjs'
import type { ServerDocument } from './server-document.ts'

export const foldUpdatesMax = 1_000

/** Applies everything within as few transactions as is quick. @throws whatever Yjs throws on bytes that are no update */
export const foldInto = (
  document: ServerDocument,
  snapshot: Uint8Array | null,
  updates: readonly Uint8Array[],
  origin: unknown
): void => {
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
