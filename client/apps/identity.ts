import * as z from 'zod/mini'
import { callApi } from './api.ts'

/** Who somebody is to this browser: the token that the server reads, and where it came from. */
export interface Identity {
  readonly token: string
  /** A guest gave a name and was given a token for it; everybody else was sent here with one. */
  readonly isGuest: boolean
  readonly name: string
}

const guestKey = 'roomlog.guest'
const tokenKey = 'roomlog.token'

const guestShape = z.object({ token: z.string(), name: z.string() })

/**
 * The token of the address (`#token=…`), of this tab, or of the guest that this browser remembers, in this order.
 * A token is taken out of the address at once, so that it is in no link that somebody copies.
 */
export const readIdentity = (): Identity | null => {
  const given = new URLSearchParams(location.hash.slice(1)).get('token')
  if (given !== null) {
    sessionStorage.setItem(tokenKey, given)
    history.replaceState(history.state, '', location.pathname + location.search)
  }
  const token = given ?? sessionStorage.getItem(tokenKey)
  if (token !== null) return { token, isGuest: false, name: '' }
  const guest = z.safeParse(guestShape, readStored(guestKey))
  return guest.success ? { ...guest.data, isGuest: true } : null
}

/**
 * Becomes a guest of this name, for as long as this browser remembers it.
 *
 * @throws Refusal `forbidden` or `not-found` where the server wants tokens of its own
 */
export const becomeGuest = async (name: string): Promise<Identity> => {
  const answer = await callApi('/api/guests', {
    body: { name },
    shape: z.object({ token: z.string(), user: z.object({ name: z.string() }) })
  })
  const guest = { token: answer.token, name: answer.user.name }
  localStorage.setItem(guestKey, JSON.stringify(guest))
  return { ...guest, isGuest: true }
}

/** The token is of no use any more: the next visit starts without it. */
export const forgetIdentity = (): void => {
  sessionStorage.removeItem(tokenKey)
  localStorage.removeItem(guestKey)
}

const readStored = (key: string): unknown => {
  const text = localStorage.getItem(key)
  if (text === null) return null
  try {
    return JSON.parse(text)
  } catch (error) {
    if (error instanceof SyntaxError) return null
    throw error
  }
}
