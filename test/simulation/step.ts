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
  /** kill -9. */
  | { readonly do: 'crash'; readonly node: number }
  /** SIGTERM, and a new process. */
  | { readonly do: 'restart'; readonly node: number }

export type FaultName = Fault['do']

export type Step =
  | Fault
  | { readonly do: 'edit'; readonly client: number; readonly times: number; readonly seed: number }
  | { readonly do: 'wait'; readonly ticks: number }

/** As it reads in a report. */
export const describeStep = ({ do: name, ...about }: Step): string =>
  [name, ...Object.entries(about).map(([key, value]) => `${key} ${value}`)].join(' ')
