/** What one node says of one client id in a room: whose it is, and what is to be seen of them. */
import type { NodeId } from '../cluster/envelope.ts'

/** How somebody is there: over a WebSocket, an event stream, or plain HTTP. */
export const ways = ['socket', 'stream', 'http'] as const
export type Way = (typeof ways)[number]

export interface Statement {
  readonly userId: string
  /** With which its node shows the state. */
  readonly clock: number
  /** The clock of the client itself, with which each of its connections goes on; 0 for a device. */
  readonly theirs: number
  /** When the connection or device began to speak for the id, by its node's clock. */
  readonly claimedAt: number
  /** Since when they are there, and until when without another word; milliseconds since 1970, null: as long as they are connected. */
  readonly since: number
  readonly until: number | null
  readonly via: Way
  /** As the app calls it; null for a connection, which goes by its client id. */
  readonly device: string | null
  /** The state, as JSON. */
  readonly json: Uint8Array
}

/** The same id, as one of the nodes says it. */
export interface Said {
  readonly node: NodeId
  readonly statement: Statement
}

/**
 * Which of them is to be believed, the same on every node: of two users whoever came first, for an id has one owner; of
 * one user the newest, for a client that lost its node is back before the node is known to be dead. That is what the
 * client said last by its own clock; the nodes' clocks differ.
 */
export const believed = (all: readonly Said[]): Said | null => {
  const [only] = all
  if (only === undefined || all.length === 1) return only ?? null
  const owner = all.reduce((best, each) => (isFirst(each, best) ? each : best)).statement.userId
  return all
    .filter(({ statement }) => statement.userId === owner)
    .reduce((best, each) => (isNewer(each, best) ? each : best))
}

const isNewer = (a: Said, b: Said): boolean =>
  a.statement.theirs === b.statement.theirs ? isFirst(b, a) : a.statement.theirs > b.statement.theirs

const isFirst = (a: Said, b: Said): boolean =>
  a.statement.claimedAt === b.statement.claimedAt
    ? a.node < b.node
    : a.statement.claimedAt < b.statement.claimedAt

export const isSameState = (a: Uint8Array | null, b: Uint8Array | null): boolean =>
  a === b || (a !== null && b !== null && a.length === b.length && Buffer.compare(a, b) === 0)
