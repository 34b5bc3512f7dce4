/**
 * What the document has may be repeated, by anybody and wherever it stands, if it is repeated as it is. Yjs looks up
 * the neighbours that a repeated struct claims, makes a root of any name that it reads, and cuts items where it is told.
 */
import * as Y from 'yjs'
import type { StructHead } from '../update-reader.ts'
import { parentOf, type Stored } from './structs.ts'

/** What is wrong with a struct that begins within `stored`; null when it says of its place what the document says. */
export const faultOfRepeat = (document: Y.Doc, stored: Stored, head: StructHead): string | null => {
  // Of garbage nothing is left to compare with, and nothing of a repetition is applied.
  if (!(stored instanceof Y.Item)) return null
  const isStart = stored.id.clock === head.clock
  const origin = isStart ? stored.origin : Y.createID(head.client, head.clock - 1)
  const isSame =
    isId(origin, head.originClient, head.originClock) &&
    isId(stored.rightOrigin, head.rightClient, head.rightClock) &&
    isSameParent(document, stored, head)
  return isSame ? null : `client ${head.client} wrote something else at ${head.clock}`
}

/** The document has the beginning of a struct: is the last that it has in the same list as the first? */
export const isOneList = (first: Stored, last: Stored): boolean => {
  if (!(first instanceof Y.Item) || !(last instanceof Y.Item)) return first.constructor === last.constructor
  return first.parent === last.parent && first.parentSub === last.parentSub
}

const isId = (id: Y.ID | null, client: number, clock: number): boolean =>
  id === null ? client === -1 : id.client === client && id.clock === clock

const isSameParent = (document: Y.Doc, stored: Y.Item, head: StructHead): boolean => {
  if (head.parentName === null && head.parentClient === -1) return true
  if (stored.parentSub !== head.key) return false
  const parent = parentOf(stored)
  if (head.parentName !== null) return document.share.get(head.parentName) === parent
  return isId(parent._item?.id ?? null, head.parentClient, head.parentClock)
}
