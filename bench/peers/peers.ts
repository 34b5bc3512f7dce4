import { framesPerSecondMax } from '../config.ts'
import type { Protocol } from '../load/messages.ts'

/** A server to compare with, or our own. */
export interface Peer {
  readonly name: PeerName
  readonly about: string
  readonly protocol: Protocol
  /** Where its WebSocket is. */
  readonly path: string
  /** The program, from the root of the repository. */
  readonly program: string
  /** What Node itself is told. */
  readonly flags?: readonly string[]
  readonly environment: Readonly<Record<string, string>>
  /** How many rows it has written, as a query; null for one that has no database. */
  readonly rowsWritten: string | null
  /** Whether a newcomer gets what was written before. */
  readonly holdsDocuments: boolean
}

export type PeerName = 'relay' | 'y-websocket' | 'hocuspocus' | 'hocuspocus+database' | 'roomlog'

const hocuspocus = {
  protocol: 'hocuspocus',
  path: '/',
  program: 'bench/peers/hocuspocus.ts',
  environment: {}
} as const

export const peers: readonly Peer[] = [
  {
    name: 'relay',
    about:
      '`ws` and nothing else: each update to the other sockets of the room, one acknowledgement to the sender',
    protocol: 'hocuspocus',
    path: '/',
    program: 'bench/peers/relay.ts',
    environment: {},
    rowsWritten: null,
    holdsDocuments: false
  },
  {
    name: 'y-websocket',
    about:
      'the server of y-websocket 2, in memory; it acknowledges nothing, so an update counts when the other client has it',
    protocol: 'y-websocket',
    path: '/',
    program: 'bench/peers/y-websocket.ts',
    environment: {},
    rowsWritten: null,
    holdsDocuments: true
  },
  {
    ...hocuspocus,
    name: 'hocuspocus',
    about: 'Hocuspocus, in memory',
    rowsWritten: null,
    holdsDocuments: true
  },
  {
    ...hocuspocus,
    name: 'hocuspocus+database',
    about: 'Hocuspocus with extension-database on the same Postgres, stock debounce',
    rowsWritten: 'select coalesce(sum(stores), 0)::float8 as rows from document',
    holdsDocuments: true
  },
  {
    name: 'roomlog',
    about: 'Roomlog on the same Postgres',
    protocol: 'hocuspocus',
    path: '/ws',
    program: 'server/main.ts',
    // As `npm start` has it.
    flags: ['--max-semi-space-size=8'],
    environment: { PORT: '0', ROOMLOG_FRAMES_PER_SECOND_MAX: String(framesPerSecondMax) },
    rowsWritten: 'select count(*)::float8 as rows from entry',
    holdsDocuments: true
  }
]

export const peerNamed = (name: string): Peer => {
  const peer = peers.find((candidate) => candidate.name === name)
  if (peer === undefined) throw new RangeError(`no peer ${name}`)
  return peer
}
