/** JSON that is changed by making anew what lies on the way: what stays the same keeps its reference. */
import { isObject, memberOf } from '../../../schema/json.ts'
import { endOfList, type Pointer, toIndex } from '../../../schema/json-patch.ts'

/** `undefined`: nothing is there. */
export const readAt = (tree: unknown, steps: Pointer): unknown => {
  let found = tree
  for (const step of steps) {
    if (Array.isArray(found)) {
      const index = toIndex(step)
      found = index === null ? undefined : found[index]
    } else found = isObject(found) ? memberOf(found, step) : undefined
  }
  return found
}

type Changed = { readonly value: unknown } | string

/** What is done to a member of a list or an object. A text says why it cannot be. */
export interface Leaf {
  inList(list: readonly unknown[], step: string): Changed
  inObject(object: Readonly<Record<string, unknown>>, step: string): Changed
}

/** The changed tree, or why it cannot be changed. @param steps at least one */
export const change = (tree: unknown, steps: Pointer, leaf: Leaf): Changed => {
  const [step = '', ...rest] = steps
  const isLast = rest.length === 0
  if (Array.isArray(tree)) {
    if (isLast) return leaf.inList(tree, step)
    const index = toIndex(step)
    if (index === null || index >= tree.length) return notThere
    const inner = change(tree[index], rest, leaf)
    return typeof inner === 'string' ? inner : { value: tree.with(index, inner.value) }
  }
  if (!isObject(tree)) return notThere
  if (isLast) return leaf.inObject(tree, step)
  const member = memberOf(tree, step)
  if (member === undefined) return notThere
  const inner = change(member, rest, leaf)
  return typeof inner === 'string' ? inner : { value: { ...tree, [step]: inner.value } }
}

const notThere = 'is not there'

export const leaves = {
  add: (value: unknown): Leaf => ({
    inList: (list, step) => {
      const index = step === endOfList ? list.length : toIndex(step)
      if (index === null || index > list.length) return `is no place in a list of ${list.length}`
      return { value: list.toSpliced(index, 0, value) }
    },
    inObject: (object, step) => ({ value: { ...object, [step]: value } })
  }),
  replace: (value: unknown): Leaf => ({
    inList: (list, step) => {
      const index = toIndex(step)
      return index === null || index >= list.length ? notThere : { value: list.with(index, value) }
    },
    inObject: (object, step) =>
      memberOf(object, step) === undefined ? notThere : { value: { ...object, [step]: value } }
  }),
  remove: {
    inList: (list, step) => {
      const index = toIndex(step)
      return index === null || index >= list.length ? notThere : { value: list.toSpliced(index, 1) }
    },
    inObject: (object, step) => {
      if (memberOf(object, step) === undefined) return notThere
      const { [step]: _, ...rest } = object
      return { value: rest }
    }
  } satisfies Leaf
}
