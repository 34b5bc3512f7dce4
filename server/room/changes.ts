/**
 * What changes a room's document, as one update per transaction.
 *
 * Yjs writes an update anew, from the document, once its transaction has ended. Of a key press that takes as long as to
 * apply it; and the guard has said already that it is news to its last byte. Where it came alone it is passed on as it
 * came.
 */
import type * as Y from 'yjs'
import { committedElsewhere, Writing } from './writing.ts'

export type Changed = (update: Uint8Array, origin: unknown) => void

/** Calls `changed` for each transaction that changes the document, in their order, but not for what is committed already. */
export const followChanges = (document: Y.Doc, changed: Changed): void => {
  document.on('afterTransactionCleanup', (transaction) => {
    const { origin } = transaction
    const news = origin === committedElsewhere ? null : newsOf(transaction)
    // Yjs writes it next, if anybody listens.
    if (origin !== committedElsewhere && news === null) document.on('update', changed)
    else document.off('update', changed)
    if (news !== null) changed(news, origin)
  })
}

/** null: what the transaction changed is not, or not only, what was written. */
const newsOf = ({ origin, afterState, deleteSet }: Y.Transaction): Uint8Array | null => {
  if (!(origin instanceof Writing)) return null
  const exact = origin.takeExact()
  if (exact === null || deleteSet.clients.size > 0 || afterState.get(exact.client) !== exact.end) return null
  // The message that it came with is longer, and would be kept as long.
  return new Uint8Array(exact.update)
}
