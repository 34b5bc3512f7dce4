import { MessageSquare, MessageSquarePlus } from 'lucide-react'
import type { Thread } from '../../../../schema/kinds/comments.ts'
import { useStore } from '../../../react/index.ts'
import { Icon } from '../../ui/icon.tsx'
import { countOf } from '../../ui/time-words.ts'
import { useCommentsPlace } from './comments-place.tsx'
import { InComments, useCan, useSelf } from './comments-room.tsx'
import { questionPath, unreadIn, useTalk } from './talk.ts'

export interface CommentMarkerProps {
  readonly question: string
  readonly number: number
  readonly isSelected: boolean
}

/** How much is said about a question, and where to say something. */
export function CommentMarker(props: CommentMarkerProps) {
  const { mayRead } = useCommentsPlace()
  if (!mayRead) return null
  return (
    <InComments>
      <Marker {...props} />
    </InComments>
  )
}

function Marker({ question, number, isSelected }: CommentMarkerProps) {
  const place = useCommentsPlace()
  const mayComment = useCan('comment')
  const path = questionPath(question)
  const threads = useTalk().openByPath.get(path) ?? none
  const count = threads.reduce((sum, { comments }) => sum + comments.length, 0)
  const unread = useUnread(threads)
  const first = threads[0]
  if (first === undefined && !mayComment) return null
  const words =
    first === undefined
      ? `Comment on question ${number}`
      : `${countOf(count, 'comment')}${unread > 0 ? `, ${unread} unread,` : ''} on question ${number}`
  return (
    <button
      type="button"
      aria-label={words}
      onClick={() => (first === undefined ? place.begin(path) : place.show(first.id))}
      className={`inline-flex h-6.5 min-w-8 items-center justify-center gap-[3px] rounded-control px-1.5 text-xs font-name text-ink-2 hover:bg-band-2 hover:text-ink pointer-coarse:-mr-2 pointer-coarse:-mt-2.5 pointer-coarse:h-11 pointer-coarse:min-w-11 ${count > 0 || isSelected ? '' : 'opacity-0 group-focus-within:opacity-100 group-hover:opacity-100 pointer-coarse:opacity-100'}`}
    >
      <Icon of={count > 0 ? MessageSquare : MessageSquarePlus} />
      {count > 0 && count}
      {unread > 0 && <i aria-hidden="true" className="size-1.5 flex-none rounded-[50%] bg-ink" />}
    </button>
  )
}

const none: readonly Thread[] = []

export const useUnread = (threads: readonly Thread[]): number => {
  const seen = useStore(useCommentsPlace().seen)
  const self = useSelf((user) => user?.id)
  return threads.reduce((sum, thread) => sum + unreadIn(thread, seen, self), 0)
}
