/** Patches on a document, without a server. */
import * as Y from 'yjs'
import type { RoomDefinition } from '../../schema/define-room.ts'
import { parsePatch } from '../../schema/json-patch.ts'
import { document } from '../../schema/kinds/document.ts'
import { createLiveStorage, type LiveStorage } from '../../schema/live-storage.ts'
import type { Strategy } from '../../schema/merge-record.ts'
import { readStorage } from '../../schema/storage.ts'
import type { StorageShape } from '../../schema/storage-words.ts'
import { documentToJson } from '../../server/room/document-json.ts'
import { applyPatch } from '../../server/room/patch/patch-room.ts'

/** A document that is patched in the name of `ana`. */
export interface PatchedDocument<St extends StorageShape> {
  readonly doc: Y.Doc
  readonly storage: LiveStorage<St>
  view(): unknown
  /** @param taken what `view` gave when the patch was made @returns the paths of new entries */
  patch(operations: unknown, options?: PatchOptions): readonly string[]
}

export interface PatchOptions {
  readonly taken?: unknown
  readonly strategy?: Strategy
}

export const startPatched = <St extends StorageShape>(
  definition: RoomDefinition<St>
): PatchedDocument<St> => {
  const doc = new Y.Doc()
  const who = { userId: 'ana', role: 'owner' }
  const storage = createLiveStorage(definition, doc, (change) => doc.transact(change), who)
  const isFree = definition.kind === document.kind
  return {
    doc,
    storage,
    view: () => (isFree ? documentToJson(doc) : readStorage(definition, doc)),
    patch: (operations, { taken = null, strategy = 'ask' } = {}) => {
      const patch = parsePatch(operations)
      // The storage of a shape that is known only to the caller.
      const anyStorage = storage as LiveStorage<StorageShape>
      const snapshot = readStorage<StorageShape>(definition, doc)
      return applyPatch(
        definition,
        { document: doc, storage: anyStorage, snapshot },
        { patch, taken, strategy }
      )
    }
  }
}
