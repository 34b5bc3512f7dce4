import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { every } from '../../../clock.ts'
import { timeOf } from '../../ui/time-words.ts'
import { useNow } from '../../ui/timers.ts'
import { useRights, useRoster } from '../form-room.ts'
import { type Invite, type Sharing, wordsFor } from './sharing.ts'

/** How often it is asked whether a code that is on the screen was used: who joins by it may change nothing else. */
const askAgainMs = 5000

export interface OpenInvites {
  /** null while they have not been read. */
  readonly list: readonly Invite[] | null
  readonly problem: string
  /** Resolves when the list is as it was after this call, or newer. */
  read(): Promise<void>
}

/** The invites that people can still join by: read again whenever who belongs to the form changes. */
export const useOpenInvites = (sharing: Sharing): OpenInvites => {
  const roster = useRoster()
  const [list, setList] = useState<readonly Invite[] | null>(null)
  const [problem, setProblem] = useState('')
  const turns = useRef({ begun: 0, shown: 0 })
  const read = async (): Promise<void> => {
    const turn = ++turns.current.begun
    const answer = await sharing.invites().catch(wordsFor)
    if (turn < turns.current.shown) return
    turns.current.shown = turn
    if (typeof answer === 'string') return setProblem(answer)
    setList(answer)
    setProblem('')
  }
  const readAgain = useEffectEvent(() => void read())
  // biome-ignore lint/correctness/useExhaustiveDependencies: a roster that changed is the reason to read again
  useEffect(() => readAgain(), [roster])
  useEffect(() => every(askAgainMs, () => readAgain()), [])
  return { list, problem, read }
}

/** Seconds until then, by the server's clock; 0 once it is over. */
export const useSecondsUntil = (expiresAt: string): number => {
  const ahead = useRights()?.serverAheadMs ?? 0
  const left = Date.parse(expiresAt) - (useNow(1000).getTime() + ahead)
  return Math.max(0, Math.floor(left / 1000))
}

/** `9 min 40 s`, `40 s` */
export const durationWords = (seconds: number): string =>
  seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`

const dayAndTime = new Intl.DateTimeFormat('en-GB', {
  weekday: 'short',
  day: 'numeric',
  month: 'short',
  hour: '2-digit',
  minute: '2-digit'
})

/** `until 19:30` today, `until Fri, 27 Nov, 19:30` on another day. */
export const untilWords = (expiresAt: string, now: Date): string => {
  const end = new Date(expiresAt)
  return `until ${end.toDateString() === now.toDateString() ? timeOf(end) : dayAndTime.format(end)}`
}
