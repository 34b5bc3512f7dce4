import { RoomlogError } from '../../schema/error-codes.ts'

/** A token is refused of which is known whose it was: its signature is good, and it expired or was revoked. */
export class TokenRefusal extends RoomlogError {
  readonly userId: string

  constructor(userId: string, detail: string, options?: ErrorOptions) {
    super('token-invalid', detail, options)
    this.userId = userId
  }
}
