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
  fresh.left = originClient === -1 ? null : findStruct(document, sections, originClient, originClock)
  const left = fresh.left === null ? null : listOf(fresh.left)
  const right = rightClient === -1 ? null : listOf(findStruct(document, sections, rightClient, rightClock))
  if (left !== null && right !== null && (left.parent !== right.parent || left.key !== right.key))
    throw new GuardRefusal(
      'update-malformed',
      `the neighbours of ${fresh.client}:${fresh.clock} are of two lists`
    )
  const list = left ?? right ?? nowhere
  fresh.parent = list.parent
  fresh.key = list.key
}

interface List {
  readonly parent: Parent | null
  readonly key: string | null
}

const nowhere: List = { parent: null, key: null }

const listOf = (struct: Stored | Fresh): List => {
  if (isGone(struct)) return nowhere
  return struct instanceof Fresh ? struct : { parent: parentOf(struct), key: struct.parentSub }
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
