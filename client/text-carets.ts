/** Text cursors as presence: positions that move with the text, whoever types. */
import * as Y from 'yjs'
import type { LiveText } from '../schema/live-storage.ts'
import { type Caret, caret as caretSchema } from '../schema/presence.ts'

export interface TextRange {
  readonly start: number
  readonly end: number
}

export const toCaret = (text: LiveText, { start, end }: TextRange): Caret => ({
  text: text.name,
  anchor: positionAt(text.y, start),
  head: positionAt(text.y, end)
})

/** Where the caret of a presence is in `text`, or null if it is not there. */
export const caretIn = (text: LiveText, presence: unknown): TextRange | null => {
  if (typeof presence !== 'object' || presence === null || !('caret' in presence)) return null
  const known = caretSchema.safeParse(presence.caret)
  if (!known.success || known.data.text !== text.name) return null
  const anchor = indexOf(text.y, known.data.anchor)
  const head = indexOf(text.y, known.data.head)
  if (anchor === null || head === null) return null
  return { start: Math.min(anchor, head), end: Math.max(anchor, head) }
}

const positionAt = (text: Y.Text, index: number): unknown =>
  Y.relativePositionToJSON(Y.createRelativePositionFromTypeIndex(text, index))

/** What others say of their position is not to be trusted: nonsense is no position. */
const indexOf = (text: Y.Text, position: unknown): number | null => {
  const { doc } = text
  if (doc === null || typeof position !== 'object' || position === null) return null
  const relative = Y.createRelativePositionFromJSON(position)
  if (relative.item === null && relative.tname === null) return null
  if (relative.item !== null && relative.item.clock >= Y.getState(doc.store, relative.item.client))
    return null
  const absolute = Y.createAbsolutePositionFromRelativePosition(relative, doc)
  return absolute?.type === text ? absolute.index : null
}
