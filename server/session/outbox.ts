/**
 * What leaves a session: whole frames, those of one step of the program together, and of these what is urgent first.
 *
 *   frame ──▶ by urgency ──end of step──▶ wire ──▶ unsent, until the network takes it
 *
 * Above its mark a session should be given nothing that can be had later in another form. Above its bound it is over.
 */
import { atEndOfStep, monotonic } from '../clock.ts'
import type { Unsent } from './unsent.ts'
import type { Wire } from './wire.ts'

/** Whose outbox it is. */
export interface Sender {
  readonly wire: Pick<Wire, 'isOpen' | 'unsentBytes' | 'write'>
  /** More waits than may: nothing further is written. */
  onFull(bytes: number, bytesMax: number): void
}

/** What others wait for, what is said once, whatever is shown, and what is replaced by what comes after it. */
export const urgency = { first: 0, usual: 1, last: 2 } as const
export type Urgency = (typeof urgency)[keyof typeof urgency]

/** Shared, and never added to: most have nothing to write most of the time. */
const none: Buffer[] = []

/** Those that have something to write at the end of this step, in the order in which they got it. */
let due: Outbox[] = []

const releaseDue = (): void => {
  const outboxes = due
  due = []
  for (const outbox of outboxes) outbox.release()
}

const markBytesMax = 1024 * 1024
const boundPerMark = 4

export class Outbox {
  readonly #sender: Sender
  readonly #unsentOfNode: Unsent
  readonly #bytesMax: number
  /** By urgency, and of one urgency in their order. */
  #frames: Buffer[] = none
  /** How many of them come before what is less urgent: those of the first, and of the first two. */
  #firsts = 0
  #usuals = 0
  #bytes = 0
  #isScheduled = false
  /** What the wire still had when it was last looked at, in order. */
  #unsent: Buffer[] = none
  #unsentBytes = 0
  #writtenBytes = 0
  #takenBytes = 0
  #takenAt = monotonic()
  /** When something was last written, by the monotonic clock. */
  writtenAt = monotonic()

  /**
   * @param unsentOfNode of all sessions
   * @param bytesMax how much may wait for a slow reader
   */
  constructor(sender: Sender, unsentOfNode: Unsent, bytesMax: number) {
    this.#sender = sender
    this.#unsentOfNode = unsentOfNode
    this.#bytesMax = bytesMax
  }

  /** How much waits, and would wait at the end of this step. */
  get waitingBytes(): number {
    return this.#sender.wire.unsentBytes + this.#bytes
  }

  /** False for a reader that is behind: less may wait for it, the more waits on this node. */
  get mayTakeMore(): boolean {
    const markBytes = Math.min(markBytesMax, this.#bytesMax / boundPerMark)
    return this.waitingBytes <= markBytes * this.#unsentOfNode.share
  }

  /** A frame may be shared with other sessions: it is not changed, before or after. */
  write(frame: Buffer, when: Urgency = urgency.first): void {
    this.#bytes += frame.length
    this.#insert(frame, when)
    if (!this.#isScheduled) {
      this.#isScheduled = true
      if (due.push(this) === 1) atEndOfStep(releaseDue)
    } else if (this.#bytes > this.#bytesMax) this.release()
  }

  /** Writes now what would be written at the end of the step. */
  release(): void {
    this.#isScheduled = false
    if (this.#bytes === 0) return
    const frames = this.#frames
    const bytes = this.#bytes
    this.#frames = none
    this.#firsts = this.#usuals = this.#bytes = 0
    const { wire } = this.#sender
    if (!wire.isOpen) return
    this.#settle()
    // What waited before: one large document alone may be above the limit.
    if (wire.unsentBytes > this.#bytesMax) return this.#sender.onFull(wire.unsentBytes, this.#bytesMax)
    this.writtenAt = monotonic()
    wire.write(frames)
    this.#writtenBytes += bytes
    if (wire.unsentBytes > 0) this.#hold(frames)
  }

  /** For how many milliseconds the reader has taken nothing of what waits for it. */
  stalledMs(now: number): number {
    this.#settle()
    const { unsentBytes } = this.#sender.wire
    const taken = this.#writtenBytes - unsentBytes
    if (unsentBytes === 0 || taken > this.#takenBytes) this.#takenAt = now
    this.#takenBytes = taken
    return now - this.#takenAt
  }

  /** The session is over: what still waits does not count any more. */
  end(): void {
    this.#letGo(0)
  }

  #insert(frame: Buffer, when: Urgency): void {
    const at =
      when === urgency.first ? this.#firsts : when === urgency.usual ? this.#usuals : this.#frames.length
    if (when === urgency.first) this.#firsts++
    if (when !== urgency.last) this.#usuals++
    if (this.#frames.length === 0) this.#frames = [frame]
    else if (at === this.#frames.length) this.#frames.push(frame)
    else this.#frames.splice(at, 0, frame)
  }

  #hold(frames: readonly Buffer[]): void {
    if (this.#unsent.length === 0) this.#unsent = []
    for (const frame of frames) {
      this.#unsent.push(frame)
      this.#unsentBytes += frame.length
      this.#unsentOfNode.hold(frame)
    }
    this.#settle()
  }

  #settle(): void {
    if (this.#unsentBytes > 0) this.#letGo(this.#sender.wire.unsentBytes)
  }

  /** What is taken was written before what is not. */
  #letGo(unsentBytes: number): void {
    let count = 0
    for (const frame of this.#unsent) {
      if (this.#unsentBytes - frame.length < unsentBytes) break
      this.#unsentBytes -= frame.length
      this.#unsentOfNode.letGo(frame)
      count++
    }
    if (count > 0) this.#unsent.splice(0, count)
  }
}
