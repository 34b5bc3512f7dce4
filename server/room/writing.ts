/** Whose update it is, and how surely it can be judged. */
import type { Exact, Verdict } from './write-guard.ts'

/** The origin of a transaction that an author makes: what the update listener learns of it. */
export class Writing {
  readonly author: string
  readonly source: object | null
  /** Where it comes from; empty for the server itself. */
  readonly address: string
  /** The Yjs client id that the connection has announced; null: none yet, or there is no connection. */
  announced: number | null = null
  /** What is being applied was written by somebody else. */
  isRelayed = false
  /** Written for the room as it stands: not behind what another node has written meanwhile. */
  mustFollow = false

  #updates = 0
  #exact: Exact | null = null

  constructor(author: string, source: object | null, address = '') {
    this.author = author
    this.source = source
    this.address = address
  }

  /** An update is about to be applied, within a transaction that may apply others, too. */
  applies(exact: Exact | null): void {
    this.#exact = this.#updates++ === 0 ? exact : null
  }

  /** The transaction has ended: the only update that was applied in it, if that is to its last byte what it changes. */
  takeExact(): Exact | null {
    const exact = this.#exact
    this.#updates = 0
    this.#exact = null
    return exact
  }
}

export interface Judging {
  /** The room has caught up since the update came: what is missing now is missing everywhere. */
  readonly isCertain: boolean
  /** It is the first that a connection says, which may be known on another node. */
  readonly isFirst?: boolean
  /** What it builds on may yet come, on the same connection. */
  readonly isEarly?: boolean
}

/** Not now: another node may have committed what makes a difference. To be judged again after `catchUp`. */
export interface Behind {
  readonly answer: 'behind'
}

export const behind: Behind = { answer: 'behind' }

/** The origin of what others have written to the log: it is not logged again. */
export const committedElsewhere = Symbol('committed elsewhere')

/** What no author makes is of the server. */
export const serverWriting = { author: 'server', source: null, isRelayed: false, mustFollow: false }

/** The cause of an entry that says nothing of whose client ids are in it. */
export const relayed = { relayed: true }

/** Who is refused, or brings what is not their own, or comes back, may know more than this node. */
export const isUncertain = (
  verdict: Verdict,
  { isCertain, isFirst = false, isEarly = false }: Judging
): boolean => {
  if (isCertain || verdict.answer === 'known') return false
  if (verdict.answer === 'apply') return isFirst || verdict.isRelayed
  return !verdict.isFinal && !(isEarly && verdict.code === 'update-incomplete')
}
