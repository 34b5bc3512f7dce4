/** Whose tokens were good in one session: so many sessions each of them may have, and what is owed is theirs. */
import { type Identity, isAnonymous } from '../auth/identity.ts'
import type { Config } from '../config.ts'
import { tooMany } from '../too-many.ts'
import { type Debts, debtorAt, debtorNamed } from './debts.ts'
import { type Owed, type Tally, tooManyHere } from './limits.ts'

export interface SessionUsersParts {
  /** The sessions of each user. */
  readonly ofUsers: Tally
  readonly debts: Debts
  readonly config: Pick<Config, 'roomsPerSessionMax'>
}

export class SessionUsers {
  readonly #parts: SessionUsersParts
  readonly #network: string
  /** Nearly always one. */
  #users: readonly string[] = []

  /** @param network what limits count as one address */
  constructor(parts: SessionUsersParts, network: string) {
    this.#parts = parts
    this.#network = network
  }

  /** @returns what is owed by whom the token names @throws RoomlogError 'too-many': they have too many sessions */
  add(identity: Identity): Owed {
    const { ofUsers, debts, config } = this.#parts
    const usersMax = config.roomsPerSessionMax
    // Each time without a token is a new guest.
    if (isAnonymous(identity)) return debts.of(debtorAt(this.#network))
    const { id } = identity.user
    if (!this.#users.includes(id)) {
      if (this.#users.length >= usersMax) throw tooMany(tooManyHere('users in one session', usersMax))
      ofUsers.assertRoom(id)
      ofUsers.add(id)
      this.#users = [...this.#users, id]
    }
    return debts.of(debtorNamed(id))
  }

  /** The session ends, and this is not paid. */
  owe(owed: Owed): void {
    const debtors = this.#users.length === 0 ? [debtorAt(this.#network)] : this.#users.map(debtorNamed)
    this.#parts.debts.leave(debtors, owed)
  }

  /** The session has ended. */
  clear(): void {
    for (const id of this.#users) this.#parts.ofUsers.remove(id)
    this.#users = []
  }
}
