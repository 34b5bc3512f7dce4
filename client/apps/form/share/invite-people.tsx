import { Share2 } from 'lucide-react'
import { useState } from 'react'
import { form } from '../../../../schema/kinds/form.ts'
import { joinLink } from '../../join/codes.ts'
import { useAnnounce } from '../../ui/announcer.tsx'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { countOf } from '../../ui/time-words.ts'
import { useNow } from '../../ui/timers.ts'
import { useStorage } from '../form-room.ts'
import { type FormRole, isFormRole, roleWords } from '../roles.ts'
import { type OpenInvites, untilWords } from './invites.ts'
import { LinkRow } from './links.tsx'
import { Select } from './select.tsx'
import { canSend, sendLink } from './send-link.ts'
import { type Invite, type NewInvite, type Sharing, wordsFor } from './sharing.ts'

const day = 86_400
const terms = [
  { words: 'a day', seconds: day },
  { words: 'a week', seconds: 7 * day },
  { words: 'a month', seconds: 30 * day },
  { words: 'a year', seconds: 365 * day }
]
export const week = 7 * day

export interface InvitePeopleProps {
  readonly sharing: Sharing
  readonly open: OpenInvites
  readonly role: FormRole
  onRole(role: FormRole): void
  /** The link that was made last: what it is can be shown only now. */
  readonly link: NewInvite | null
  onLink(role: FormRole, seconds: number): Promise<void>
  onCode(): Promise<void>
}

/** A link or a code, for the role and the time that are chosen here. */
export function InvitePeople({ sharing, open, role, onRole, link, onLink, onCode }: InvitePeopleProps) {
  const [seconds, setSeconds] = useState(week)
  const [problem, setProblem] = useState('')
  const { many, may } = roleWords[role]
  const attempt = (act: Promise<void>) => void act.then(() => '', wordsFor).then(setProblem)
  return (
    <>
      <div className="grid grid-cols-2 gap-3">
        <Select
          label="Role"
          value={role}
          onChange={({ target }) => isFormRole(target.value) && onRole(target.value)}
        >
          {form.roles.map((each) => (
            <option key={each} value={each}>
              {roleWords[each].name}
            </option>
          ))}
        </Select>
        <Select
          label="A link works for"
          value={seconds}
          onChange={({ target }) => setSeconds(Number(target.value))}
        >
          {terms.map((term) => (
            <option key={term.seconds} value={term.seconds}>
              {term.words}
            </option>
          ))}
        </Select>
      </div>
      <p className="mt-1.5 text-ink-2">
        Those who join are {many}: they can {may}.
      </p>
      <div className="mt-2.5 grid grid-cols-2 gap-3">
        <Button onClick={() => attempt(onLink(role, seconds))}>Make a link</Button>
        <Button onClick={() => attempt(onCode())}>Show a code</Button>
      </div>
      {problem !== '' && (
        <p role="alert" className="mt-2 text-stop">
          {problem}
        </p>
      )}
      {link && <MadeLink link={link} />}
      <OpenList open={open} sharing={sharing} />
    </>
  )
}

function MadeLink({ link }: { link: NewInvite }) {
  const title = useStorage((storage) => storage.title)
  const now = useNow(60_000)
  const url = joinLink(link.code)
  const many = isFormRole(link.role) ? roleWords[link.role].many : link.role
  return (
    <div className="mt-3 border-l-2 border-edge pl-2.5">
      <LinkRow label={`Link for ${many}, ${untilWords(link.expiresAt, now)}`} link={url} />
      <p className="mt-1 text-ink-2">It is shown this once: copy it now.</p>
      {canSend() && (
        <Button className="mt-2" onClick={() => void sendLink(title, url)}>
          <Icon of={Share2} />
          Send it
        </Button>
      )}
    </div>
  )
}

/** Everything that people can still join by. */
function OpenList({ open, sharing }: { open: OpenInvites; sharing: Sharing }) {
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
