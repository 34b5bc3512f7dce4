import { type comments, type Thread, threadsOf } from '../../../../schema/kinds/comments.ts'
import type { StorageSnapshot } from '../../../index.ts'
import type { Seen } from './comments-place.tsx'
import { useStorage } from './comments-room.tsx'

type Said = StorageSnapshot<(typeof comments)['storage']>

export interface Talk {
  readonly threads: readonly Thread[]
  /** Those that are not resolved, by what they are about. */
  readonly openByPath: ReadonlyMap<string | null, readonly Thread[]>
}

/** One for each snapshot, however many look at it. */
const known = new WeakMap<Said, Talk>()

const talkOf = (said: Said): Talk => {
  const before = known.get(said)
  if (before !== undefined) return before
  // Of a thread whose last comment was removed there is nothing to see.
  const threads = threadsOf(said).filter(({ comments }) => comments.length > 0)
  const open = threads.filter(({ isResolved }) => !isResolved)
  const talk = { threads, openByPath: Map.groupBy(open, ({ path }) => path) }
  known.set(said, talk)
  return talk
}

/** Everything that is said about the form. */
export const useTalk = (): Talk => useStorage(talkOf)

export const newestOf = ({ comments }: Thread): number => Math.max(...comments.map(({ at }) => at))

/** What others have said since this device saw the thread. */
export const unreadIn = ({ id, comments }: Thread, seen: Seen, self: string | undefined): number =>
  comments.filter(({ author, at }) => author !== self && at > (seen[id] ?? 0)).length

export const questionPath = (id: string): string => `fields/${id}`
