/**
 * What carries one session: a WebSocket, or something that stands for one. A session knows messages and rooms, a wire
 * knows how bytes come and go.
 *
 * Frames are those of `frames.ts`: whole WebSocket frames, so that one Buffer serves all wires that send it as it is.
 */
import type { Way } from '../presence/statement.ts'

export interface Wire {
  /** How whoever is behind it is there. */
  readonly via: Exclude<Way, 'http'>
  /** False as soon as either side has begun to close: what is written then is not sent. */
  readonly isOpen: boolean
  /** What was written and the network has not taken yet. */
  readonly unsentBytes: number
  /** The room is in its address: where that is refused, nothing is left to be said. */
  readonly isForOneRoom: boolean
  /** How messages to this address begin; the same bytes are the same object, as far as that is easy. */
  prefixFor(address: string): Uint8Array
  /** Writes frames of one step of the program, in order. Others may share them: they are not changed, before or after. */
  write(frames: readonly Buffer[]): void
  /** Calls `then` once, when the network has taken what waits; where nothing waits, perhaps never. */
  whenDrained(then: () => void): void
  /** Has nothing read any more, and read again. */
  pause(): void
  resume(): void
  /** Takes a little of what came while nothing was read; false where little is left. */
  readSome(): boolean
  /** Asks the other side for a sign of life, which `Session.heard` is told. */
  ping(): void
  /** Says why, and ends; what was written before is still sent. */
  close(code: number, reason: string): void
  /** Ends at once. */
  terminate(): void
}
