import { LogLine } from '../ui/log-line.tsx'
import type { SavedState } from '../ui/saved-words.ts'
import { pendingOf } from '../ui/saved-words.ts'
import { useNow } from '../ui/timers.ts'
import { useLog, useOthers, useSelf, useSyncStatus } from './form-room.ts'

const minuteMs = 60_000

/** The log of this form, under the bar. */
export function FormLogLine() {
  const log = useLog()
  const status = useSyncStatus({ smooth: true })
  const newest = log?.entries.at(-1)
  const by = useNameOf(newest?.author)
  const now = useNow(minuteMs)
  return (
    <LogLine
      marks={log?.entries ?? none}
      head={log?.head ?? 0}
      pending={pendingOf(status)}
      state={status.state satisfies SavedState}
      latest={newest ? { by, at: new Date(newest.at), now } : null}
    />
  )
}

const none: readonly [] = []

/** `you`, the name of somebody who is here, or the little that is known of who left. */
export const useNameOf = (userId: string | undefined): string => {
  const isYou = useSelf((self) => self?.id === userId)
  const name = useOthers((others) => others.find((other) => other.id === userId)?.info.name)
  return isYou ? 'you' : (name ?? 'somebody who left')
}
