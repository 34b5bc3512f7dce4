import { useMemo } from 'react'
import type { PresenceStatus, PresenceStatusOptions } from '../presence-status.ts'
import { useClient } from './client-provider.tsx'
import { useStore } from './use-store.ts'

/**
 * Who is in these rooms, which need not be entered: all hooks of a page share the requests, and while the server cannot
 * be reached they show what it said last.
 *
 * @param rooms their names, `form/42`
 * @throws RoomlogError `room-name-invalid`
 */
export const usePresenceStatus = (
  rooms: readonly string[],
  { everyMs }: PresenceStatusOptions = {}
): PresenceStatus => {
  const client = useClient()
  // An array that is written where it is used is another one with each render.
  const names = rooms.join()
  const store = useMemo(
    () => client.presenceOf(names === '' ? [] : names.split(','), everyMs === undefined ? {} : { everyMs }),
    [client, names, everyMs]
  )
  return useStore(store)
}
