import { Button } from '../../ui/button.tsx'
import { countOf } from '../../ui/time-words.ts'
import { CopyKept, KeptText } from '../kept-text.tsx'
import { useSyncStatus } from './comments-room.tsx'

/** What of your comments is not in the log: it waits for a connection, or was refused. */
export function NotSent() {
  const status = useSyncStatus({ smooth: true })
  if (status.state === 'rejected')
    return (
      <div role="alert" className="grid gap-2 border-b border-rule bg-stop-tint px-4 py-3">
        <p className="font-name text-stop">Your comment was not saved.</p>
        {status.keptText && <KeptText text={status.keptText} />}
        <div className="flex flex-wrap gap-2">
          {status.keptText && <CopyKept text={status.keptText} />}
          <Button onClick={() => status.discard()}>Go on without it</Button>
        </div>
      </div>
    )
  if ((status.state !== 'offline' && status.state !== 'waiting') || status.pending === 0) return null
  return (
    <p className="border-b border-rule bg-need-tint px-4 py-2">
      {countOf(status.pending, 'change')} here {status.pending === 1 ? 'is' : 'are'} not committed; others do
      not see {status.pending === 1 ? 'it' : 'them'} yet.
    </p>
  )
}
