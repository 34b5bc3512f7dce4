import type { RoomError } from '../../index.ts'
import { useClient, useStore } from '../../react/index.ts'
import { useVisitor } from '../entrance.tsx'
import { CopyKept, KeptText } from '../form/kept-text.tsx'
import { Button } from '../ui/button.tsx'
import { Screen } from '../ui/screen.tsx'
import type { WatchedRoom } from '../watched-room.ts'

export interface ClosedProps {
  readonly failure: RoomError
  readonly room: WatchedRoom
}

/** Signed out or shut out of one's own answers: what is safe, and what came too late. */
export function Closed({ failure, room }: ClosedProps) {
  const client = useClient()
  const { identity, leave } = useVisitor()
  const status = useStore(room.syncStatus)
  const kept = status.state === 'rejected' ? status.keptText : ''
  const isSignedOut = failure.code === 'token-invalid'
  return (
    <Screen
      bar="Form"
      heading={isSignedOut ? 'You are signed out.' : 'You may not open these answers.'}
      actions={
        <>
          {kept && <CopyKept text={kept} />}
          {isSignedOut && identity.isGuest ? (
            <Button look="go" onClick={leave}>
              Say your name again
            </Button>
          ) : (
            <Button onClick={() => client.retryNow()}>Try again</Button>
          )}
        </>
      }
    >
      <p>
        What you saved before is in the log.{' '}
        {isSignedOut
          ? 'Open the link that you were given again, to go on where you were.'
          : 'Those who made the form can let you in.'}
        {kept && ' One change came too late; its text is kept here:'}
      </p>
      {kept && <KeptText text={kept} />}
    </Screen>
  )
}
