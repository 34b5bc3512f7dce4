/**
 * From three views of a room to the edits that bring it there: as it was when somebody took it (`base`), as it is now
 * (`theirs`), and as they want it (`mine`). What they did not touch is no edit.
 */
import type { RoomDefinition } from '../../../schema/define-room.ts'
import { isObject, isSameJson, memberOf } from '../../../schema/json.ts'
import {
  type Conflict,
  mergeValue,
  type Strategy,
  type Three,
  toConflict
} from '../../../schema/merge-record.ts'
import type {
  CollectionNode,
  FieldNode,
  Fields,
  PerUserNode,
  StorageNode
} from '../../../schema/storage-words.ts'
import { readAt } from './json-tree.ts'
import type { PatchedView } from './view-patch.ts'
import { idOf, toWritten } from './view-place.ts'

export type ViewEdit = PutEdit | RemoveEdit | ArrangeEdit

export interface PutEdit {
  readonly type: 'put'
  /** As in the view, with ids: `['items', 'i1', 'name']`. */
  readonly path: readonly string[]
  /** undefined: it goes back to its default, or out of a record. */
  readonly value: unknown
}

export interface RemoveEdit {
  readonly type: 'remove'
  readonly key: string
  readonly id: string
}

/** New entries, and such as stand elsewhere: each comes behind the one before it in `items`. */
export interface ArrangeEdit {
  readonly type: 'arrange'
  readonly key: string
  readonly items: readonly ArrangedItem[]
}

export type ArrangedItem =
  | { readonly id: string; readonly isMoved: boolean }
  | { readonly entry: Readonly<Record<string, unknown>> }

export interface EditPlan {
  readonly edits: readonly ViewEdit[]
  readonly conflicts: readonly Conflict[]
}

export interface Views {
  readonly base: unknown
  readonly theirs: unknown
  readonly mine: PatchedView
}

/** What to do, and what cannot be decided: with any conflict nothing is to be done. */
export const planEdits = (definition: RoomDefinition, views: Views, strategy: Strategy): EditPlan => {
  const plan = createPlan(strategy)
  for (const [key, node] of Object.entries(definition.storage)) {
    const three = threeAt({ ...views, mine: views.mine.view }, [key])
    if (three.mine !== three.base) planNode(plan, key, node, three, views.mine.moved)
  }
  return plan
}

const planNode = (
  plan: Plan,
  key: string,
  node: StorageNode,
  three: Three,
  moved: ReadonlySet<string>
): void => {
  switch (node.type) {
    case 'object':
      return planFields(plan, [key], node.fields, three)
    case 'record':
      return planMembers(plan, key, node.of, three)
    case 'perUser':
      return planMembers(plan, key, node, three)
    case 'collection':
      return planCollection(plan, key, node, three, moved)
    default:
      return plan.put([key], node, three)
  }
}

const planFields = (plan: Plan, path: readonly string[], fields: Fields, three: Three): void => {
  for (const [name, node] of Object.entries(fields)) {
    const field = threeAt(three, [name])
    if (field.mine !== field.base) plan.put([...path, name], node, field)
  }
}

const planMembers = (plan: Plan, key: string, node: FieldNode | PerUserNode, three: Three): void => {
  const ids = new Set(
    [three.base, three.mine].flatMap((record) => (isObject(record) ? Object.keys(record) : []))
  )
  for (const id of ids) {
    const member = threeAt(three, [id])
    if (member.mine !== member.base) plan.put([key, id], node, member)
  }
}

const planCollection = (
  plan: Plan,
  key: string,
  { fields }: CollectionNode,
  three: Three,
  moved: ReadonlySet<string>
): void => {
  const [base, theirs, mine] = [byId(three.base), byId(three.theirs), byId(three.mine)]
  const items: ArrangedItem[] = []
  for (const shown of listOf(three.mine)) {
    const id = idOf(shown)
    const isMoved = moved.has(`${key}/${id}`)
    items.push(id === null ? { entry: toEntry(fields, shown) } : { id, isMoved })
    const entry = { base: base.get(id), theirs: theirs.get(id), mine: shown }
    if (id === null || (shown === entry.base && !isMoved)) continue
    if (entry.theirs === undefined) plan.conflict([key, id], entry)
    else planFields(plan, [key, id], fields, entry)
  }
  for (const id of base.keys()) {
    if (id === null || mine.has(id)) continue
    plan.remove(key, id, { base: base.get(id), theirs: theirs.get(id), mine: undefined })
  }
  if (items.some((item) => 'entry' in item || item.isMoved)) plan.arrange(key, items)
}

const toEntry = (fields: Fields, shown: unknown): Readonly<Record<string, unknown>> => {
  const written = toWritten({ type: 'entry', fields }, shown)
  return isObject(written) ? written : {}
}

interface Plan extends EditPlan {
  put(path: readonly string[], node: FieldNode | PerUserNode, three: Three): void
  remove(key: string, id: string, three: Three): void
  arrange(key: string, items: readonly ArrangedItem[]): void
  /** Both did something that cannot both be. */
  conflict(path: readonly string[], three: Three): void
}

const createPlan = (strategy: Strategy): Plan => {
  const edits: ViewEdit[] = []
  const conflicts: Conflict[] = []
  const conflict = (path: readonly string[], three: Three): void =>
    void conflicts.push(toConflict(path.join('/'), three))
  return {
    edits,
    conflicts,
    conflict,
    put: (path, node, three) => {
      const merged =
        node.type === 'contested' ? mergeContested(three, strategy) : mergeField(node, three, strategy)
      if (merged === null) conflict(path, writtenThree(node, three))
      else if (!merged.isThere) edits.push({ type: 'put', path, value: merged.value })
    },
    remove: (key, id, three) => {
      if (three.theirs === undefined) return
      if (strategy !== 'last' && !isSameJson(three.base, three.theirs)) conflict([key, id], three)
      else edits.push({ type: 'remove', key, id })
    },
    arrange: (key, items) => void edits.push({ type: 'arrange', key, items })
  }
}

/** `isThere`: the room has it already. */
type Merged = { readonly value: unknown; readonly isThere: boolean } | null

const mergeField = (node: FieldNode | PerUserNode, three: Three, strategy: Strategy): Merged => {
  const merged = mergeValue(three, { strategy, isText: node.type === 'text' })
  return merged && { ...merged, isThere: isSameJson(merged.value, three.theirs) }
}

/** A claim takes the place of the claims that its author saw: others that came since are a change like any other. */
const mergeContested = ({ base, theirs, mine }: Three, strategy: Strategy): Merged => {
  const value = readAt(mine, ['value'])
  const isAsIn = (view: unknown): boolean =>
    isObject(view) && memberOf(view, 'conflict') === false && isSameJson(memberOf(view, 'value'), value)
  if (isAsIn(theirs) || isAsIn(base)) return { value, isThere: true }
  return strategy === 'last' || isSameJson(base, theirs) ? { value, isThere: false } : null
}

const writtenThree = (node: FieldNode | PerUserNode, { base, theirs, mine }: Three): Three => ({
  base: toWritten(node, base),
  theirs: toWritten(node, theirs),
  mine: toWritten(node, mine)
})

const threeAt = ({ base, theirs, mine }: Three, path: readonly string[]): Three => ({
  base: readAt(base, path),
  theirs: readAt(theirs, path),
  mine: readAt(mine, path)
})

const listOf = (shown: unknown): readonly unknown[] => (Array.isArray(shown) ? shown : [])

const byId = (list: unknown): ReadonlyMap<string | null, unknown> =>
  new Map(listOf(list).map((entry) => [idOf(entry), entry]))
