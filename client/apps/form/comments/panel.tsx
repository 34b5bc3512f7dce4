import type { ReactNode } from 'react'
import { onDemand, Part } from '../../ui/on-demand.tsx'
import { Popover } from '../../ui/popover.tsx'
import { useIsDesk } from '../../ui/screen-width.ts'
import { panelId, useCommentsPlace } from './comments-place.tsx'
import { InComments } from './comments-room.tsx'

/** Nobody waits for it: the form is there to be worked on before. */
export const threads = onDemand(async () => (await import('./threads.tsx')).Threads)

const reading = <p className="skeleton-late px-4 py-3 text-ink-2">Reading the comments.</p>
const orReading = (words: ReactNode) => words ?? reading

/** What is said about the form: a column of its own; on phones a sheet that the dock opens. */
export function CommentsPanel() {
  const { mayRead } = useCommentsPlace()
  const isDesk = useIsDesk()
  if (!mayRead) return null
  const content = (
    <InComments fallback={reading}>
      <Part of={threads} props={{}} until={orReading} />
    </InComments>
  )
  if (isDesk)
    return (
      <aside
        id={panelId}
        aria-label="Comments"
        className="sticky top-head flex h-[calc(100dvh-var(--h-head))] flex-col self-start border-l border-rule text-sm"
      >
        {content}
      </aside>
    )
  return (
    <Popover id={panelId} label="Comments" className="sheet flex-col !overflow-hidden !p-0 open:flex">
      {content}
    </Popover>
  )
}
