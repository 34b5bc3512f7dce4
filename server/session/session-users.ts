/** Whose tokens were good in one session: so many sessions each of them may have, and what is owed is theirs. */
import { type Identity, isAnonymous } from '../auth/identity.ts'
import { tooMany } from '../too-many.ts'
import { type Debts, debtorAt, debtorNamed } from './debts.ts'
import { type Owed, type Tally, tooManyHere } from './limits.ts'

export interface SessionUsersParts {
  /** The sessions of each user. */
  readonly ofUsers: Tally
  readonly debts: Debts
  /** What limits count as one address. */
  readonly network: string
  readonly usersMax: number
}

export class SessionUsers {
  readonly #parts: SessionUsersParts
  readonly #users = new Set<string>()

  constructor(parts: SessionUsersParts) {
    this.#parts = parts
  }

  /** @returns what is owed by whom the token names @throws RoomlogError 'too-many': they have too many sessions */
  add(identity: Identity): Owed {
    const { ofUsers, debts, network, usersMax } = this.#parts
    // Each time without a token is a new guest.
    if (isAnonymous(identity)) return debts.of(debtorAt(network))
    const { id } = identity.user
    if (!this.#users.has(id)) {
      if (this.#users.size >= usersMax) throw tooMany(tooManyHere('users in one session', usersMax))
      ofUsers.assertRoom(id)
      ofUsers.add(id)
      this.#users.add(id)
    }
    return debts.of(debtorNamed(id))
  }

  /** The session ends, and this is not paid. */
  owe(owed: Owed): void {
    const { debts, network } = this.#parts
    debts.leave(this.#users.size === 0 ? [debtorAt(network)] : [...this.#users].map(debtorNamed), owed)
  }

  /** The session has ended. */
  clear(): void {
    for (const id of this.#users) this.#parts.ofUsers.remove(id)
    this.#users.clear()
  }
}
