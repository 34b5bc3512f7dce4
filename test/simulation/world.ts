/** What a story takes place in: nodes on one database, and hands on everything that can fail. */

import type { DatabaseFault, Step } from './step.ts'
import type { StoredUpdate } from './stored-log.ts'

export interface SimulatedNode {
  /** null while it does not run, or is about to end. */
  readonly address: NodeAddress | null
  /** kill -9: nothing that it had in hand gets out any more. @param losesClients cuts its clients in the same step */
  crash(losesClients: () => void): void
  /** SIGTERM, and a new process when it has ended. */
  restart(): Promise<void>
  stall(): void
  silence(): void
  partition(): void
  /** From now on, or for the next `times` statements that write entries, the database fails it so. */
  failDatabase(fault: DatabaseFault, times: number): void
  /** Ends what the others began, and starts the node if it is down. */
  heal(): Promise<void>
  /** What it complained of since it was asked last: lines that say that somebody must act. */
  takeComplaints(): readonly string[]
  /** What it takes of the machine after it has forgotten what it can; null: it is no process of its own. */
  readMemoryBytes(): Promise<number | null>
}

export interface NodeAddress {
  /** For requests; never fails while the node runs. */
  readonly url: string
  /** For sockets. */
  readonly wsUrl: string
}

/** What becomes of messages between nodes, each so many times out of a hundred. */
export type BusFault = Pick<Extract<Step, { do: 'bus' }>, 'lost' | 'repeated' | 'late' | 'seed'>

export interface World extends AsyncDisposable {
  readonly nodes: readonly SimulatedNode[]
  /** Lets the world go on for a little while. */
  wait(ticks: number): Promise<void>
  failBus(fault: BusFault): void
  failPostgres(how: 'kill' | 'stop' | 'pause'): Promise<void>
  failRedis(how: 'kill' | 'pause' | 'wipe'): Promise<void>
  /** Brings Postgres back, whatever else still fails: from now on `readLog` works. */
  healPostgres(): Promise<void>
  /** Ends what fails for all nodes. */
  heal(): Promise<void>
  /** What Postgres has of a room now, whatever the nodes say. */
  readLog(room: string): Promise<readonly StoredUpdate[]>
}
