/** What stands under a key is one value: never two, and not none where the kind needs one. */
import * as Y from 'yjs'
import type { RoomDefinition } from '../../../schema/define-room.ts'
import { content } from '../update-reader.ts'
import { createDeletedUntil, type DeletedUntil } from './deletes.ts'
import { pathOf, placeOf, storagePlaceOf } from './place.ts'
import type { Reading } from './reading.ts'
import { GuardRefusal, type Parent, parentOf } from './structs.ts'
import { valueRuleAt } from './values.ts'

/**
 * A longer item under a key holds values that followed each other, and were merged after they were deleted: whoever
 * keeps them for undo sends them together with their deletion.
 *
 * @throws GuardRefusal 'update-malformed'
 */
export const assertLongAreDeleted = ({ long, deletes }: Reading): void => {
  const keyed = long.filter(({ parent, key }) => parent !== null && key !== null)
  if (keyed.length === 0) return
  const deletedUntil = createDeletedUntil(deletes)
  for (const { client, clock, length, end } of keyed) {
    if (length > 1 && deletedUntil(client, clock) < end)
      throw new GuardRefusal('update-malformed', `${length} values under one key, ${client}:${clock}`)
  }
}

/**
 * A value that its kind needs is taken away only with its entry, or for another.
 *
 * @param keyed what is taken away
 * @throws GuardRefusal 'value-invalid'
 */
export const assertKept = (
  document: Y.Doc,
  reading: Reading,
  keyed: readonly Y.Item[],
  definition: RoomDefinition
): void => {
  let freshKeys: FreshKeys | null = null
  const deletedUntil = createDeletedUntil(reading.deletes)
  for (const item of keyed) {
    const around = placeOf(document, parentOf(item))
    const key = item.parentSub ?? ''
    const rule = valueRuleAt(definition, around, key)
    if (rule?.sort !== 'value' || rule.isOptional || !isShown(item) || goesWithEntry(item, deletedUntil))
      continue
    freshKeys ??= freshKeysOf(reading, deletedUntil)
    if (freshKeys.get(parentOf(item))?.has(key)) continue
    const path = pathOf(storagePlaceOf(around, key))
    throw new GuardRefusal('value-invalid', `${path} is needed, and would be taken away`, path)
  }
}

/**
 * Is it the value of its key, and the only one that somebody wrote knowing what was there? Yjs cannot undo the later of
 * two values that were set at once but by taking both away.
 */
const isShown = (item: Y.Item): boolean => {
  if (parentOf(item)._map.get(item.parentSub ?? '') !== item) return false
  return item.left === null || Y.compareIDs(item.origin, item.left.lastId)
}

const goesWithEntry = (item: Y.Item, deletedUntil: DeletedUntil): boolean => {
  const entry = parentOf(item)._item
  if (entry === null) return false
  return entry.deleted || deletedUntil(entry.id.client, entry.id.clock) > entry.id.clock
}

/** The keys that get a value which stays. */
type FreshKeys = ReadonlyMap<Parent, ReadonlySet<string>>

const freshKeysOf = ({ sections }: Reading, deletedUntil: DeletedUntil): FreshKeys => {
  const keys = new Map<Parent, Set<string>>()
  for (const { list } of sections.values()) {
    for (const { parent, key, content: held, client, clock } of list) {
      if (parent === null || key === null || held === content.deleted) continue
      if (deletedUntil(client, clock) > clock) continue
      keys.set(parent, (keys.get(parent) ?? new Set()).add(key))
    }
  }
  return keys
}
