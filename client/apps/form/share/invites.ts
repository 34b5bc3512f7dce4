import { useCallback, useEffect, useEffectEvent, useState } from 'react'
import { every } from '../../../clock.ts'
import { useNow } from '../../ui/timers.ts'
import { useRights, useRoster } from '../form-room.ts'
import { type Invite, type Sharing, wordsFor } from './sharing.ts'

/** How often it is asked whether a code that is on the screen was used: who joins by it may change nothing else. */
const askAgainMs = 5000

export interface OpenInvites {
  /** null while they have not been read. */
  readonly list: readonly Invite[] | null
  readonly problem: string
  refresh(): void
}

/** The invites that people can still join by: read again whenever who belongs to the form changes. */
export const useOpenInvites = (sharing: Sharing, { isShown }: { readonly isShown: boolean }): OpenInvites => {
  const roster = useRoster()
  const [list, setList] = useState<readonly Invite[] | null>(null)
  const [problem, setProblem] = useState('')
  const [asked, setAsked] = useState(0)
  const read = useEffectEvent(async (signal: AbortSignal) => {
    try {
      const invites = await sharing.invites(signal)
      if (!signal.aborted) {
        setList(invites)
        setProblem('')
      }
    } catch (error) {
      if (!signal.aborted) setProblem(wordsFor(error))
    }
  })
  // biome-ignore lint/correctness/useExhaustiveDependencies: what changes them is the reason to read again
  useEffect(() => {
    if (!isShown) return
    const reading = new AbortController()
    void read(reading.signal)
    return () => reading.abort()
  }, [isShown, roster, asked])
  const refresh = useCallback(() => setAsked((before) => before + 1), [])
  useEffect(() => (isShown ? every(askAgainMs, refresh) : undefined), [isShown, refresh])
  return { list, problem, refresh }
}

/** Seconds until then, by the server's clock; 0 once it is over. */
export const useSecondsUntil = (expiresAt: string): number => {
  const ahead = useRights()?.serverAheadMs ?? 0
  const left = Date.parse(expiresAt) - (useNow(1000).getTime() + ahead)
  return Math.max(0, Math.ceil(left / 1000))
}

/** `9 min 40 s`, `40 s` */
export const durationWords = (seconds: number): string =>
  seconds < 60 ? `${seconds} s` : `${Math.floor(seconds / 60)} min ${seconds % 60} s`
