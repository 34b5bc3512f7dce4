import { LogLine } from '../ui/log-line.tsx'
import { pendingOf } from '../ui/saved-words.ts'
import { useNow } from '../ui/timers.ts'
import { useLog, useRights, useSyncStatus } from './response-room.ts'

const minuteMs = 60_000

/** The log of one's own response, under the bar. */
export function ResponseLogLine() {
  const log = useLog()
  const status = useSyncStatus({ smooth: true })
  const userId = useRights()?.userId
  const newest = log?.entries.at(-1)
  const now = useNow(minuteMs)
  const by = newest?.author === userId ? 'you' : 'those who made the form'
  return (
    <LogLine
      marks={log?.entries ?? none}
      head={log?.head ?? 0}
      pending={pendingOf(status)}
      state={status.state}
      latest={newest ? { by, at: new Date(newest.at), now } : null}
    />
  )
}

const none: readonly [] = []
