import { type ReactNode, useEffect, useState } from 'react'
import { Link } from 'wouter'
import { now } from '../../clock.ts'
import type { RoomError, SyncStatus } from '../../index.ts'
import { useClient, useStore } from '../../react/index.ts'
import { useVisitor } from '../entrance.tsx'
import { useAnnounce } from '../ui/announcer.tsx'
import { Button, buttonClasses } from '../ui/button.tsx'
import { Screen } from '../ui/screen.tsx'
import { countOf, timeOf } from '../ui/time-words.ts'
import type { FormRoom } from './form-room.ts'
import { CopyKept, KeptText } from './kept-text.tsx'
import { askWhom, managersOf } from './roles.ts'

export interface FailedProps {
  readonly failure: RoomError
  readonly room: FormRoom
}

/** Signed out, shut out, deleted: a screen of its own, that says what is safe. */
export function Failed({ failure, room }: FailedProps) {
  const client = useClient()
  const status = useStore(room.syncStatus)
  const kept = status.state === 'rejected' ? status.keptText : ''
  if (failure.code === 'token-invalid') return <SignedOut kept={kept} unsent={unsentOf(status)} />
  if (failure.code === 'forbidden' && room.ready.get()) return <Removed kept={kept} room={room} />
  if (failure.code === 'forbidden')
    return (
      <Stop
        kept={kept}
        heading="You may not open this form."
        action={<Button onClick={() => client.retryNow()}>Try again</Button>}
      >
        Its owner can let you in. {safe}
      </Stop>
    )
  if (failure.code === 'room-deleted')
    return (
      <Stop kept={kept} heading="This form was deleted.">
        Nobody can open it any more.
      </Stop>
    )
  return (
    <Stop kept={kept} heading="There is no form at this address.">
      The link may be cut off, or the form was never here.
    </Stop>
  )
}

const safe = 'What you saved before is in the log.'

/** What became of the changes that wait for a connection. */
const unsentOf = (status: SyncStatus): string => {
  if (status.state !== 'offline' || status.pending === 0) return ''
  const changes = countOf(status.pending, 'change was', 'changes were')
  return status.storedLocally
    ? `${changes} not sent, and kept on this device.`
    : `${changes} not sent, and only in this tab.`
}

/** It was open to you a moment ago. Who has removed you the server does not tell: those are named who can undo it. */
function Removed({ kept, room }: { kept: string; room: FormRoom }) {
  const client = useClient()
  const announce = useAnnounce()
  const heading = 'You were removed from this form.'
  useEffect(() => announce(heading, 'assertive'), [announce])
  const [at] = useState(() => timeOf(new Date(now())))
  const roster = room.roster.get()
  // Without them, what was shown came from this device, and it is not known since when it is closed.
  const wasHere = managersOf(roster).length > 0
  return (
    <Stop kept={kept} heading={heading} action={<Button onClick={() => client.retryNow()}>Try again</Button>}>
      {wasHere && `It was closed to you at ${at}.`} {askWhom(roster)} can let you in again. {safe}
    </Stop>
  )
}

function SignedOut({ kept, unsent }: { kept: string; unsent: string }) {
  const { identity, leave } = useVisitor()
  if (!identity.isGuest)
    return (
      <Stop kept={kept} heading="You are signed out.">
        Your sign-in has ended. {safe} {unsent} Open the link that you were given again, to go on where you
        were.
      </Stop>
    )
  return (
    <Stop
      kept={kept}
      heading="You are signed out."
      action={
        <Button look="go" onClick={leave}>
          Say your name again
        </Button>
      }
    >
      The server does not know you any more. {safe} {unsent}
    </Stop>
  )
}

interface StopProps {
  readonly heading: string
  /** The text that came too late. */
  readonly kept: string
  readonly action?: ReactNode
  readonly children: ReactNode
}

function Stop({ heading, kept, action, children }: StopProps) {
  return (
    <Screen
      bar="Form"
      heading={heading}
      actions={
        <>
          {kept && <CopyKept text={kept} />}
          {action}
          <Link href="/" className={buttonClasses('bare')}>
            All forms
          </Link>
        </>
      }
    >
      <p>
        {children}
        {kept && ' One change came too late; its text is kept here:'}
      </p>
      {kept && <KeptText text={kept} />}
    </Screen>
  )
}
