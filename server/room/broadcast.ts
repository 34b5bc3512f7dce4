/**
 * What is committed is shown to those in the room, framed once for all who address it alike.
 *
 *   applied ──▶ unshown ──▶ committed here, or elsewhere ──▶ window ──▶ every member but the one that brought all of it
 *
 * Showing costs a system call per member. Where they are many, what comes soon after is gathered and merged into one
 * frame: the window is as long as showing took, eight times, so that the node has most of its time for other things.
 * What is gathered is shown when the window is over and the next comes, or is late: so a window ends with a key press
 * that waits for nothing, instead of just before it.
 */
import * as Y from 'yjs'
import { after, atEndOfStep, monotonic } from '../clock.ts'
import { syncFrame, syncStep } from '../session/frames.ts'
import { mergeAll } from './stored-bytes.ts'

/** An entry as far as it is shown. */
export interface Showing {
  readonly update: Uint8Array
  /** Who brought it and so need not be shown it; null: nobody who is here. */
  readonly source: object | null
  /** When it was appended here, by the monotonic clock. */
  readonly appendedAt?: number
}

export interface Viewer {
  readonly prefix: Uint8Array
  /**
   * Whoever cannot take more now leaves it out, and asks for what is missing later.
   *
   * @param before the state vector of what was shown before this
   */
  show(frames: Buffer, before: () => Uint8Array): void
}

export interface BroadcastParts {
  readonly viewers: ReadonlySet<Viewer>
  readonly document: () => Y.Doc
  /** Everybody was shown something so long after it was appended. */
  readonly shown: (ms: number) => void
}

/** Up to so many everything is shown at once. */
const viewersAtOnce = 200
const windowMsMax = 60
const windowPerFanOut = 8
/** How long after its end, in windows, the next is late. */
const lateWindows = 1
const windowBytesMax = 1024 * 1024
/** To look through more than this takes longer than to send all of a document. */
const unshownBytesMax = 4 * 1024 * 1024

export class Broadcast {
  readonly #parts: BroadcastParts
  /** In the document, and shown to nobody but their authors. */
  readonly #unshown = new Set<Uint8Array>()
  #window: Showing[] = []
  #windowBytes = 0
  #cancelWindow: (() => void) | null = null
  #shownAt = Number.NEGATIVE_INFINITY
  #fanOutMs = 0

  constructor(parts: BroadcastParts) {
    this.#parts = parts
  }

  /** This is in the document, and will be shown when it is committed. */
  applied(update: Uint8Array): void {
    this.#unshown.add(update)
  }

  /** These are committed, and in the document. */
  show(entries: readonly Showing[]): void {
    for (const entry of entries) {
      this.#unshown.add(entry.update)
      this.#window.push(entry)
      this.#windowBytes += entry.update.length
    }
    const windowMs = this.#windowMs
    const waitMs = this.#windowBytes > windowBytesMax ? 0 : windowMs - (monotonic() - this.#shownAt)
    if (waitMs <= 0) this.#showWindow()
    else this.#cancelWindow ??= after(waitMs + windowMs * lateWindows, () => this.#showWindow())
  }

  get #windowMs(): number {
    if (this.#parts.viewers.size <= viewersAtOnce) return 0
    return Math.min(windowMsMax, windowPerFanOut * this.#fanOutMs)
  }

  #showWindow(): void {
    this.#cancelWindow?.()
    this.#cancelWindow = null
    const entries = this.#window
    this.#window = []
    this.#windowBytes = 0
    this.#showNow(entries)
    for (const { update } of entries) this.#unshown.delete(update)
    const appendedAt = entries[0]?.appendedAt
    if (appendedAt !== undefined && this.#parts.viewers.size > 1) this.#parts.shown(monotonic() - appendedAt)
  }

  #showNow(entries: readonly Showing[]): void {
    const { viewers } = this.#parts
    const began = monotonic()
    const onlySource = sourceOf(entries)
    let vector: Uint8Array | null = null
    const before = (): Uint8Array => {
      vector ??= this.#shownVector()
      return vector
    }
    let prefix: Uint8Array | null = null
    let frames: Buffer = Buffer.alloc(0)
    for (const viewer of viewers) {
      if (viewer === onlySource) continue
      if (prefix !== viewer.prefix) {
        prefix = viewer.prefix
        frames = framesOf(prefix, entries, viewers.size > viewersAtOnce)
      }
      viewer.show(frames, before)
    }
    this.#shownAt = began
    // What the viewers were shown is written at the end of the step, in the order in which they were.
    if (viewers.size > viewersAtOnce)
      atEndOfStep(() => {
        this.#fanOutMs = monotonic() - began
      })
  }

  /** What everybody has been shown, or a little less. */
  #shownVector(): Uint8Array {
    let bytes = 0
    for (const { length } of this.#unshown) bytes += length
    if (bytes > unshownBytesMax) return nothing
    const clocks = Y.decodeStateVector(Y.encodeStateVector(this.#parts.document()))
    for (const update of this.#unshown) {
      for (const [client, from] of Y.parseUpdateMeta(update).from) {
        if (from < (clocks.get(client) ?? 0)) clocks.set(client, from)
      }
    }
    return Y.encodeStateVector(clocks)
  }
}

const nothing = Uint8Array.of(0)

/** An author is not shown what nobody else added to. */
const sourceOf = (entries: readonly Showing[]): object | null => {
  const [first] = entries
  return first !== undefined && entries.every(({ source }) => source === first.source) ? first.source : null
}

const framesOf = (prefix: Uint8Array, entries: readonly Showing[], isMerged: boolean): Buffer => {
  const updates = entries.map(({ update }) => update)
  const parts = isMerged && updates.length > 1 ? [mergeAll(updates)] : updates
  const frames = parts.map((update) => syncFrame(prefix, syncStep.update, update))
  const [only] = frames
  return only !== undefined && frames.length === 1 ? only : Buffer.concat(frames)
}
