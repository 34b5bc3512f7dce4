import { useEffect, useMemo, useState } from 'react'
import * as z from 'zod/mini'
import { useStore } from '../../react/index.ts'
import { createRemembered } from '../remembered.ts'
import { useRoster, useSelf } from './form-room.ts'

export interface Named {
  readonly name: string
  readonly you: boolean
}

export type NameOf = (userId: string) => Named

/** A guest is known only while they are here, so this browser remembers the names of those whom it met. */
const namesKey = 'roomlog.names'
const namesMax = 500

/** What somebody is called, whether they are here or not. */
export const useNames = (): NameOf => {
  const self = useSelf()
  const roster = useRoster()
  const [remembered] = useState(() => createRemembered(namesKey, z.record(z.string(), z.string()), {}))
  const names = useStore(remembered)
  useEffect(() => {
    const known = remembered.get()
    const met = roster.filter(({ userId, name }) => name !== userId && known[userId] !== name)
    if (met.length === 0) return
    const all = { ...known, ...Object.fromEntries(met.map(({ userId, name }) => [userId, name])) }
    remembered.set(Object.fromEntries(Object.entries(all).slice(-namesMax)))
  }, [roster, remembered])
  return useMemo(() => {
    const here = new Map(roster.map(({ userId, name }) => [userId, name]))
    return (userId) => ({
      name: here.get(userId) ?? names[userId] ?? 'Somebody who left',
      you: userId === self?.id
    })
  }, [roster, names, self?.id])
}
