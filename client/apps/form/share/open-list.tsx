import { useState } from 'react'
import { useAnnounce } from '../../ui/announcer.tsx'
import { Button } from '../../ui/button.tsx'
import { countOf } from '../../ui/time-words.ts'
import { useNow } from '../../ui/timers.ts'
import { isFormRole, roleWords } from '../roles.ts'
import { type OpenInvites, untilWords } from './invites.ts'
import { type Invite, type Sharing, wordsFor } from './sharing.ts'

/** Everything that people can still join by. */
export function OpenList({ open, sharing }: { open: OpenInvites; sharing: Sharing }) {
  if (open.problem !== '') return <p className="mt-3 text-stop">{open.problem}</p>
  if (open.list === null || open.list.length === 0) return null
  return (
    <ul aria-label="Open invites" className="mt-3 grid border-t border-rule">
      {open.list.map((invite) => (
        <li
          key={invite.id}
          className="flex min-h-13 items-center gap-3 border-b border-rule py-1 last:border-0"
        >
          <OpenInvite invite={invite} open={open} sharing={sharing} />
        </li>
      ))}
    </ul>
  )
}

function OpenInvite({ invite, open, sharing }: { invite: Invite; open: OpenInvites; sharing: Sharing }) {
  const now = useNow(60_000)
  const announce = useAnnounce()
  const [problem, setProblem] = useState('')
  const { id, kind, role, usesLeft, expiresAt } = invite
  const name = `${kind === 'link' ? 'Link' : 'Code'} for ${isFormRole(role) ? roleWords[role].many : role}`
  const terms = `${untilWords(expiresAt, now)}, for ${countOf(usesLeft, 'person', 'people')}`
  const takeBack = async (dialog: HTMLElement | null) => {
    const failed = await sharing.takeBack(id).then(() => '', wordsFor)
    if (failed !== '') return setProblem(failed)
    announce(`${name} is taken back`)
    dialog?.focus()
    await open.read()
  }
  return (
    <>
      <span className="min-w-0 flex-1">
        <span className="block font-label">{name}</span>
        <span className={problem === '' ? 'text-ink-2' : 'text-stop'}>{problem || terms}</span>
      </span>
      <Button onClick={(event) => void takeBack(event.currentTarget.closest('dialog'))}>
        Take back
        <span className="sr-only"> {name}</span>
      </Button>
    </>
  )
}
