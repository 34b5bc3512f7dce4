/** The rooms of a session that are not open yet: a token is checked, a log is read, and what the client says meanwhile waits. */
import type { Excess } from '../too-many.ts'
import { MessageReader, messageType } from './frames.ts'
import type { Held } from './turn.ts'

/** What may wait in one session. */
const bytesMax = 4 * 1024 * 1024
const framesMax = 2_000
const retrySeconds = 1

export class Joining {
  /** null: none, as most of the time. */
  #rooms: Map<string, Uint8Array[]> | null = null
  readonly #held: Held
  #bytes = 0

  constructor(held: Held) {
    this.#held = held
  }

  get size(): number {
    return this.#rooms?.size ?? 0
  }

  has(address: string): boolean {
    return this.#rooms?.has(address) ?? false
  }

  begin(address: string): void {
    this.#rooms ??= new Map()
    this.#rooms.set(address, [])
  }

  /** Keeps a frame for when the room is open. @returns what is too much, or null */
  keep(address: string, frame: Uint8Array): Excess | null {
    const frames = this.#rooms?.get(address)
    if (frames === undefined) return null
    // The frame is a view of what was read with it, and may have to wait for long.
    frames.push(Uint8Array.from(frame))
    this.#count(frame.length)
    const when = 'before a room is open'
    if (frames.length > framesMax)
      return { what: `frames ${when}`, found: frames.length, most: framesMax, retrySeconds }
    return this.#bytes > bytesMax
      ? { what: `bytes ${when}`, found: this.#bytes, most: bytesMax, retrySeconds }
      : null
  }

  /** The room is open: its frames, in their order. */
  end(address: string): readonly Uint8Array[] {
    const frames = this.#rooms?.get(address) ?? []
    this.#rooms?.delete(address)
    if (this.size === 0) this.#rooms = null
    for (const { length } of frames) this.#count(-length)
    return frames
  }

  /** The room was refused: what a provider says that took the place of the one whose token that was. */
  endRefused(address: string): readonly Uint8Array[] {
    const frames = this.end(address)
    const next = frames.findIndex(isAuthentication)
    return next === -1 ? [] : frames.slice(next)
  }

  clear(): void {
    for (const address of [...(this.#rooms?.keys() ?? [])]) this.end(address)
  }

  #count(bytes: number): void {
    this.#bytes += bytes
    this.#held.bytes += bytes
  }
}

const isAuthentication = (frame: Uint8Array): boolean => {
  const reader = new MessageReader(frame)
  reader.bytes()
  return reader.uint() === messageType.auth
}
