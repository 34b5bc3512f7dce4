import { useEffect, useEffectEvent, useState } from 'react'
import { after, every, now } from '../../clock.ts'

/** True once `condition` has held for `ms` without a break; false at once when it ends. */
export const useLasting = (condition: boolean, ms: number): boolean => {
  const [lasted, setLasted] = useState(false)
  useEffect(() => {
    if (!condition) return
    const stop = after(ms, () => setLasted(true))
    return () => {
      stop()
      setLasted(false)
    }
  }, [condition, ms])
  return condition && lasted
}

/** True for `ms` after each change of `value`, and after it first appeared. */
export const useRecently = (value: unknown, ms: number): boolean => {
  const [old, setOld] = useState<unknown>(undefined)
  useEffect(() => after(ms, () => setOld(value)), [value, ms])
  return !Object.is(old, value)
}

/** Runs once, `ms` after `armed` became true, unless it became false before. */
export const useLater = (armed: boolean, ms: number, run: () => void): void => {
  const latest = useEffectEvent(run)
  useEffect(() => {
    if (armed) return after(ms, () => latest())
  }, [armed, ms])
}

/** The time, read again every `ms`: for words that change with it. */
export const useNow = (ms: number): Date => {
  const [time, setTime] = useState(() => now())
  useEffect(() => every(ms, () => setTime(now())), [ms])
  return new Date(time)
}
