/** Which response to a form is one's own: remembered on this device, apart for each user of it. */
import { parseRoomName } from '../../../schema/room-name.ts'

/** The id of the response; null: none was begun here. */
export const keptResponse = (token: string, formId: string): string | null => {
  const id = localStorage.getItem(keyOf(token, formId))
  return id !== null && parseRoomName(`response/${id}`) !== null ? id : null
}

export const keepResponse = (token: string, formId: string, id: string | null): void => {
  const key = keyOf(token, formId)
  if (id === null) localStorage.removeItem(key)
  else localStorage.setItem(key, id)
}

const keyOf = (token: string, formId: string): string => `roomlog.response.${formId}.${userOf(token)}`

/** Whom a token says that it speaks for. The server checks it; here it only keeps what people remember apart. */
const userOf = (token: string): string => {
  const [, claims = ''] = token.split('.')
  try {
    const { sub }: { sub?: unknown } = JSON.parse(atob(claims.replaceAll('-', '+').replaceAll('_', '/')))
    return typeof sub === 'string' ? sub : ''
  } catch (error) {
    if (error instanceof SyntaxError || error instanceof DOMException) return ''
    throw error
  }
}
