import { MessageSquare } from 'lucide-react'
import { Icon } from '../../ui/icon.tsx'
import { panelId, useCommentsPlace } from './comments-place.tsx'
import { InComments } from './comments-room.tsx'
import { useUnread } from './marker.tsx'
import { useTalk } from './talk.ts'

/** Opens the comments on phones. */
export function CommentsButton() {
  const { mayRead } = useCommentsPlace()
  if (!mayRead) return null
  return (
    <button
      type="button"
      popoverTarget={panelId}
      className="relative flex h-12 min-w-11 flex-none items-center justify-center gap-1 rounded-control text-sm font-label text-ink-2"
    >
      <Icon of={MessageSquare} />
      <span className="sr-only">Comments</span>
      <InComments>
        <Count />
      </InComments>
    </button>
  )
}

function Count() {
  const open = useTalk().threads.filter(({ isResolved }) => !isResolved)
  const unread = useUnread(open)
  return (
    <>
      {open.length > 0 && open.length}
      {unread > 0 && (
        <>
          <i aria-hidden="true" className="size-1.5 rounded-[50%] bg-ink" />
          <span className="sr-only">, {unread} unread</span>
        </>
      )}
    </>
  )
}
