import { createContext, type ReactNode, useContext, useEffect, useMemo, useState } from 'react'
import * as z from 'zod/mini'
import { useStore } from '../../react/index.ts'
import { createRemembered } from '../remembered.ts'
import { useRoster, useSelf } from './form-room.ts'

/** What somebody is called, whether they are here or not. */
export type NameOf = (userId: string) => { readonly name: string; readonly you: boolean }

/** A guest is known only while they are here, so this browser remembers the names of those whom it met. */
const namesKey = 'roomlog.names'
const namesMax = 500

const NamesContext = createContext<NameOf>(() => ({ name: 'Somebody who left', you: false }))

export const useNames = (): NameOf => useContext(NamesContext)

/** Knows the people of the form for what is in it. */
export function Names({ children }: { children: ReactNode }) {
  const self = useSelf((user) => user?.id)
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
  const nameOf = useMemo((): NameOf => {
    const here = new Map(roster.map(({ userId, name }) => [userId, name]))
    return (userId) => ({
      name: here.get(userId) ?? names[userId] ?? 'Somebody who left',
      you: userId === self
    })
  }, [roster, names, self])
  return <NamesContext value={nameOf}>{children}</NamesContext>
}
