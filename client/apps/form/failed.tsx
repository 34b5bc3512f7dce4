import type { ReactNode } from 'react'
import { Link } from 'wouter'
import type { RoomError } from '../../index.ts'
import { useVisitor } from '../entrance.tsx'
import { Button, buttonClasses } from '../ui/button.tsx'
import { Screen } from '../ui/screen.tsx'

export interface FailedProps {
  readonly failure: RoomError
  onRetry(): void
}

/** Signed out, shut out, deleted: a screen of its own, that says what is safe. */
export function Failed({ failure, onRetry }: FailedProps) {
  const allForms = (
    <Link href="/" className={buttonClasses()}>
      All forms
    </Link>
  )
  if (failure.code === 'token-invalid') return <SignedOut />
  if (failure.code === 'forbidden')
    return (
      <Stop heading="You may not open this form." actions={<AskAgain onRetry={onRetry}>{allForms}</AskAgain>}>
        Its owner can let you in. {safe}
      </Stop>
    )
  if (failure.code === 'room-deleted')
    return (
      <Stop heading="This form was deleted." actions={allForms}>
        Nobody can open it any more.
      </Stop>
    )
  return (
    <Stop heading="There is no form at this address." actions={allForms}>
      The link may be cut off, or the form was never here.
    </Stop>
  )
}

const safe = 'What you saved before is in the log; what was not sent yet is kept on this device.'

function SignedOut() {
  const { identity, leave } = useVisitor()
  if (!identity.isGuest)
    return (
      <Stop heading="You are signed out.">
        Your sign-in has ended. {safe} Open the link that you were given again, to go on where you were.
      </Stop>
    )
  return (
    <Stop
      heading="You are signed out."
      actions={
        <Button look="go" onClick={leave}>
          Say your name again
        </Button>
      }
    >
      This server does not know you any more. {safe}
    </Stop>
  )
}

function AskAgain({ onRetry, children }: { onRetry(): void; children: ReactNode }) {
  return (
    <>
      <Button look="go" onClick={onRetry}>
        Try again
      </Button>
      {children}
    </>
  )
}

function Stop({ heading, actions, children }: { heading: string; actions?: ReactNode; children: ReactNode }) {
  return (
    <Screen bar="Form" heading={heading} actions={actions}>
      <p>{children}</p>
    </Screen>
  )
}
