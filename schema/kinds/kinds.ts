import type { RoomDefinition } from '../define-room.ts'
import { document } from './document.ts'
import { form } from './form.ts'

/** Every kind of room that ships with the project, by its name. */
export const kinds: ReadonlyMap<string, RoomDefinition> = new Map(
  [document, form].map((definition) => [definition.kind, definition])
)
