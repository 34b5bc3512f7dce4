/** The document of a room as its kind describes it. */
import type * as Y from 'yjs'
import type { RoomDefinition } from '../../schema/define-room.ts'
import type { Json } from '../../schema/json.ts'
import { readStorage } from '../../schema/storage.ts'

/** null where the kind describes nothing: then the document is shown as it is. */
export const readView = (definition: RoomDefinition | undefined, document: Y.Doc): Json | null => {
  if (definition === undefined || Object.keys(definition.storage).length === 0) return null
  return readStorage(definition, document) as unknown as Json
}
