import type { SyncStatus } from '../../index.ts'
import { countOf, timeOf } from './time-words.ts'

export type SavedState = SyncStatus['state']

/** What the saved indicator says: whole, and up to the count where there is no room. */
export interface SavedWords {
  readonly long: string
  readonly short: string
}

/** The words of the indicator. "Saved" is only ever said of what is committed. */
export const savedWords = (status: SyncStatus): SavedWords => {
  switch (status.state) {
    case 'loading':
      return same('Loading…')
    case 'saving':
      return same('Saving…')
    case 'saved':
      return same(`Saved ${timeOf(status.savedAt)}`)
    case 'offline':
      return status.pending === 0
        ? same('Offline')
        : {
            long: `Offline · ${countOf(status.pending, 'change')} ${status.storedLocally ? 'kept on this device' : 'only in this tab'}`,
            short: `Offline · ${status.pending}`
          }
    case 'waiting':
      return {
        long: `Waiting for the server · ${countOf(status.pending, 'change')}`,
        short: `Waiting for the server · ${status.pending}`
      }
    case 'rejected':
      return same('Could not save')
  }
}

/** How many changes of this device nobody has confirmed. */
export const pendingOf = (status: SyncStatus): number => ('pending' in status ? status.pending : 0)

const same = (words: string): SavedWords => ({ long: words, short: words })
