/** A WebSocket whose frames are written past `ws`, to the socket that the upgrade came on: half of the system calls. */
import type { Socket } from 'node:net'
import type { WebSocket } from 'ws'
import { addressPrefix } from './frames.ts'
import type { Wire } from './wire.ts'

/** What is taken apart at once: a fifth of a millisecond's worth, where frames are small. */
const sliceBytes = 4 * 1024

export class WebSocketWire implements Wire {
  readonly via = 'socket'
  readonly isForOneRoom: boolean = false
  readonly #ws: WebSocket
  readonly #socket: Socket
  /** Has ws take bytes apart. */
  readonly #take: (slice: Buffer) => void
  #isClosing = false

  constructor(ws: WebSocket, socket: Socket) {
    this.#ws = ws
    this.#socket = socket
    const [take] = socket.listeners('data')
    if (take === undefined) throw new TypeError('ws does not listen for data')
    socket.removeAllListeners('data')
    this.#take = (slice) => Reflect.apply(take, socket, [slice])
    socket.on('data', (chunk: Buffer) => this.#read(chunk))
  }

  /** The other side may have begun to close: nothing may follow the close frame that ws answered. */
  get isOpen(): boolean {
    return this.#ws.readyState === this.#ws.OPEN
  }

  get unsentBytes(): number {
    return this.#socket.writableLength
  }

  prefixFor(address: string): Uint8Array {
    return addressPrefix(address)
  }

  write(frames: readonly Buffer[]): void {
    for (const write of together(frames)) this.#socket.write(write)
  }

  whenDrained(then: () => void): void {
    this.#socket.once('drain', then)
  }

  pause(): void {
    this.#ws.pause()
  }

  resume(): void {
    this.#ws.resume()
  }

  readSome(): boolean {
    if (this.#socket.readableLength <= sliceBytes) return false
    // To ws it is as if no more had come.
    this.#socket.read(sliceBytes)
    return true
  }

  ping(): void {
    this.#ws.ping()
  }

  close(code: number, reason: string): void {
    this.#isClosing = true
    this.#ws.close(code, reason)
  }

  terminate(): void {
    this.#ws.terminate()
  }

  /**
   * ws takes apart all of a read before anybody else has a turn: thousands of frames, where somebody floods. It gets a
   * slice at a time, and what is left when the session has enough stays with the socket.
   */
  #read(chunk: Buffer): void {
    // Whoever has much to say after a close is not waiting for it: that is read for its close frame to arrive, and dropped.
    if (this.#isClosing && chunk.length > sliceBytes) this.#socket.removeAllListeners('data').resume().end()
    else
      for (let at = 0; at < chunk.length; at += sliceBytes) {
        if (at > 0 && this.#socket.isPaused()) return this.#socket.unshift(chunk.subarray(at))
        this.#take(chunk.subarray(at, at + sliceBytes))
      }
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
