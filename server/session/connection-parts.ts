import type { ErrorCode } from '../../schema/error-codes.ts'
import type { EntryMark } from '../../schema/messages.ts'
import type { Config } from '../config.ts'
import type { Metrics } from '../metrics.ts'
import type { Room } from '../room/room.ts'
import type { Door } from './door.ts'
import type { ReaderSession } from './reader.ts'
import type { Turn } from './turn.ts'
import type { Wire } from './wire.ts'

/** What all connections of a node share. */
export interface ConnectionParts {
  readonly config: Pick<Config, 'framesPerSecondMax' | 'bytesPerSecondMax'>
  readonly turn: Pick<Turn, 'held' | 'join'>
  readonly metrics: Pick<Metrics, 'refused' | 'acknowledged'>
  readonly door: Pick<Door, 'leave'>
  recentEntries(room: Room): Promise<readonly EntryMark[]>
}

/** The session that it belongs to. */
export interface ConnectionSession extends ReaderSession {
  readonly wire: Pick<Wire, 'via'>
  readonly remoteAddress: string
  /** An update was refused, and none is taken any more. */
  stopped(address: string, code: ErrorCode): void
  /** Says how long an answer took that anybody may ask for. */
  worked(ms: number): void
}
