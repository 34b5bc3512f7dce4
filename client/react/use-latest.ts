import { useInsertionEffect, useRef } from 'react'

/** The value of the newest render, for functions that outlive the render that made them. */
export const useLatest = <T>(value: T): { readonly current: T } => {
  const latest = useRef(value)
  useInsertionEffect(() => {
    latest.current = value
  })
  return latest
}
