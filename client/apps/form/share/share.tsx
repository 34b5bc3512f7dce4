import { X } from 'lucide-react'
import { type FocusEvent, type ReactNode, useState } from 'react'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { onDemand, Part } from '../../ui/on-demand.tsx'
import { closePopover } from '../../ui/popover.tsx'
import { dialogId } from './dialog-id.ts'

export const shareContent = onDemand(async () => (await import('./share-content.tsx')).ShareContent)

/** Whoever comes near the button is likely to press it. */
const fetchContent = () => void shareContent.fetch()

/** The button in the bar, and the dialog that it opens: below it, on phones over the whole screen. */
export function Share({ id }: { id: string }) {
  const [isOpen, setOpen] = useState(false)
  return (
    <>
      <Button
        popoverTarget={dialogId}
        className="max-desk:hidden"
        onPointerEnter={fetchContent}
        onFocus={fetchContent}
      >
        Share
      </Button>
      <dialog
        id={dialogId}
        popover="auto"
        tabIndex={-1}
        aria-label="Share this form"
        onToggle={(event) => setOpen(event.newState === 'open')}
        onBlur={closeWhenLeft}
        className="anchored whole opening overflow-auto bg-sheet text-sm text-ink outline-none desk:max-h-[calc(100dvh-80px)] desk:w-[420px] desk:rounded-pop desk:shadow-pop"
      >
        {isOpen && <Part of={shareContent} props={{ id }} until={untilHere} />}
      </dialog>
    </>
  )
}

const untilHere = (words: ReactNode) => (
  <div className="flex min-h-bar items-start justify-end pr-2 pl-1" aria-busy={words === null}>
    <div className="flex-1">{words}</div>
    <Button
      look="bare"
      square
      aria-label="Close"
      popoverTarget={dialogId}
      popoverTargetAction="hide"
      className="mt-2"
    >
      <Icon of={X} />
    </Button>
  </div>
)

/** Opens the dialog from the list of people, where the bar has no room for its button. */
export function ShareFromPeople() {
  return (
    <Button look="go" popoverTarget={dialogId} className="w-full">
      Share
    </Button>
  )
}

/** Whoever goes on with the Tab key leaves it behind; it would lie over where they are. */
const closeWhenLeft = ({ currentTarget, relatedTarget }: FocusEvent<HTMLElement>): void => {
  if (relatedTarget instanceof Node && !currentTarget.contains(relatedTarget)) closePopover(dialogId)
}
