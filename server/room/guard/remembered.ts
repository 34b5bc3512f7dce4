/**
 * The delete set that a document was last seen to have all of. Whoever reconnects sends all that they know to be
 * deleted; mostly it is this, byte for byte, and what is deleted once stays so.
 */
import type * as Y from 'yjs'

/** Shorter ones are read as fast as they are compared, longer ones are not worth the memory. */
const bytesMin = 32
const bytesMax = 4 * 1024 * 1024

const deleteSets = new WeakMap<Y.Doc, Uint8Array>()

/** @param bytes an encoded delete set that is in effect, as a whole */
export const rememberDeletes = (document: Y.Doc, bytes: Uint8Array): void => {
  if (bytes.length >= bytesMin && bytes.length <= bytesMax) deleteSets.set(document, Uint8Array.from(bytes))
}

/** Are these the bytes, from `from` to the end of the update? */
export const areRemembered = (document: Y.Doc, update: Uint8Array, from: number): boolean => {
  if (update.length - from < bytesMin) return false
  const known = deleteSets.get(document)
  return (
    known !== undefined &&
    update.length - from === known.length &&
    Buffer.compare(update.subarray(from), known) === 0
  )
}
