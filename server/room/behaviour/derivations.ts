/**
 * Derivations: what follows in a room from the rooms that belong to it, run after their commits.
 *
 *   child committed ──▶ wanted ──▶ running, one at a time for each room ──▶ one entry, or none
 *                          ▲            │
 *                          └── again, if a child has moved on meanwhile, or after a pause if it failed
 *
 * A commit only notes a name here. Nothing is kept of what is wanted: a derivation can be repeated, so one that a crash
 * has cut off is made up for when somebody opens the room, or a child of it, again.
 */
import type { DerivationContext } from '../../../schema/behaviour.ts'
import type { RoomDefinition } from '../../../schema/define-room.ts'
import { RoomlogError } from '../../../schema/error-codes.ts'
import { childName, type ParentRule, parentOf } from '../../../schema/parent.ts'
import { kindOf, type RoomName } from '../../../schema/room-name.ts'
import { readStorage } from '../../../schema/storage.ts'
import type { StorageShape, StorageSnapshot } from '../../../schema/storage-words.ts'
import { after } from '../../clock.ts'
import type { Logger } from '../../logger.ts'
import { type BehaviourParts, runBehaviour } from './behaviours.ts'
import { serverAccess } from './change.ts'

export interface DerivationParts extends BehaviourParts {
  readonly logger: Logger
}

export interface Derivations {
  /** What to call after each commit of a room; null: nothing follows from it. */
  watcher(room: RoomName): (() => void) | null
  /** Somebody has opened the room: whatever was left undone for it is done. */
  opened(room: RoomName): void
  /** Begins nothing more; resolves when what runs has ended. */
  close(): Promise<void>
}

/** A room with more children is not derived: it is said in the log. */
const childrenMax = 1_000
const runningMax = 4
/** More wait in vain, until the next commit or the next who opens them. */
const wantedMax = 10_000
/** Between two runs for one room: what several children wrote at one moment is taken together. */
const restMs = 30
const retryMsFirst = 250
const retriesMax = 6

export const createDerivations = (parts: DerivationParts): Derivations => {
  const wanted = new Set<RoomName>()
  /** Those that run or rest; true: wanted again. */
  const busy = new Map<RoomName, boolean>()
  const tries = new Map<RoomName, number>()
  const running = new Set<Promise<void>>()
  let isClosed = false

  const want = (room: RoomName): void => {
    if (isClosed) return
    if (busy.has(room)) busy.set(room, true)
    else if (wanted.size < wantedMax) {
      wanted.add(room)
      next()
    } else parts.logger.warn({ room, wanted: wanted.size }, 'derivation put off')
  }
  const next = (): void => {
    for (const room of wanted) {
      if (running.size >= runningMax || isClosed) return
      wanted.delete(room)
      busy.set(room, false)
      const run = attempt(room)
      running.add(run)
      void run.finally(() => {
        running.delete(run)
        next()
      })
    }
  }
  const attempt = async (room: RoomName): Promise<void> => {
    let restsMs = restMs
    try {
      await derive(parts, room)
      tries.delete(room)
    } catch (error) {
      restsMs = pauseAfter(room, error)
    }
    after(restsMs, () => {
      const isWanted = busy.get(room) === true || tries.has(room)
      busy.delete(room)
      if (isWanted) want(room)
    })
  }
  /** How long to wait after a failure; after too many of them, the next commit is waited for. */
  const pauseAfter = (room: RoomName, error: unknown): number => {
    if (isGone(error) || isClosed) {
      tries.delete(room)
      return restMs
    }
    const count = (tries.get(room) ?? 0) + 1
    parts.logger[count > retriesMax ? 'error' : 'warn'](
      { err: error, room, tries: count },
      'derivation failed'
    )
    if (count > retriesMax) tries.delete(room)
    else tries.set(room, count)
    return retryMsFirst * 2 ** (count - 1)
  }

  return {
    watcher: (room) => {
      const target = targetOf(parts.kinds, room)
      return target === null ? null : () => want(target)
    },
    opened: (room) => {
      const target = targetOf(parts.kinds, room)
      if (target !== null) want(target)
      if (parts.kinds.get(kindOf(room))?.derive) want(room)
    },
    close: async () => {
      isClosed = true
      wanted.clear()
      await Promise.all(running)
    }
  }
}

/** The room in which something follows from this one. */
const targetOf = (kinds: BehaviourParts['kinds'], room: RoomName): RoomName | null => {
  const rule = kinds.get(kindOf(room))?.parent ?? null
  const parent = rule === null ? null : parentOf(rule, room)
  if (parent === null) return null
  return kinds.get(kindOf(parent.room))?.derive?.from.kind === kindOf(room) ? parent.room : null
}

/** There is nothing to derive any more, or not yet. */
const isGone = (error: unknown): boolean =>
  error instanceof RoomlogError && (error.reason === 'room-not-found' || error.reason === 'room-deleted')

const derive = async (parts: DerivationParts, room: RoomName): Promise<void> => {
  const definition = parts.kinds.get(kindOf(room))
  const rule = definition?.derive
  const child = rule ? parts.kinds.get(rule.from.kind) : undefined
  if (definition === undefined || !rule || child === undefined || child.parent === null) return
  const record = await parts.table.find(room)
  if (record === null || record.isDeleted || record.head === 0) return
  const children = await readChildren(parts, room, child, child.parent)
  await runBehaviour(parts, serverAccess(room, definition), (context) => {
    const derivation: DerivationContext = { ...context, children }
    return rule.run(derivation)
  })
}

/** Every child as it is committed, by the last part of its name. */
const readChildren = async (
  { table, stateAt }: DerivationParts,
  room: RoomName,
  child: RoomDefinition,
  rule: ParentRule
): Promise<ReadonlyMap<string, StorageSnapshot<StorageShape>>> => {
  const names = await childNames(table, room, child.kind, rule)
  const states = await Promise.all(
    names.map(async (name) => {
      const rest = parentOf(rule, name)?.rest ?? ''
      return [rest, await stateAt(name, null, ({ document }) => readStorage(child, document))] as const
    })
  )
  return new Map(states)
}

const childNames = async (
  table: BehaviourParts['table'],
  room: RoomName,
  kind: string,
  rule: ParentRule
): Promise<readonly RoomName[]> => {
  const isMany = rule.id === 'rest' || rule.id === 'user'
  if (!isMany)
    return (await table.find(childName(kind, rule, room))) === null ? [] : [childName(kind, rule, room)]
  // The shortest name that a child could have, without its last letter.
  const prefix = childName(kind, rule, room, 'x').slice(0, -1)
  const names = await table.namesWith(prefix, childrenMax + 1)
  if (names.length > childrenMax)
    throw new Error(`${room} has more than ${childrenMax} rooms of the kind ${kind}`)
  return names.filter((name) => parentOf(rule, name)?.room === room)
}
