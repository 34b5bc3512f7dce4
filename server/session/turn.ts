/**
 * A turn of the event loop: everything that the sockets brought in it is applied together, then the log is kicked.
 *
 * What one connection sent in one turn is one transaction and so one entry: at typing pace an entry is a key press, and
 * under load it is as many as came at once.
 */
import type { GroupCommit } from '../log/group-commit.ts'

/** Somebody who has updates to apply. */
export interface Busy {
  apply(): void
}

export class Turn {
  readonly #commits: GroupCommit
  #busy: Busy[] = []
  #isScheduled = false

  constructor(commits: GroupCommit) {
    this.#commits = commits
  }

  /** Has this one apply what it holds at the end of the turn. */
  join(busy: Busy): void {
    this.#busy.push(busy)
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
    const busy = this.#busy
    this.#busy = []
    for (const one of busy) one.apply()
    this.#commits.kick()
  }
}
