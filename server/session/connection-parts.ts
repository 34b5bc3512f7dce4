import type { ErrorCode } from '../../schema/error-codes.ts'
import type { EntryMark } from '../../schema/messages.ts'
import type { Access } from '../auth/identity.ts'
import type { Config } from '../config.ts'
import type { Room } from '../room/room.ts'
import type { ReaderParts } from './reader.ts'
import type { Busy, Held } from './turn.ts'
import type { Wire } from './wire.ts'

/** What a connection needs of the session that it belongs to. */
export interface ConnectionParts extends Pick<ReaderParts, 'write' | 'mayTakeMore' | 'fellBehind' | 'end'> {
  /** The name that the client gave to the room. */
  readonly address: string
  /** How messages to it begin: the room's own bytes, unless the client has another name for it. */
  readonly prefix: Uint8Array
  /** Of the client, on the network. */
  readonly remoteAddress: string
  readonly via: Wire['via']
  readonly room: Room
  readonly access: Access
  readonly config: Pick<Config, 'framesPerSecondMax' | 'bytesPerSecondMax'>
  readonly held: Held
  /** Asks to be applied at the end of the turn. */
  join(busy: Busy): void
  refused(code: ErrorCode): void
  /** An update was refused, and none is taken any more. */
  stopped(code: ErrorCode): void
  acknowledged(ms: number): void
  /** Says how long an answer took that anybody may ask for. */
  worked(ms: number): void
  /** The room is not held for it any more. */
  left(): void
  recentEntries(room: Room): Promise<readonly EntryMark[]>
}
