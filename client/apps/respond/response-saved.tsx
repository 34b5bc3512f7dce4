import { errorCodes } from '../../../schema/error-codes.ts'
import type { SyncStatus } from '../../index.ts'
import { CopyKept, KeptText } from '../form/kept-text.tsx'
import { Button } from '../ui/button.tsx'
import { SavedIndicator } from '../ui/saved-indicator.tsx'
import { savedWords } from '../ui/saved-words.ts'
import { countOf } from '../ui/time-words.ts'
import { useSyncStatus } from './response-room.ts'

/** The saved indicator of one's own response, with its facts. */
export function ResponseSaved() {
  const status = useSyncStatus({ smooth: true })
  return (
    <SavedIndicator state={status.state} words={savedWords(status)}>
      <Facts status={status} />
    </SavedIndicator>
  )
}

function Facts({ status }: { status: SyncStatus }) {
  switch (status.state) {
    case 'loading':
      return <p>Reading the log.</p>
    case 'saving':
      return <p>Sent {countOf(status.pending, 'change')}. Waiting for the commit.</p>
    case 'saved':
      return <p className="font-name">Every answer that you see is in the log.</p>
    case 'offline':
      return (
        <p>
          You can keep answering.
          {!status.storedLocally && ' This device cannot keep your answers: leave this tab open.'}
        </p>
      )
    case 'waiting':
      return <p>Connected; your last {countOf(status.pending, 'change is', 'changes are')} not committed.</p>
    case 'rejected':
      return (
        <>
          <p className="font-name text-stop">Your last change was not saved.</p>
          <p className="mt-1.5 mb-2.5">{errorCodes[status.code].about}. Your answers were read again.</p>
          {status.keptText && <KeptText text={status.keptText} />}
          <div className="mt-3 flex flex-wrap gap-2">
            {status.keptText && <CopyKept text={status.keptText} />}
            <Button onClick={() => status.discard()}>Go on without it</Button>
          </div>
        </>
      )
  }
}
