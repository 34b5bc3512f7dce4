import { useEffect, useEffectEvent, useState } from 'react'
import type { User } from '../../index.ts'
import { useAnnounce } from '../ui/announcer.tsx'
import { bringIntoSight } from '../ui/bring-into-sight.ts'
import { People, peopleMark } from '../ui/people.tsx'
import type { Person } from '../ui/person.ts'
import type { FormSnapshot } from './arrangement.ts'
import { useOthers, useSelf, useStorage } from './form-room.ts'
import { ShareFromPeople } from './share/share.tsx'
import { anchorOf, whereaboutsOf } from './whereabouts.ts'

interface FormPresence {
  readonly focus: string | null
}

/** Who is in this form; a press on somebody keeps their place in sight until you move yourself. */
export function FormPeople() {
  const form = useStorage()
  const self = useSelf()
  const others = useOthers()
  const [following, setFollowing] = useFollowing()
  const people = [
    ...(self ? [personOf(self, form, true)] : []),
    ...others.map((other) => personOf(other, form, false))
  ]
  return (
    <People people={people} following={following} onFollow={setFollowing}>
      <div className="mt-2 border-t border-rule pt-3 desk:hidden">
        <ShareFromPeople />
      </div>
    </People>
  )
}

const personOf = (user: User<FormPresence>, form: FormSnapshot, you: boolean): Person => ({
  id: user.id,
  name: user.info.name,
  you,
  activity: user.activity,
  stale: user.stale,
  where: whereaboutsOf(user.presence.focus, form)
})

const useFollowing = () => {
  const [following, setFollowing] = useState<string | null>(null)
  const form = useStorage()
  const announce = useAnnounce()
  const leader = useOthers((others) => others.find((other) => other.id === following))
  const anchor = leader ? anchorOf(leader.presence.focus, form) : null
  useEffect(() => {
    if (anchor !== null) bringIntoSight(anchor)
  }, [anchor])
  const name = leader?.info.name
  const told = useEffectEvent((what: string) => announce(`${what} ${name}`))
  useEffect(() => {
    if (following === null) return
    told('Following')
    return untilYouMove(() => setFollowing(null))
  }, [following])
  return [following, setFollowing] as const
}

/** Whoever scrolls, presses or types leads themselves again; among the stamps a press says itself what it does. */
const untilYouMove = (stop: () => void): (() => void) => {
  const listening = new AbortController()
  const { signal } = listening
  const moved = ({ target }: Event) => {
    if (!(target instanceof Element && target.closest(`[${peopleMark}]`))) stop()
  }
  for (const gesture of ['wheel', 'touchmove', 'pointerdown', 'keydown'] as const) {
    window.addEventListener(gesture, moved, { signal, passive: true })
  }
  return () => listening.abort()
}
