/**
 * Whose Yjs client ids these are, in one room: theirs who announced an id first, or else wrote with it first.
 *
 * A client chooses its id, and everybody sees it. Without owners, whoever sees a newcomer's id could write one struct
 * with it, and what the newcomer types next would count as a repetition.
 */

import { isAnonymousId } from '../auth/guests.ts'

/** Announced ids that nobody has written with yet; above this the oldest is forgotten, and free again. */
export const announcedMax = 10_000

export class ClientOwners {
  readonly #owners = new Map<number, string>()
  /** One string per user, however many ids they have. */
  #users: Map<string, string> | null = null
  /** null: none. */
  #announced: Set<number> | null = null
  #load: (() => Iterable<readonly [client: number, userId: string]>) | null

  /** @param load what is known from the log, the first owner of an id before others; asked for once, when it is needed */
  constructor(load: (() => Iterable<readonly [client: number, userId: string]>) | null = null) {
    this.#load = load
  }

  ownerOf(client: number): string | undefined {
    return this.#loaded().get(client)
  }

  /** Makes the id theirs, unless it is somebody's. @returns whether it is theirs now */
  claim(client: number, userId: string): boolean {
    const owners = this.#loaded()
    this.#announced?.delete(client)
    const owner = owners.get(client)
    if (owner === undefined) owners.set(client, this.#same(userId))
    return owner === undefined || owner === userId
  }

  /** The same, for an id that somebody shows before they write. */
  announce(client: number, userId: string): 'new' | 'known' | 'taken' {
    const owner = this.ownerOf(client)
    if (owner !== undefined && owner !== userId && isAnonymousId(owner) && isAnonymousId(userId)) {
      // Without a token everybody is somebody new with each connection: this is most likely the same one.
      this.#owners.set(client, this.#same(userId))
      return 'known'
    }
    if (owner !== undefined) return owner === userId ? 'known' : 'taken'
    this.claim(client, userId)
    this.#announced ??= new Set()
    this.#announced.add(client)
    this.#forgetOldest(this.#announced)
    return 'new'
  }

  #forgetOldest(announced: Set<number>): void {
    const [oldest] = announced
    if (announced.size <= announcedMax || oldest === undefined) return
    announced.delete(oldest)
    this.#owners.delete(oldest)
  }

  #loaded(): Map<number, string> {
    const load = this.#load
    if (load === null) return this.#owners
    this.#load = null
    for (const [client, userId] of load()) {
      if (!this.#owners.has(client)) this.#owners.set(client, this.#same(userId))
    }
    return this.#owners
  }

  #same(userId: string): string {
    this.#users ??= new Map()
    const known = this.#users.get(userId)
    if (known === undefined) this.#users.set(userId, userId)
    return known ?? userId
  }
}
