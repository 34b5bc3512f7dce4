/** What leaves a session: whole frames, written to the socket of the upgrade, those of one step of the program together. */
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { atEndOfStep, monotonic } from '../clock.ts'

export interface OutboxParts {
  readonly ws: WebSocket
  /** Writing to it directly saves half of the system calls that `ws.send` makes. */
  readonly socket: Socket
  /** How much may wait for a slow reader. */
  readonly bytesMax: number
  /** More waits than that: nothing further is written. */
  onFull(bytes: number): void
}

export class Outbox {
  readonly #parts: OutboxParts
  #frames: Buffer[] = []
  #bytes = 0
  /** When something was last written, by the monotonic clock. */
  writtenAt = monotonic()

  constructor(parts: OutboxParts) {
    this.#parts = parts
  }

  /** A frame may be shared with other sockets: it is not changed, before or after. */
  write(frame: Buffer): void {
    this.#bytes += frame.length
    if (this.#frames.push(frame) === 1) atEndOfStep(this.release)
    else if (this.#bytes > this.#parts.bytesMax) this.release()
  }

  readonly release = (): void => {
    const frames = this.#frames
    if (frames.length === 0) return
    this.#frames = []
    this.#bytes = 0
    const { ws, socket, bytesMax, onFull } = this.#parts
    // The other side may have begun to close: nothing may follow the close frame that ws answered.
    if (ws.readyState !== ws.OPEN) return
    // What waited before: one large document alone may be above the limit.
    if (socket.writableLength > bytesMax) return onFull(socket.writableLength)
    this.writtenAt = monotonic()
    for (const write of together(frames)) socket.write(write)
  }
}

const smallBytesMax = 16_384

/** Neighbouring small frames as one write; a large one is not copied. */
const together = (frames: readonly Buffer[]): readonly Buffer[] => {
  if (frames.length === 1) return frames
  const writes: Buffer[] = []
  let small: Buffer[] = []
  for (const frame of frames) {
    if (frame.length <= smallBytesMax) {
      small.push(frame)
      continue
    }
    writes.push(...joined(small), frame)
    small = []
  }
  return [...writes, ...joined(small)]
}

const joined = (frames: readonly Buffer[]): readonly Buffer[] =>
  frames.length < 2 ? frames : [Buffer.concat(frames)]
