/**
 * What a client posts where it has no socket: batches of messages with a number each, 1, 2, 3 … A batch that comes twice
 * is taken once, and one that comes too early waits for those before it.
 *
 *   POST n ──▶ Batches ──▶ session, unless that reads nothing now
 *     ▲            │
 *     └─ answered ─┘ when all of it was taken: so a client that waits for the answer is slowed down
 */
import { RoomlogError } from '../../schema/error-codes.ts'
import { tooMany } from '../too-many.ts'
import { MessageReader } from './frames.ts'
import type { Held } from './turn.ts'

export interface BatchesParts {
  readonly held: Held
  /** How much may wait to be taken. */
  readonly bytesMax: number
  receive(message: Uint8Array): void
}

interface Batch {
  readonly messages: readonly Uint8Array[]
  taken: number
  readonly done: PromiseWithResolvers<void>
}

/** An honest client has one under way, and says it again where it heard no answer. */
const aheadMax = 8
const messagesMax = 10_000
/** What is taken at once while nothing is to be read. */
const sliceBytes = 4 * 1024
const retrySeconds = 1

export class Batches {
  readonly #parts: BatchesParts
  readonly #waiting = new Map<number, Batch>()
  #next = 1
  #bytes = 0
  #isPaused = false
  #isTaking = false
  #isOver = false

  constructor(parts: BatchesParts) {
    this.#parts = parts
  }

  /**
   * Takes a batch of length-prefixed messages. Resolves when the session has it.
   *
   * @throws RoomlogError 'message-malformed', 'too-many'; 'session-unknown' when the session ends before
   */
  async post(number: number, body: Uint8Array): Promise<void> {
    this.#assertOpen()
    if (number < this.#next) return
    const known = this.#waiting.get(number)
    if (known !== undefined) return known.done.promise
    const ahead = number - this.#next
    if (ahead >= aheadMax)
      throw tooMany({ what: 'batches before the next', found: ahead, most: aheadMax - 1, retrySeconds })
    const { bytesMax, held } = this.#parts
    const found = this.#bytes + body.length
    if (found > bytesMax) throw tooMany({ what: 'bytes in batches', found, most: bytesMax, retrySeconds })
    const batch = { messages: readMessages(body), taken: 0, done: Promise.withResolvers<void>() }
    this.#waiting.set(number, batch)
    for (const { length } of batch.messages) this.#count(held, length)
    this.#take(Number.POSITIVE_INFINITY)
    return batch.done.promise
  }

  pause(): void {
    this.#isPaused = true
  }

  resume(): void {
    this.#isPaused = false
    this.#take(Number.POSITIVE_INFINITY)
  }

  /** Takes a little although nothing is to be read; false where little is left. */
  readSome(): boolean {
    if (this.#bytes <= sliceBytes) return false
    this.#isPaused = false
    this.#take(sliceBytes)
    this.#isPaused = true
    return true
  }

  /** The session is over: what waits is for nobody. */
  end(): void {
    if (this.#isOver) return
    this.#isOver = true
    this.#count(this.#parts.held, -this.#bytes)
    for (const { done } of this.#waiting.values()) done.reject(unknown())
    this.#waiting.clear()
  }

  #assertOpen(): void {
    if (this.#isOver) throw unknown()
  }

  /** Stops where the session pauses, or after so many bytes. */
  #take(bytesMax: number): void {
    if (this.#isTaking) return
    this.#isTaking = true
    let left = bytesMax
    for (let batch = this.#waiting.get(this.#next); batch !== undefined; ) {
      const message = batch.messages[batch.taken]
      if (message === undefined) {
        this.#waiting.delete(this.#next++)
        batch.done.resolve()
        batch = this.#waiting.get(this.#next)
        continue
      }
      if (this.#isPaused || this.#isOver || left <= 0) break
      batch.taken++
      left -= message.length
      this.#count(this.#parts.held, -message.length)
      this.#parts.receive(message)
    }
    this.#isTaking = false
  }

  #count(held: Held, bytes: number): void {
    this.#bytes += bytes
    held.bytes += bytes
  }
}

const unknown = (): RoomlogError => new RoomlogError('session-unknown', 'it has ended')

const readMessages = (body: Uint8Array): readonly Uint8Array[] => {
  const reader = new MessageReader(body)
  const messages: Uint8Array[] = []
  try {
    while (!reader.isAtEnd && messages.length <= messagesMax) messages.push(reader.bytes())
  } catch (error) {
    if (!(error instanceof RangeError)) throw error
    throw new RoomlogError('message-malformed', `message ${messages.length + 1}: ${error.message}`)
  }
  const found = messages.length
  if (found > messagesMax)
    throw tooMany({ what: 'messages in a batch', found, most: messagesMax, retrySeconds })
  return messages
}
