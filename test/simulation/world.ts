/** What a story takes place in: nodes on one database, and hands on everything that can fail. */

import type { DatabaseFault } from './step.ts'
import type { StoredUpdate } from './stored-log.ts'

export interface SimulatedNode {
  /** null while it does not run. */
  readonly address: { readonly url: string; readonly wsUrl: string } | null
  /** kill -9: nothing that it had in hand gets out any more. */
  crash(): void
  /** SIGTERM, and a new process when it has ended. Not while it is down. */
  restart(): Promise<void>
  /** From now on, or for the next `times` statements that write entries, the database fails it so. */
  failDatabase(fault: DatabaseFault, times: number): void
  /** Ends what `failDatabase` began, and starts the node if it is down. */
  heal(): Promise<void>
  /** What it complained of since it was asked last: lines that say that somebody must act. */
  takeComplaints(): readonly string[]
}

export interface World extends AsyncDisposable {
  readonly nodes: readonly SimulatedNode[]
  /** Lets the world go on for a little while. */
  wait(ticks: number): Promise<void>
  /** What Postgres has of a room now, whatever the nodes say. */
  readLog(room: string): Promise<readonly StoredUpdate[]>
}
