import { useEffect, useEffectEvent, useRef } from 'react'
import { every } from '../../clock.ts'
import type { RoomLog } from '../../index.ts'
import { useAnnounce } from '../ui/announcer.tsx'
import { countOf } from '../ui/time-words.ts'
import { useLog, useOthers, useSelf } from './form-room.ts'

const batchMs = 4000

/** Says what others did to a screen reader, gathered over 4 s: who, and how many changes. */
export const useOthersSaid = (): void => {
  const log = useLog()
  const announce = useAnnounce()
  const self = useSelf((user) => user?.id)
  const others = useOthers()
  const said = useRef<number | null>(null)
  const sayNew = useEffectEvent(() => {
    if (log === null || self === undefined) return
    const from = said.current ?? log.head
    said.current = log.head
    const words = [...changesBy(log, from, self)].map(([author, count]) => {
      const name = others.find((other) => other.id === author)?.info.name ?? 'Somebody'
      return `${name} made ${countOf(count, 'change')}`
    })
    if (words.length > 0) announce(words.join(', '))
  })
  useEffect(() => every(batchMs, () => sayNew()), [])
}

const changesBy = (log: RoomLog, from: number, self: string): ReadonlyMap<string, number> => {
  const counts = new Map<string, number>()
  for (const { seq, author } of log.entries) {
    if (seq > from && author !== self) counts.set(author, (counts.get(author) ?? 0) + 1)
  }
  return counts
}
