/**
 * Undo of contested values. Yjs would bring back what a step has deleted as it was, under the id of whoever undoes; but
 * nobody may write a claim in the name of somebody else. So the claims that a step took away stay away, and what they
 * came to is claimed anew by whoever undoes.
 */
import * as Y from 'yjs'
import type { Rewritable } from '../schema/live-storage.ts'

/** What a step did to one contested value. */
interface Rewritten {
  readonly contested: Rewritable
  /** What to claim when it is taken back; null: nothing. */
  readonly before: { readonly value: unknown } | null
  /** The claims that stood there when it was done. */
  readonly left: ReadonlySet<string>
  readonly leftOwn: boolean
}

/** Under which a step keeps what it did to contested values. */
const rewrittenKey = Symbol('contested values')

type Step = Y.UndoManager['undoStack'][number]

interface ClaimsHistory {
  /** To be called in the transaction of a change, before it. */
  rewrites(contested: Rewritable): void
  /** Undoes or redoes the newest step of its stack. @returns whether there was anything left to do */
  pop(direction: 'undo' | 'redo', step: Step): boolean
}

export const createClaimsHistory = (doc: Y.Doc, manager: Y.UndoManager): ClaimsHistory => {
  /** Of the transaction under way. */
  const noted = new Map<string, Pick<Rewritten, 'contested' | 'before'>>()
  let standing: readonly Standing[] = []

  const standingIn = ({ name }: Rewritable): readonly Standing[] => standingItems(doc.getArray(name))
  const isOwn = ({ item }: Standing): boolean => item.id.client === doc.clientID

  const note = (contested: Rewritable, before: Rewritten['before']): void => {
    standing = [...standing, ...standingIn(contested)]
    if (!noted.has(contested.name)) noted.set(contested.name, { contested, before })
  }
  const forget = (): void => {
    noted.clear()
    standing = []
  }
  const captured = ({ stackItem: step }: { readonly stackItem: Step }): void => {
    if (noted.size === 0) return
    const steps = new Map(rewrittenBy(step))
    for (const [name, { contested, before }] of noted) {
      const left = standingIn(contested)
      steps.set(name, {
        contested,
        before: steps.has(name) ? (steps.get(name)?.before ?? null) : before,
        left: new Set(left.map(idOf)),
        leftOwn: left.some(isOwn)
      })
    }
    step.meta.set(rewrittenKey, steps)
    // Yjs does not bring back what a step has both made and deleted.
    const deleted = standing.filter(({ item }) => item.deleted)
    step.insertions = Y.mergeDeleteSets([step.insertions, idsOf(deleted)])
    forget()
  }
  manager.on('stack-item-added', captured)
  manager.on('stack-item-updated', captured)

  /** @returns false: somebody else has written there since */
  const takeBack = ({ contested, before, left, leftOwn }: Rewritten): boolean => {
    const items = standingIn(contested)
    const own = items.filter(isOwn)
    if (own.length === 0 && (leftOwn || items.some((item) => !left.has(idOf(item))))) return false
    note(contested, own.length === 0 ? null : contested.shownOf(own.map(({ claim }) => claim)))
    for (const { item, index } of own.toReversed()) doc.getArray(contested.name).delete(index, item.length)
    const isAlone = items.length === own.length
    if (before !== null && (isAlone || own.length === 0)) contested.claim(before.value)
    return own.length > 0 || before !== null
  }

  /** One transaction for all of it, which Yjs takes for an undo until it is over. */
  const inOneStep = (direction: 'undo' | 'redo', act: () => boolean): boolean => {
    const flag = direction === 'undo' ? 'undoing' : 'redoing'
    try {
      return doc.transact(() => {
        const isDone = act()
        manager[flag] = true
        return isDone
      }, manager)
    } finally {
      manager[flag] = false
      forget()
    }
  }

  return {
    rewrites: (contested) => note(contested, contested.shown()),
    pop: (direction, step) =>
      inOneStep(direction, () => {
        const taken = [...rewrittenBy(step).values()].map(takeBack)
        const isDone = manager[direction]() !== null
        return isDone || taken.includes(true)
      })
  }
}

const rewrittenBy = (step: Step): ReadonlyMap<string, Rewritten> => step.meta.get(rewrittenKey) ?? new Map()

/** A claim that stands in an array, with the item that holds it. */
interface Standing {
  readonly item: Y.Item
  readonly index: number
  readonly claim: unknown
}

const standingItems = (array: Y.Array<unknown>): readonly Standing[] => {
  const items: Standing[] = []
  let index = 0
  for (let item = array._start; item !== null; item = item.right) {
    if (item.deleted || !item.countable) continue
    items.push({ item, index, claim: array.get(index) })
    index += item.length
  }
  return items
}

const idOf = ({ item: { id } }: Standing): string => `${id.client} ${id.clock}`

const idsOf = (items: readonly Standing[]): ReturnType<typeof Y.createDeleteSet> => {
  const ids = Y.createDeleteSet()
  for (const { item } of items) {
    const { client, clock } = item.id
    const ranges = ids.clients.get(client) ?? []
    ids.clients.set(client, [...ranges, { clock, len: item.length }])
  }
  return ids
}
