/**
 * Two nodes that are given one client id, with different content, both take it: what either has fits its own document.
 * Only when one hears of the other's entry it shows: the clocks are there already, and something else stands at them.
 */
import * as Y from 'yjs'
import { readUpdate } from '../update-reader.ts'
import { Reading } from './reading.ts'
import { endOf, indexOf, type Stored, stateOf, structsOf } from './structs.ts'

/** What a committed update says otherwise than the document does; null: nothing. */
export const contradictionOf = (document: Y.Doc, update: Uint8Array): string | null => {
  const reading = new Reading(document, update)
  readUpdate(update, reading)
  // Mostly all of it is new.
  if (reading.repeated === null) return null
  for (const struct of Y.decodeUpdate(update).structs) {
    const fault = struct instanceof Y.Item ? faultOf(document, struct) : null
    if (fault !== null) return fault
  }
  return null
}

const faultOf = (document: Y.Doc, item: Y.Item): string | null => {
  const stored = structsOf(document, item.id.client)
  const end = Math.min(item.id.clock + item.length, stateOf(stored))
  for (let clock = item.id.clock; clock < end; ) {
    const found = stored[indexOf(stored, clock)]
    if (found === undefined) return null
    const upTo = Math.min(end, endOf(found))
    if (!isSame(item, found, clock, upTo)) return `client ${item.id.client} wrote something else at ${clock}`
    clock = upTo
  }
  return null
}

/** Of what was deleted nothing is left to compare with. */
const isSame = (item: Y.Item, stored: Stored, from: number, to: number): boolean => {
  if (!(stored instanceof Y.Item) || stored.deleted || item.content instanceof Y.ContentDeleted) return true
  if (
    stored.id.clock === item.id.clock &&
    !(isEqual(stored.origin, item.origin) && isEqual(stored.rightOrigin, item.rightOrigin))
  )
    return false
  if (stored.content.constructor !== item.content.constructor) return false
  return partOf(item, from, to) === partOf(stored, from, to)
}

const isEqual = (a: Y.ID | null, b: Y.ID | null): boolean =>
  a === b || (a !== null && b !== null && Y.compareIDs(a, b))

/** The units of an item between two clocks, as text. */
const partOf = ({ id, content }: Y.Item, from: number, to: number): string => {
  if (content instanceof Y.ContentString) return content.str.slice(from - id.clock, to - id.clock)
  if (content instanceof Y.ContentFormat) return JSON.stringify([content.key, content.value])
  if (content instanceof Y.ContentType) return content.type.constructor.name
  return JSON.stringify(content.getContent().slice(from - id.clock, to - id.clock))
}
