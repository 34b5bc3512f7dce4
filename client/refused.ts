import type * as Y from 'yjs'
import type { StorageShape } from '../schema/storage-words.ts'
import type { Replica } from './replica.ts'
import type { Refusal } from './sync-status.ts'
import type { RefusedUpdate } from './transport/room-session.ts'

/**
 * What was refused, until it can be said what of it is lost: what was on its way when the refusal came may have been
 * taken before it. The room, read anew, knows.
 */
export interface Refused {
  /** Something in it may be nowhere else. */
  readonly isUnsafe: boolean
  /** A replica ends; `isCertain`: something of it was refused, however much of it the room has. */
  add(replica: Ended, update: RefusedUpdate, isCertain: boolean): void
  /** Tells what is lost. @param room what the room has; null: it will not be known */
  settle(room: Y.Doc | null): void
}

type Ended = Pick<Replica<StorageShape>, 'kept'>

export const createRefused = (tell: (refusal: Refusal) => void): Refused => {
  let open: { replica: Ended; update: RefusedUpdate; isCertain: boolean } | null = null
  return {
    get isUnsafe() {
      return open !== null && open.replica.kept(null).keptText !== ''
    },
    add: (replica, update, isCertain) => {
      open = { replica, update, isCertain }
    },
    settle: (room) => {
      if (open === null) return
      const { replica, update, isCertain } = open
      open = null
      const kept = replica.kept(room)
      if (isCertain || kept.keptEdits.length > 0 || kept.keptText !== '') tell({ ...update, ...kept })
    }
  }
}
