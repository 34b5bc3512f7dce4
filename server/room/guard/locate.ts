/**
 * Where a fresh struct will stand, as Yjs will decide it (`Item.getMissing`): most structs do not say it, but inherit
 * it from the neighbours that they name.
 */
import * as Y from 'yjs'
import { content } from '../update-reader.ts'
import {
  Fresh,
  findStruct,
  GuardRefusal,
  isGone,
  type Parent,
  parentOf,
  type Sections,
  type Stored
} from './structs.ts'

/**
 * Sets parent, key and left neighbour. Beside or below what is gone, Yjs keeps garbage: that has no place.
 *
 * @throws GuardRefusal 'update-malformed' where its neighbours are of two lists, or its parent is no type
 */
export const locate = (document: Y.Doc, sections: Sections, fresh: Fresh): void => {
  if (fresh.content === content.garbage) return
  const { originClient, rightClient, parentName, parentClient } = fresh
  if (originClient !== -1 || rightClient !== -1) return inherit(document, sections, fresh)
  if (parentName !== null) fresh.parent = document.share.get(parentName) ?? parentName
  else if (parentClient !== -1) fresh.parent = typeAt(document, sections, fresh)
  if (fresh.parent === null) fresh.key = null
}

const inherit = (document: Y.Doc, sections: Sections, fresh: Fresh): void => {
  const { originClient, originClock, rightClient, rightClock } = fresh
  if (originClient !== -1) {
    fresh.left = findStruct(document, sections, originClient, originClock)
    fresh.parent = listOf(fresh.left)
    fresh.key = keyOf(fresh.left)
  }
  if (rightClient === -1) return
  const right = findStruct(document, sections, rightClient, rightClock)
  const list = listOf(right)
  const key = keyOf(right)
  if (originClient === -1) {
    fresh.parent = list
    fresh.key = key
  } else if (fresh.parent !== list || fresh.key !== key)
    throw new GuardRefusal(
      'update-malformed',
      `the neighbours of ${fresh.client}:${fresh.clock} are of two lists`
    )
}

/** null: it is gone. */
const listOf = (struct: Stored | Fresh): Parent | null => {
  if (struct instanceof Fresh) return struct.parent
  return struct instanceof Y.Item ? parentOf(struct) : null
}

const keyOf = (struct: Stored | Fresh): string | null => {
  if (struct instanceof Fresh) return struct.key
  return struct instanceof Y.Item ? struct.parentSub : null
}

const typeAt = (document: Y.Doc, sections: Sections, fresh: Fresh): Parent | null => {
  const holder = findStruct(document, sections, fresh.parentClient, fresh.parentClock)
  if (isGone(holder)) return null
  if (holder instanceof Fresh) {
    if (holder.content === content.type) return holder
    if (holder.content === content.deleted) return null
  } else {
    if (holder.content instanceof Y.ContentType) return holder.content.type
    if (holder.content instanceof Y.ContentDeleted) return null
  }
  throw new GuardRefusal(
    'update-malformed',
    `the parent of ${fresh.client}:${fresh.clock} is no type: ${fresh.parentClient}:${fresh.parentClock}`
  )
}
