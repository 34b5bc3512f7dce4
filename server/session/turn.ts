/**
 * A turn of the event loop: everything that the sessions took up in it is applied together, then the log is kicked.
 *
 * What one connection sent in one turn is one transaction and so one entry: at typing pace an entry is a key press, and
 * under load it is as many as came at once.
 *
 *   network ──▶ each session takes up a share ──▶ apply ──▶ kick ──▶ one of those with more: a share, apply, kick
 *      ▲                                                                                │
 *      └────────────────────────────────────────────────────────────────────────────────┘
 *
 * So whoever types waits for one share of what others have piled up, however many they are, and is written before it.
 */
import type { GroupCommit } from '../log/group-commit.ts'

/** Somebody who has updates to apply. */
export interface Busy {
  apply(): void
}

/** Somebody who takes up in shares what came. */
export interface Sharer {
  /** What was taken up is applied. @returns whether there is more */
  endTurn(): boolean
  takeShare(): void
}

/** What sessions have read and the log's queue does not hold yet. */
export interface Held {
  bytes: number
}

export class Turn {
  readonly held: Held = { bytes: 0 }
  readonly #commits: GroupCommit
  #busy: Busy[] = []
  /** Who took up something in this turn. */
  #sharers: Sharer[] = []
  /** Who has more, in the order in which they get their next share. */
  readonly #waiting = new Set<Sharer>()
  #isScheduled = false

  constructor(commits: GroupCommit) {
    this.#commits = commits
  }

  /** False while there is more of what came and is not committed than there may be. */
  get mayTakeMore(): boolean {
    return this.#commits.hasRoomFor(this.held.bytes)
  }

  /** Has this one apply what it holds at the end of the turn. */
  join(busy: Busy): void {
    this.#busy.push(busy)
    this.schedule()
  }

  /** Tells this one when the turn has ended. */
  share(sharer: Sharer): void {
    this.#sharers.push(sharer)
    this.schedule()
  }

  /** Has this one take up a share when its turn comes, behind those who wait already. */
  wait(sharer: Sharer): void {
    this.#waiting.add(sharer)
    this.schedule()
  }

  /** Has the log written at the end of the turn. */
  schedule(): void {
    if (this.#isScheduled) return
    this.#isScheduled = true
    setImmediate(() => this.#end())
  }

  #end(): void {
    this.#isScheduled = false
    const sharers = this.#sharers
    this.#sharers = []
    this.#applyAll()
    for (const sharer of sharers) if (sharer.endTurn()) this.#waiting.add(sharer)
    const [next] = this.#waiting
    if (next === undefined) return
    this.#waiting.delete(next)
    next.takeShare()
    this.#applyAll()
    if (this.#waiting.size > 0) this.schedule()
  }

  #applyAll(): void {
    const busy = this.#busy
    this.#busy = []
    for (const one of busy) one.apply()
    this.#commits.kick()
  }
}
