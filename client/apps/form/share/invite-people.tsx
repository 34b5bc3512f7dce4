import { Share2 } from 'lucide-react'
import { useState } from 'react'
import { form } from '../../../../schema/kinds/form.ts'
import { joinLink } from '../../join/codes.ts'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { useNow } from '../../ui/timers.ts'
import { useStorage } from '../form-room.ts'
import { type FormRole, isFormRole, roleWords } from '../roles.ts'
import { untilWords } from './invites.ts'
import { daySeconds } from './inviting.ts'
import { LinkRow } from './links.tsx'
import { Select } from './select.tsx'
import { canSend, sendLink } from './send-link.ts'
import { type NewInvite, wordsFor } from './sharing.ts'

const terms = [
  { words: 'a day', days: 1 },
  { words: 'a week', days: 7 },
  { words: 'a month', days: 30 },
  { words: 'a year', days: 365 }
]

export interface InvitePeopleProps {
  readonly role: FormRole
  setRole(role: FormRole): void
  /** How long a link works. */
  readonly seconds: number
  setSeconds(seconds: number): void
  /** The one that was made last: what it is can be shown only now. */
  readonly link: NewInvite | null
  makeLink(): Promise<void>
  onCode(): Promise<void>
}

/** A link or a code, for the role and the time that are chosen here. */
export function InvitePeople(props: InvitePeopleProps) {
  const { role, link, makeLink, onCode } = props
  const [problem, setProblem] = useState('')
  const { many, may } = roleWords[role]
  const attempt = (act: Promise<void>) => void act.then(() => '', wordsFor).then(setProblem)
  return (
    <>
      <Terms {...props} />
      <p className="mt-1.5 text-ink-2">
        Those who join are {many}: they can {may}.
      </p>
      <div className="mt-2.5 grid grid-cols-2 gap-3">
        <Button onClick={() => attempt(makeLink())}>Make a link</Button>
        <Button onClick={() => attempt(onCode())}>Show a code</Button>
      </div>
      {problem !== '' && (
        <p role="alert" className="mt-2 text-stop">
          {problem}
        </p>
      )}
      {link && <MadeLink link={link} />}
    </>
  )
}

function Terms({ role, setRole, seconds, setSeconds }: InvitePeopleProps) {
  return (
    <div className="grid grid-cols-2 gap-3">
      <Select
        label="Role"
        value={role}
        onChange={({ target }) => isFormRole(target.value) && setRole(target.value)}
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
        {terms.map(({ words, days }) => (
          <option key={days} value={days * daySeconds}>
            {words}
          </option>
        ))}
      </Select>
    </div>
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
