import { useSyncExternalStore } from 'react'

/** As the breakpoint `desk` of the styles: room for a column at the side. */
const deskQuery = '(min-width: 761px)'

/** The screen has room for a column at the side; on others what would stand there is a sheet. */
export const useIsDesk = (): boolean => useSyncExternalStore(watchDesk, isDesk)

const isDesk = (): boolean => matchMedia(deskQuery).matches

const watchDesk = (changed: () => void): (() => void) => {
  const query = matchMedia(deskQuery)
  query.addEventListener('change', changed)
  return () => query.removeEventListener('change', changed)
}
