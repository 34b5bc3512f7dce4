import { RoomlogError } from '../../schema/error-codes.ts'
import type { Authority } from '../room/authorize.ts'
import type { Attempts } from './attempts.ts'
import type { Identity } from './identity.ts'
import { TokenRefusal } from './token-refusal.ts'

/**
 * Who a token speaks for, for as long as not too many were refused: of its address, or of its user.
 *
 * A token that was found good here before is good whatever else comes from its address; a new one cannot be told from
 * a guess, and has to wait like one.
 *
 * @throws RoomlogError 'token-invalid', 'unavailable'; 'too-many' with the time to wait
 */
export const identify = async (
  { authority, attempts }: { readonly authority: Authority; readonly attempts: Attempts },
  { token, address }: { readonly token: string; readonly address: string }
): Promise<Identity> => {
  if (!authority.knows(token)) await attempts.assertMayTry(address)
  try {
    return await authority.identify(token)
  } catch (error) {
    // No token is no guess: a page that asks before its user has signed in does not lock them out.
    const isGuess = token !== '' && error instanceof RoomlogError && error.reason === 'token-invalid'
    if (!isGuess) throw error
    const userId = error instanceof TokenRefusal ? error.userId : null
    if (userId !== null) await attempts.assertMayTry(address, userId)
    await attempts.fail(address, userId)
    throw error
  }
}
