/** What stands under a key is one value: never two, and not none where the kind needs one. */
import * as Y from 'yjs'
import type { RoomDefinition } from '../../../schema/define-room.ts'
import { content } from '../update-reader.ts'
import { createDeletedUntil, type DeletedUntil, type Deletion } from './deletes.ts'
import { pathOf, placeOf, storagePlaceOf } from './place.ts'
import type { Reading } from './reading.ts'
import { type Fresh, GuardRefusal, parentOf, type Sections, type SharedType } from './structs.ts'
import { valueRuleAt } from './values.ts'

/**
 * A longer item under a key holds values that followed each other, and were merged after they were deleted: whoever
 * keeps them for undo sends them together with their deletion.
 *
 * @throws GuardRefusal 'update-malformed'
 */
export const assertLongAreDeleted = ({ long, deletes }: Reading): void => {
  if (long.length === 0) return
  const keyed = long.filter(({ parent, key }) => parent !== null && key !== null)
  if (keyed.length === 0) return
  const deletedUntil = createDeletedUntil(deletes)
  for (const { client, clock, length, end } of keyed) {
    if (length > 1 && deletedUntil(client, clock) < end)
      throw new GuardRefusal('update-malformed', `${length} values under one key, ${client}:${clock}`)
  }
}

/**
 * A value that its kind needs is taken away only with its entry, or for another: neither by a delete, nor by something
 * that stands behind it and is deleted itself.
 *
 * @throws GuardRefusal 'value-invalid'
 */
export const assertKept = (
  document: Y.Doc,
  { sections, deletes }: Reading,
  { keyed }: Deletion,
  definition: RoomDefinition
): void => {
  const touched = touchedKeys(sections, keyed)
  if (touched.size === 0) return
  const deletedUntil = createDeletedUntil(deletes)
  for (const [parent, keys] of touched) {
    const around = placeOf(document, parent)
    const isGone = goesWithEntry(parent, deletedUntil)
    for (const [key, fresh] of keys) {
      const rule = isGone ? null : valueRuleAt(definition, around, key)
      if (rule?.sort !== 'value' || rule.isOptional || !isTakenAway(parent, key, fresh, deletedUntil))
        continue
      const path = pathOf(storagePlaceOf(around, key))
      throw new GuardRefusal('value-invalid', `${path} is needed, and would be taken away`, path)
    }
  }
}

/** What comes to the keys of maps of the document. */
type TouchedKeys = ReadonlyMap<SharedType, ReadonlyMap<string, readonly Fresh[]>>

const touchedKeys = (sections: Sections, keyed: readonly Y.Item[]): TouchedKeys => {
  const touched = new Map<SharedType, Map<string, Fresh[]>>()
  const freshAt = (parent: SharedType, key: string): Fresh[] => {
    const keys = touched.get(parent) ?? new Map<string, Fresh[]>()
    const fresh = keys.get(key) ?? []
    touched.set(parent, keys.set(key, fresh))
    return fresh
  }
  for (const item of keyed) freshAt(parentOf(item), item.parentSub ?? '')
  for (const { list } of sections.list) {
    for (const fresh of list) {
      const { parent, key } = fresh
      if (key !== null && parent instanceof Y.AbstractType) freshAt(parent, key).push(fresh)
    }
  }
  return touched
}

const goesWithEntry = ({ _item: entry }: SharedType, deletedUntil: DeletedUntil): boolean =>
  entry !== null && (entry.deleted || deletedUntil(entry.id.client, entry.id.clock) > entry.id.clock)

/**
 * Is the shown value taken away by somebody who has seen it, and none put in its place? Of two that were set at once Yjs
 * cannot undo the later but by taking both away: where others may have written meanwhile, nobody is to blame.
 */
const isTakenAway = (
  parent: SharedType,
  key: string,
  fresh: readonly Fresh[],
  deletedUntil: DeletedUntil
): boolean => {
  const shown = parent._map.get(key)
  if (shown === undefined || shown.deleted) return false
  const isDeleted = ({ client, clock, end }: Fresh): boolean => deletedUntil(client, clock) >= end
  if (fresh.some((each) => each.content !== content.deleted && !isDeleted(each))) return false
  const { client, clock } = shown.lastId
  const isBehind = ({ originClient, originClock }: Fresh): boolean =>
    originClient === client && originClock === clock
  const isSeen = fresh.some(isBehind) || deletedUntil(client, clock) > clock
  const isAlone = shown.left === null || Y.compareIDs(shown.origin, shown.left.lastId)
  if (!isSeen || !isAlone) return false
  const ends = new Set(fresh.map((each) => `${each.client}:${each.end - 1}`))
  return fresh.every((each) => isBehind(each) || ends.has(`${each.originClient}:${each.originClock}`))
}
