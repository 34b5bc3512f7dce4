import { ArrowLeft, X } from 'lucide-react'
import type { ReactNode } from 'react'
import { useVisitor } from '../../entrance.tsx'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { useCan, useRoster } from '../form-room.ts'
import { askWhom } from '../roles.ts'
import { AccessList } from './access-list.tsx'
import { dialogId } from './dialog-id.ts'
import { focusWhenShown } from './focus.ts'
import { InvitePeople } from './invite-people.tsx'
import { useOpenInvites } from './invites.ts'
import { useInviting } from './inviting.ts'
import { FormLinks } from './links.tsx'
import { OpenList } from './open-list.tsx'
import { Pairing } from './pairing.tsx'
import { useSharing } from './sharing.ts'

/** What the dialog shows; whoever opens it has the focus on its heading. */
export function ShareContent({ id }: { id: string }) {
  const mayManage = useCan('manage')
  return mayManage ? <Managed id={id} /> : <Unmanaged id={id} />
}

/** For those who may not give roles: who has access, and whom to ask. */
function Unmanaged({ id }: { id: string }) {
  const roster = useRoster()
  const sharing = useSharing()
  return (
    <Panel heading="Share this form">
      <Part heading="Links">
        <FormLinks id={id} />
      </Part>
      <Part heading="Who has access">
        <AccessList sharing={sharing} />
        <p className="mt-2 text-ink-2">{askWhom(roster)} can give rights.</p>
      </Part>
    </Panel>
  )
}

function Managed({ id }: { id: string }) {
  const { isGuest } = useVisitor().identity
  const sharing = useSharing()
  const open = useOpenInvites(sharing)
  const inviting = useInviting(sharing, open)
  const { code, showCode, hideCode, replaceCode, linkInstead, ...terms } = inviting
  if (code !== null)
    return (
      <Panel heading="Hand over this code." onBack={hideCode}>
        <Pairing code={code} open={open} onNewCode={replaceCode} onLinkInstead={linkInstead} />
      </Panel>
    )
  const links = <FormLinks id={id} />
  return (
    <Panel heading="Share this form">
      {isGuest && <Part heading="For everybody">{links}</Part>}
      <Part heading="Who has access">
        <AccessList sharing={sharing} />
      </Part>
      <Part heading="Invite">
        <InvitePeople {...terms} onCode={showCode} />
        <OpenList open={open} sharing={sharing} />
      </Part>
      {!isGuest && <Part heading="For those who have access">{links}</Part>}
    </Panel>
  )
}

interface PanelProps {
  readonly heading: string
  onBack?: () => void
  readonly children: ReactNode
}

function Panel({ heading, onBack, children }: PanelProps) {
  const title = (
    <h2
      key={heading}
      ref={focusWhenShown}
      tabIndex={-1}
      className={`font-name text-balance outline-none ${onBack ? 'mt-3 mb-2 text-2xl tracking-title desk:mt-0 desk:text-xl' : 'flex-1 text-lg'}`}
    >
      {heading}
    </h2>
  )
  return (
    <div className="flex min-h-full flex-col px-5 pb-[calc(20px+env(safe-area-inset-bottom))] desk:px-4 desk:pb-4">
      <div className="-mr-2 flex h-bar flex-none items-center justify-between">
        {onBack ? (
          <Button look="bare" square aria-label="Back" onClick={onBack} className="-ml-2">
            <Icon of={ArrowLeft} />
          </Button>
        ) : (
          title
        )}
        <Button look="bare" square aria-label="Close" popoverTarget={dialogId} popoverTargetAction="hide">
          <Icon of={X} />
        </Button>
      </div>
      {onBack && title}
      {children}
    </div>
  )
}

function Part({ heading, children }: { heading: string; children: ReactNode }) {
  return (
    <section aria-label={heading} className="mt-4 first-of-type:mt-1">
      <h3 className="mb-2 border-b border-ink pb-1.5 font-label">{heading}</h3>
      {children}
    </section>
  )
}
