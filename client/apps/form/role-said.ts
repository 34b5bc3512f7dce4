import { useEffect, useEffectEvent, useRef } from 'react'
import { timeOf } from '../ui/time-words.ts'
import { useToast } from '../ui/toast.tsx'
import { useEscalationListener, useRights } from './form-room.ts'
import { isFormRole, roleWords } from './roles.ts'

/** Says what you may do from now on, when somebody has given you another role. */
export const useRoleSaid = (): void => {
  const role = useRights()?.role
  const toast = useToast()
  const before = useRef(role)
  const say = useEffectEvent((now: NonNullable<typeof role>) => {
    const { one, may } = roleWords[now]
    toast({ text: `You are ${one} now: you can ${may}.` })
  })
  useEffect(() => {
    if (role === undefined) return
    if (before.current !== undefined && before.current !== role) say(role)
    before.current = role
  }, [role])
}

/** Says who has taken which role for a time, and why. */
export const useEscalationsSaid = (): void => {
  const toast = useToast()
  useEscalationListener(({ name, role, reason, until }) => {
    const what = isFormRole(role) ? roleWords[role].one : role
    toast({
      text: until ? `${name} is ${what} until ${timeOf(until)}: ${reason}` : `${name} is ${what} no longer.`
    })
  })
}
