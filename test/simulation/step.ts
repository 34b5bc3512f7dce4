/** The words of a plan: what can be done, and what can go wrong. */

/** What a database does to one node. All but `cut` and those of a number of statements last until the end of the phase. */
export const databaseFaults = [
  'refuse',
  'silence',
  'slow',
  'cut',
  'lose-request',
  'lose-answer',
  'lose-client',
  'deadlock',
  'disk-full',
  'read-only'
] as const
export type DatabaseFault = (typeof databaseFaults)[number]

export type Fault =
  /** The network loses a client, which comes back by itself. */
  | { readonly do: 'cut'; readonly client: number; readonly node: number }
  /** A client says goodbye and connects to another node at once. */
  | { readonly do: 'move'; readonly client: number; readonly node: number }
  /** A client goes offline until the end of the phase, and writes on. */
  | { readonly do: 'leave'; readonly client: number }
  | { readonly do: 'stop-reading'; readonly client: number }
  | {
      readonly do: 'database'
      readonly node: number
      readonly fault: DatabaseFault
      readonly times: number
    }
  /** kill -9; perhaps what it stands beside loses power too, and its clients are away until the end of the phase. */
  | { readonly do: 'crash'; readonly node: number; readonly withClients: boolean }
  /** SIGTERM, and a new process. */
  | { readonly do: 'restart'; readonly node: number }
  /** SIGSTOP, until the end of the phase. */
  | { readonly do: 'stall'; readonly node: number }
  /** Nothing gets through between the node and its clients, and nobody is told, until the end of the phase. */
  | { readonly do: 'silence'; readonly node: number }
  /** What the nodes tell each other is lost, repeated and late, so many times out of a hundred. */
  | {
      readonly do: 'bus'
      readonly lost: number
      readonly repeated: number
      readonly late: number
      readonly seed: number
    }
  /** The node hears nothing of the others, nor they of it, until the end of the phase. */
  | { readonly do: 'partition'; readonly node: number }
  | { readonly do: 'postgres'; readonly how: 'kill' | 'stop' | 'pause' }
  | { readonly do: 'redis'; readonly how: 'kill' | 'pause' | 'wipe' }
  /** Pastes so much text so many times and takes it out again: more than somebody who does not read has room for. */
  | { readonly do: 'flood'; readonly client: number; readonly characters: number; readonly times: number }

export type FaultName = Fault['do']

export type Step =
  | Fault
  | { readonly do: 'edit'; readonly client: number; readonly times: number; readonly seed: number }
  | { readonly do: 'wait'; readonly ticks: number }

/** As it reads in a report. */
export const describeStep = ({ do: name, ...about }: Step): string =>
  [name, ...Object.entries(about).map(([key, value]) => `${key} ${value}`)].join(' ')
