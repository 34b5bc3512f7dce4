import { Link } from 'wouter'
import type { RoomError } from '../../index.ts'
import { useVisitor } from '../entrance.tsx'
import { Button, buttonClasses } from '../ui/button.tsx'
import { Screen } from '../ui/screen.tsx'

/** Signed out, removed, deleted: a screen of its own, that says what is safe. */
export function Failed({ failure, onRetry }: { failure: RoomError; onRetry(): void }) {
  const { identity, leave } = useVisitor()
  const allForms = (
    <Link href="/" className={buttonClasses()}>
      All forms
    </Link>
  )
  switch (failure.code) {
    case 'token-invalid':
      return (
        <Screen
          bar="Form"
          heading="You are signed out."
          actions={identity.isGuest && <Button look="go" onClick={leave}>Say your name again</Button>}
        >
          <p>Your sign-in has ended. {safe}</p>
          {!identity.isGuest && <p>Open the link that you were given again, to go on where you were.</p>}
        </Screen>
      )
    case 'forbidden':
      return (
        <Screen bar="Form" heading="You may not open this form." actions={<>{allForms}<Button look="bare" onClick={onRetry}>Try again</Button></>}>
          <p>Its owner can let you in. {safe}</p>
        </Screen>
      )
    case 'room-deleted':
      return (
        <Screen bar="Form" heading="This form was deleted." actions={allForms}>
          <p>Nobody can open it any more.</p>
        </Screen>
      )
    default:
      return (
        <Screen bar="Form" heading="There is no form at this address." actions={allForms}>
          <p>The link may be cut off, or the form was never here.</p>
        </Screen>
      )
  }
}

const safe = 'What you saved before is in the log; what was not sent yet is kept on this device.'
