/** A wire without a socket of its own: what the client says it posts, what it hears are events. */
import type { ServerResponse } from 'node:http'
import { after, atEndOfStep } from '../clock.ts'
import type { Batches } from './batches.ts'
import { addressPrefix, messagesIn } from './frames.ts'
import type { Wire } from './wire.ts'

/** The first event of a stream: by which name its client posts. */
export const openEvent = (id: string): string => `event: open\ndata: ${id}\n\n`
const closeEvent = (code: number, reason: string): string => `event: close\ndata: ${code} ${reason}\n\n`
/** Between two questions for events. */
const questionMsMax = 10_000
/** A line that is no event: something was heard. */
const sign = ':\n\n'

const eventsOf = (frames: readonly Buffer[]): readonly string[] =>
  frames.flatMap((frame) => messagesIn(frame).map((message) => `data: ${message.toString('base64')}\n\n`))

/** What all wires have in common whose client posts. */
abstract class PostedWire implements Wire {
  readonly via = 'stream'
  readonly isForOneRoom = false
  readonly batches: Batches

  constructor(batches: Batches) {
    this.batches = batches
  }

  abstract readonly isOpen: boolean
  abstract readonly unsentBytes: number
  abstract write(frames: readonly Buffer[]): void
  abstract whenDrained(then: () => void): void
  abstract ping(): void
  abstract close(code: number, reason: string): void
  abstract terminate(): void

  prefixFor(address: string): Uint8Array {
    return addressPrefix(address)
  }

  pause(): void {
    this.batches.pause()
  }

  resume(): void {
    this.batches.resume()
  }

  readSome(): boolean {
    return this.batches.readSome()
  }
}

/** One answer that does not end. */
export class EventStreamWire extends PostedWire {
  readonly #answer: ServerResponse

  constructor(batches: Batches, answer: ServerResponse) {
    super(batches)
    this.#answer = answer
  }

  get isOpen(): boolean {
    return !this.#answer.writableEnded && !this.#answer.destroyed
  }

  get unsentBytes(): number {
    return this.#answer.writableLength
  }

  write(frames: readonly Buffer[]): void {
    this.#answer.write(eventsOf(frames).join(''))
  }

  whenDrained(then: () => void): void {
    this.#answer.once('drain', then)
  }

  ping(): void {
    if (this.isOpen) this.#answer.write(sign)
  }

  close(code: number, reason: string): void {
    if (this.isOpen) this.#answer.end(closeEvent(code, reason))
    this.batches.end()
  }

  terminate(): void {
    this.#answer.destroy()
  }
}

/**
 * One answer after the other, for whoever sits behind something that holds an answer back until it has ended. Events
 * are kept until the client has said how many it has.
 */
export class PolledWire extends PostedWire {
  readonly #onEnd: (code: number, reason: string) => void
  #events: string[] = []
  #bytes = 0
  /** How many the client has said it has. */
  #had = 0
  #onDrained: (() => void)[] = []
  #ending: { readonly code: number; readonly reason: string } | null = null
  #tellWaiting: () => void = () => {}
  #cancelEnd: () => void = () => {}

  constructor(batches: Batches, onEnd: (code: number, reason: string) => void) {
    super(batches)
    this.#onEnd = onEnd
    this.#expectQuestion()
  }

  get isOpen(): boolean {
    return this.#ending === null
  }

  get unsentBytes(): number {
    return this.#bytes
  }

  write(frames: readonly Buffer[]): void {
    this.#add(eventsOf(frames))
  }

  whenDrained(then: () => void): void {
    this.#onDrained.push(then)
  }

  /** The next question is a sign of life. */
  ping(): void {}

  close(code: number, reason: string): void {
    if (!this.isOpen) return
    this.#ending = { code, reason }
    this.#add([closeEvent(code, reason)])
    this.batches.end()
  }

  terminate(): void {
    this.#cancelEnd()
    this.#tellWaiting()
    const { code, reason } = this.#ending ?? { code: 1006, reason: '' }
    this.#onEnd(code, reason)
  }

  /** The events behind the first `had`, as soon as there are any; none where there are none within the time. */
  async poll(had: number, waitMs: number, signal: AbortSignal): Promise<string> {
    const known = Math.max(0, Math.min(had - this.#had, this.#events.length))
    for (const event of this.#events.splice(0, known)) this.#bytes -= event.length
    this.#had += known
    this.#cancelEnd()
    if (this.#events.length === 0) for (const then of this.#onDrained.splice(0)) then()
    if (this.#events.length === 0) await this.#something(waitMs, signal)
    this.#expectQuestion()
    // Nothing comes after the last event.
    if (!this.isOpen) atEndOfStep(() => this.terminate())
    return this.#events.join('')
  }

  /** Whoever does not ask again is gone. */
  #expectQuestion(): void {
    this.#cancelEnd()
    this.#cancelEnd = after(questionMsMax, () => this.terminate())
  }

  #something(waitMs: number, signal: AbortSignal): Promise<void> {
    this.#tellWaiting()
    return new Promise((resolve) => {
      const stop = (): void => {
        cancel()
        signal.removeEventListener('abort', stop)
        resolve()
      }
      const cancel = after(waitMs, stop)
      signal.addEventListener('abort', stop)
      this.#tellWaiting = stop
    })
  }

  #add(events: readonly string[]): void {
    for (const event of events) this.#bytes += event.length
    this.#events.push(...events)
    this.#tellWaiting()
  }
}
