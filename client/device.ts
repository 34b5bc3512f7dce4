/** Whose copies this device keeps. The name of a copy has the user in it: the next one must not send the last one's edits. */
import type { RoomName } from '../schema/room-name.ts'
import { canKeepCopies } from './offline.ts'

/** Somebody without a token: their id is another one at each visit, the device is the same. */
export const guestKey = 'guest'

export const copyName = (url: string, user: string, room: RoomName): string =>
  `roomlog ${url} ${user} ${room}`

/** Who was here last: without a network nobody can say who this is. */
export const lastUser = (url: string): string | null =>
  canKeepCopies() ? localStorage.getItem(userKey(url)) : null

export const rememberUser = (url: string, user: string): void => {
  if (canKeepCopies()) localStorage.setItem(userKey(url), user)
}

const userKey = (url: string): string => `roomlog user ${url}`
