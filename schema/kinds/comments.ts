import * as z from 'zod/mini'
import { defineRoom } from '../define-room.ts'
import { ownerOfKey, type StorageSnapshot, s, userKey } from '../storage-words.ts'

export const reactions = ['thumbs-up', 'heart', 'laugh', 'surprised', 'sad', 'celebrate'] as const
export type Reaction = (typeof reactions)[number]

/** What a thread is about: an entry of the room (`fields/f1`), or the whole room. */
const anchor = z.object({ path: z.nullable(z.string().check(z.maxLength(256))) })
const mentionsMax = 50

/**
 * What is said about a form or a timeline: `comments/form:42` belongs to `form/42`. Whoever may comment needs no right to
 * write there, and restoring an old version of the form takes no comment away.
 *
 * | role        | may                                                              |
 * |-------------|------------------------------------------------------------------|
 * | `moderator` | everything, also remove what others said                         |
 * | `commenter` | begin threads, answer, edit and remove their own, react, resolve |
 * | `reader`    | read                                                             |
 * | `stranger`  | nothing                                                          |
 */
export const comments = defineRoom({
  kind: 'comments',
  roles: ['moderator', 'commenter', 'reader', 'stranger'],
  access: {
    moderator: { write: '*', comment: true, manage: true },
    commenter: { write: ['threads/own', 'comments/own', 'reactions/own', 'resolutions'], comment: true },
    reader: {},
    stranger: { read: false }
  },
  guests: 'stranger',
  parent: {
    kinds: ['form', 'timeline'],
    id: 'kind',
    roles: {
      owner: 'moderator',
      editor: 'commenter',
      commenter: 'commenter',
      reader: 'reader',
      couple: 'moderator',
      coordinator: 'moderator',
      planner: 'commenter',
      officiant: 'commenter',
      photographer: 'commenter',
      caterer: 'commenter',
      florist: 'commenter',
      musician: 'commenter',
      family: 'commenter'
    }
  },
  storage: {
    threads: s.collection({ anchor: s.value(anchor), at: s.value(z.number()) }, { owned: true }),
    comments: s.collection(
      {
        thread: s.value(z.string()),
        text: s.text(),
        at: s.value(z.number()),
        editedAt: s.value(z._default(z.nullable(z.number()), null)),
        /** Ids of the users whom it names. */
        mentions: s.value(z._default(z.array(z.string()).check(z.maxLength(mentionsMax)), []))
      },
      { owned: true }
    ),
    /** By `reactionKey`. */
    reactions: s.record(s.value(z.literal(true))),
    /** By thread; reopening one is a resolution too. */
    resolutions: s.record(s.value(z.object({ isResolved: z.boolean(), by: z.string(), at: z.number() })))
  },
  presence: z.object({
    /** The thread that is looked at, and whether something is being written to it. */
    thread: z.nullable(z.string()),
    isWriting: z.boolean()
  })
})

/** Under which key somebody's reaction to a comment stands: there is one or none. */
export const reactionKey = (userId: string, comment: string, reaction: Reaction): string =>
  `${userKey(userId)}:${comment}:${reaction}`

type Said = StorageSnapshot<(typeof comments)['storage']>

export interface Thread {
  readonly id: string
  /** null: it is about the whole room. */
  readonly path: string | null
  readonly author: string
  readonly isResolved: boolean
  readonly comments: readonly Comment[]
}

export interface Comment {
  readonly id: string
  readonly author: string
  readonly text: string
  readonly at: number
  readonly editedAt: number | null
  readonly mentions: readonly string[]
  /** Who has reacted, by reaction; only those that somebody has given. */
  readonly reactions: ReadonlyMap<Reaction, readonly string[]>
}

/** The threads as they are shown: oldest first, their comments by time. */
export const threadsOf = (said: Said): readonly Thread[] => {
  const reactionsTo = reactionsByComment(said)
  const byThread = Map.groupBy(said.comments, ({ thread }) => thread)
  return [...said.threads]
    .sort((a, b) => a.at - b.at)
    .map(({ id, anchor: { path } }) => ({
      id,
      path,
      author: authorOf(id),
      isResolved: said.resolutions[id]?.isResolved ?? false,
      comments: [...(byThread.get(id) ?? [])]
        .sort((a, b) => a.at - b.at)
        .map(({ thread: _, ...comment }) => ({
          ...comment,
          author: authorOf(comment.id),
          reactions: reactionsTo.get(comment.id) ?? new Map<Reaction, string[]>()
        }))
    }))
}

const reactionsByComment = (said: Said): Map<string, Map<Reaction, string[]>> => {
  const byComment = new Map<string, Map<Reaction, string[]>>()
  for (const key of Object.keys(said.reactions)) {
    // The id of a comment begins with its author's key and a colon, as this key does with that of who reacted.
    const first = key.indexOf(':')
    const last = key.lastIndexOf(':')
    const reaction = reactions.find((one) => one === key.slice(last + 1))
    if (reaction === undefined || last === first) continue
    const comment = key.slice(first + 1, last)
    const given = byComment.get(comment) ?? new Map<Reaction, string[]>()
    given.set(reaction, [...(given.get(reaction) ?? []), authorOf(key)])
    byComment.set(comment, given)
  }
  return byComment
}

/** Whose entry it is: what only they could have made, so nothing else has to say it. */
const authorOf = (key: string): string => ownerOfKey(key) ?? ''
