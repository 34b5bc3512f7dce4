/**
 * The stored copy of a room while it is open: whose it is, what comes out of it, what goes into it. A device that keeps
 * none, or whose user is not known yet, takes everything and keeps nothing.
 */
import * as Y from 'yjs'
import type { RoomName } from '../schema/room-name.ts'
import {
  type CopyHandlers,
  canKeepCopies,
  type OfflineCopy,
  openOfflineCopy,
  type StoredCopy
} from './offline.ts'
import type { Rights } from './room.ts'

export interface KeptCopy {
  /**
   * Reads what is stored for this user into `doc`, with `copyOrigin`; null if there is no copy to read. Never rejects:
   * a copy that the device does not give, or that cannot be read, is told and left alone.
   */
  open(doc: Y.Doc): Promise<ReadCopy | null>
  /** Who the server says that this is. `other`: what is open belongs to somebody else. */
  learnUser(userId: string): 'same' | 'first' | 'other'
  restored(upTo: number): void
  append(update: Uint8Array, change?: number): void
  confirmed(upTo: number): void
  keepRights(rights: Rights): void
  /** Closes it; with a client whose content was refused, clears it first, in all tabs. */
  forget(refusedClient: number | null): Promise<void>
}

export interface ReadCopy extends StoredCopy {
  /** The document held something before the copy was read into it, which the copy may not have. */
  readonly hadContent: boolean
}

interface KeptCopyOptions extends Pick<CopyHandlers, 'stored' | 'cleared'> {
  readonly url: string
  readonly name: RoomName
  readonly isGuest: boolean
  readonly isWanted: boolean
  failed(about: string, error: unknown): void
}

/** The origin of what was read from this device. */
export const copyOrigin = { from: 'stored copy' }

const applyAll = (doc: Y.Doc, updates: readonly Uint8Array[]): void => {
  for (const update of updates) Y.applyUpdate(doc, update)
}

/** Somebody without a token: their id is another one at each visit, the device is the same. */
const guestKey = 'guest'

export const createKeptCopy = (options: KeptCopyOptions): KeptCopy => {
  const { url, name, isGuest, failed } = options
  let isWanted = options.isWanted && canKeepCopies()
  // Without a network nobody can say who this is, so the device remembers who was here last.
  let user = isGuest ? guestKey : isWanted ? localStorage.getItem(userKey(url)) : null
  let copy: OfflineCopy | null = null
  let turn = 0

  return {
    open: async (doc) => {
      if (!isWanted || user === null || copy !== null) return null
      const now = ++turn
      try {
        const opened = await openOfflineCopy(copyName(url, user, name), {
          stored: options.stored,
          cleared: options.cleared,
          whole: () => Y.encodeStateAsUpdate(doc),
          failed: (error) => failed('changes are not kept on this device', error)
        })
        if (now !== turn) {
          opened.close()
          return null
        }
        const hadContent = doc.store.clients.size > 0
        Y.transact(doc, () => applyAll(doc, opened.stored.updates), copyOrigin, false)
        copy = opened
        return { ...opened.stored, hadContent }
      } catch (error) {
        isWanted = false
        failed('no copy on this device', error)
        return null
      }
    },
    learnUser: (userId) => {
      if (isGuest || userId === user) return 'same'
      const isFirst = user === null
      user = userId
      if (isWanted) localStorage.setItem(userKey(url), userId)
      return isFirst ? 'first' : 'other'
    },
    restored: (upTo) => copy?.restored(upTo),
    append: (update, change) => copy?.append(update, change),
    confirmed: (upTo) => copy?.confirmed(upTo),
    keepRights: (rights) => copy?.keepRights(rights),
    forget: async (refusedClient) => {
      const closing = copy
      copy = null
      turn++
      if (refusedClient === null) return closing?.close()
      try {
        await closing?.clear(refusedClient)
      } catch (error) {
        // What was refused would be sent, and refused, again.
        isWanted = false
        failed('the copy on this device could not be cleared', error)
      }
    }
  }
}

/** The user is part of the name: the next one must not send the last one's edits as their own. */
const copyName = (url: string, user: string, room: RoomName): string => `roomlog ${url} ${user} ${room}`

const userKey = (url: string): string => `roomlog user ${url}`
