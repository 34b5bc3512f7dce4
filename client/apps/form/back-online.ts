import { useEffect, useEffectEvent, useRef, useState } from 'react'
import { countOf } from '../ui/time-words.ts'
import { useToast } from '../ui/toast.tsx'
import { useLostConnectionListener, useSyncStatus } from './form-room.ts'

/** Says once that the connection is back, when everything that was kept meanwhile is in the log. */
export const useBackOnlineSaid = (): void => {
  const status = useSyncStatus()
  const toast = useToast()
  const kept = useRef(0)
  const [isBack, setBack] = useState(false)
  useEffect(() => {
    if (status.state === 'offline') kept.current = status.pending
  }, [status])
  useLostConnectionListener((event) => setBack(event === 'restored'))
  const say = useEffectEvent(() => {
    const changes =
      kept.current === 0
        ? ''
        : ` ${kept.current === 1 ? 'Your change is' : `Your ${countOf(kept.current, 'change')} are`} in the log.`
    toast({ text: `Back online.${changes}` })
    setBack(false)
  })
  useEffect(() => {
    if (isBack && status.state === 'saved') say()
  }, [isBack, status.state])
}
