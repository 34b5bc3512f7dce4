/**
 * One connection as somebody who reads: what it is shown, and what it gets instead when it read too slowly for that.
 *
 *   shown ──more waits than may──▶ behind: shown nothing ──read what waited──▶ one update, presence as it is ──▶ shown
 *
 * So however much is written meanwhile, what waits for it does not grow; what its own requests bring still comes.
 */
import { type ErrorCode, RoomlogError } from '../../schema/error-codes.ts'
import type { Room } from '../room/room.ts'
import { syncFrame, syncStep } from './frames.ts'
import { type Urgency, urgency } from './outbox.ts'

/** The session that it belongs to. */
export interface ReaderSession {
  /** False while so much waits that only what cannot be had later is written. */
  readonly mayTakeMore: boolean
  write(frame: Buffer, when: Urgency): void
  /** Asks for a call of `catchUp` when what waits is read. */
  fellBehind(): void
  end(code: ErrorCode, detail: string): void
}

/** The connection that reads. */
export interface ReaderConnection {
  readonly room: Room
  readonly prefix: Uint8Array
  /** Shows presence as it is, and what is watched. */
  showOthersAgain(): void
}

export class Reader {
  readonly #session: ReaderSession
  readonly #connection: ReaderConnection
  /** The state vector of what it was shown before it fell behind; null: it was shown everything. */
  #shown: Uint8Array | null = null
  #isCatchingUp = false
  /** It was not shown everything of presence, or of what it watches. */
  #hasMissedOthers = false
  #hasLeft = false

  constructor(session: ReaderSession, connection: ReaderConnection) {
    this.#session = session
    this.#connection = connection
  }

  get isBehind(): boolean {
    return this.#shown !== null || this.#hasMissedOthers
  }

  /** Documents. @param before the state vector of what was shown before */
  show(frames: Buffer, before: () => Uint8Array): void {
    if (this.#hasLeft || this.#shown !== null) return
    if (this.#session.mayTakeMore) return this.#session.write(frames, urgency.usual)
    this.#shown = before()
    this.#session.fellBehind()
  }

  /** Presence, and what is watched: is replaced by what comes after it, so whoever is behind is shown it later. */
  showOthers(frame: Buffer, when: Urgency): void {
    if (this.#hasLeft) return
    if (this.#shown === null && this.#session.mayTakeMore) return this.#session.write(frame, when)
    this.#hasMissedOthers = true
    this.#session.fellBehind()
  }

  /** What waited is read: the room's difference to what was shown is written when all of it is committed. */
  catchUp(): void {
    if (this.#hasLeft || this.#isCatchingUp) return
    if (this.#shown === null) return this.#showOthersAgain()
    const { room, prefix } = this.#connection
    try {
      const frame = syncFrame(prefix, syncStep.update, room.difference(this.#shown))
      this.#isCatchingUp = true
      room.whenCommitted((error) => {
        this.#isCatchingUp = false
        if (error !== null || this.#hasLeft) return
        this.#shown = null
        this.#session.write(frame, urgency.usual)
        this.#showOthersAgain()
      })
    } catch (error) {
      if (!(error instanceof RoomlogError)) throw error
      this.#session.end(error.reason, error.message)
    }
  }

  leave(): void {
    this.#hasLeft = true
  }

  #showOthersAgain(): void {
    if (!this.#hasMissedOthers) return
    this.#hasMissedOthers = false
    this.#connection.showOthersAgain()
  }
}
