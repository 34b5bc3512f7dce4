import { UserMinus } from 'lucide-react'
import { type ReactNode, useState } from 'react'
import { rankOf } from '../../../../schema/access.ts'
import { form } from '../../../../schema/kinds/form.ts'
import type { RosterEntry } from '../../../index.ts'
import { useAnnounce } from '../../ui/announcer.tsx'
import { Button } from '../../ui/button.tsx'
import { Icon } from '../../ui/icon.tsx'
import { Stamp } from '../../ui/stamp.tsx'
import { countOf, momentOf } from '../../ui/time-words.ts'
import { useNow } from '../../ui/timers.ts'
import { useCan, useRights, useRoster } from '../form-room.ts'
import { type FormRole, isFormRole, roleWords } from '../roles.ts'
import { focusWhenShown } from './focus.ts'
import { selectClass } from './select.tsx'
import { type Sharing, wordsFor } from './sharing.ts'

type Entry = RosterEntry<FormRole>

const shownMax = 100

/** Who has access, and as what; whoever manages the form changes it here. */
export function AccessList({ sharing }: { sharing: Sharing }) {
  const roster = useRoster()
  const [removed, setRemoved] = useState<ReadonlyMap<string, Entry>>(new Map())
  const entries = useSteady(roster, removed)
  const more = entries.length - shownMax
  const forget = (userId: string) =>
    setRemoved((before) => new Map([...before].filter(([id]) => id !== userId)))
  return (
    <ul aria-label="Who has access" className="grid">
      {entries.slice(0, shownMax).map((entry) => (
        <li key={entry.userId} className="border-b border-rule py-1 last:border-0">
          {removed.has(entry.userId) ? (
            <Removed entry={entry} sharing={sharing} onUndone={() => forget(entry.userId)} />
          ) : (
            <Member
              entry={entry}
              sharing={sharing}
              onRemoved={() => setRemoved((before) => new Map([...before, [entry.userId, entry]]))}
            />
          )}
        </li>
      ))}
      {more > 0 && <li className="py-2 text-ink-2">{countOf(more, 'more person', 'more people')}</li>}
    </ul>
  )
}

/** In the order in which they were first seen, so that nobody moves while somebody reaches for them. */
const useSteady = (roster: readonly Entry[], removed: ReadonlyMap<string, Entry>): readonly Entry[] => {
  const [order, setOrder] = useState<readonly string[]>([])
  const entries = new Map(roster.map((entry) => [entry.userId, entry]))
  const known = new Set(order)
  const added = [...entries.keys()].filter((userId) => !known.has(userId))
  if (added.length > 0) setOrder([...order, ...added])
  return order.flatMap((userId) => removed.get(userId) ?? entries.get(userId) ?? [])
}

interface MemberProps {
  readonly entry: Entry
  readonly sharing: Sharing
  onRemoved(): void
}

function Member({ entry, sharing, onRemoved }: MemberProps) {
  const rights = useRights()
  const mayManage = useCan('manage')
  const announce = useAnnounce()
  const [problem, setProblem] = useState('')
  const { userId, name, role } = entry
  const isYou = rights?.userId === userId
  const attempt = async (act: () => Promise<void>, words: string): Promise<boolean> => {
    const failed = await act().then(() => '', wordsFor)
    setProblem(failed)
    if (failed === '') announce(words)
    return failed === ''
  }
  const give = async (next: FormRole) => {
    const known = name === userId ? undefined : name
    await attempt(() => sharing.giveRole(userId, next, known), `${name} is ${roleWords[next].one}`)
  }
  const remove = async () => {
    if (await attempt(() => sharing.remove(userId), `${name} is removed`)) onRemoved()
  }
  return (
    <>
      <Row entry={entry} isYou={isYou}>
        {mayManage && !isYou && role !== 'admin' && rights ? (
          <>
            <RoleSelect entry={entry} highest={rights.role} onGive={give} />
            <Button
              look="bare"
              square
              aria-label={`Remove ${name}`}
              title="Remove"
              onClick={() => void remove()}
            >
              <Icon of={UserMinus} />
            </Button>
          </>
        ) : (
          <span className="text-ink-2">{roleWords[role].name}</span>
        )}
      </Row>
      {problem !== '' && (
        <p role="alert" className="pb-1 pl-10 text-stop">
          {problem}
        </p>
      )}
    </>
  )
}

interface RoleSelectProps {
  readonly entry: Entry
  /** Nobody gives a role above their own. */
  readonly highest: FormRole | 'admin'
  onGive(role: FormRole): Promise<void>
}

function RoleSelect({ entry, highest, onGive }: RoleSelectProps) {
  // What was chosen is shown while the server is asked.
  const [wanted, setWanted] = useState<FormRole | null>(null)
  const give = (role: string) => {
    if (!isFormRole(role)) return
    setWanted(role)
    void onGive(role).finally(() => setWanted(null))
  }
  return (
    <select
      aria-label={`Role of ${entry.name}`}
      value={wanted ?? entry.role}
      onChange={(event) => give(event.target.value)}
      className={selectClass}
    >
      {form.roles
        .filter((role) => rankOf(form.roles, role) >= rankOf(form.roles, highest))
        .map((role) => (
          <option key={role} value={role}>
            {roleWords[role].name}
          </option>
        ))}
    </select>
  )
}

interface RemovedProps {
  readonly entry: Entry
  readonly sharing: Sharing
  onUndone(): void
}

function Removed({ entry, sharing, onUndone }: RemovedProps) {
  const [problem, setProblem] = useState('')
  const { userId, name, role } = entry
  const undo = async (list: HTMLElement | null) => {
    if (role === 'admin') return
    const failed = await sharing.giveRole(userId, role, name).then(() => '', wordsFor)
    setProblem(failed)
    if (failed !== '') return
    list?.focus()
    onUndone()
  }
  return (
    <Row entry={{ ...entry, online: false }} isYou={false} words={problem || 'removed'}>
      <Button ref={focusWhenShown} onClick={(event) => void undo(event.currentTarget.closest('dialog'))}>
        Undo
        <span className="sr-only"> removing {name}</span>
      </Button>
    </Row>
  )
}

interface RowProps {
  readonly entry: Entry
  readonly isYou: boolean
  /** Said of them instead of where they are. */
  readonly words?: string
  readonly children: ReactNode
}

function Row({ entry, isYou, words, children }: RowProps) {
  const { userId, name, online, lastSeen } = entry
  const now = useNow(60_000)
  const here = online ? 'here now' : lastSeen === null ? '' : `last here ${momentOf(lastSeen, now)}`
  const activity = online ? 'active' : 'away'
  return (
    <div className="flex min-h-11 flex-wrap items-center justify-end gap-x-3">
      <Stamp person={{ id: userId, name, you: isYou, activity, stale: false }} />
      <span className="min-w-0 flex-[1_1_6.5rem]">
        <span className="block truncate font-name">{isYou ? `${name} (you)` : name}</span>
        <span className="block truncate text-ink-2 empty:hidden">{words ?? here}</span>
      </span>
      {children}
    </div>
  )
}
