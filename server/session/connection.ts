/**
 * One session in one room: it takes the client's messages of the sync and awareness protocols, applies what the write
 * guard lets through, and acknowledges what is committed.
 *
 * | from the client   | what happens |
 * |-------------------|--------------|
 * | sync step 1       | it gets what it lacks, and is asked for what we lack |
 * | sync step 2, update | guard, document, log; acknowledged after the commit |
 * | awareness         | presence, under the user of the token |
 * | stateless         | `flush`, `watch` |
 */
import * as Y from 'yjs'
import { type ErrorCode, RoomlogError } from '../../schema/error-codes.ts'
import {
  decodeClientMessage,
  type EntryMark,
  encodeMessage,
  type ServerMessage
} from '../../schema/messages.ts'
import type { Seq } from '../../schema/room-name.ts'
import { type Access, hasSameRights, isSameAccess, type User } from '../auth/identity.ts'
import { monotonic } from '../clock.ts'
import { caughtUp } from '../room/caught-up.ts'
import type { Member, Room } from '../room/room.ts'
import { Writing } from '../room/writing.ts'
import { describeExcess } from '../too-many.ts'
import { accessNews } from './access-news.ts'
import { acknowledge } from './acknowledgements.ts'
import { Arrivals, isNothing, type Taken } from './arrivals.ts'
import type { ConnectionParts, ConnectionSession } from './connection-parts.ts'
import {
  type MessageReader,
  messageType,
  statelessFrame,
  syncFrame,
  syncStatusFrame,
  syncStep
} from './frames.ts'
import { type Pace, paceOf, Spaced } from './limits.ts'
import { type Urgency, urgency } from './outbox.ts'
import { Reader } from './reader.ts'
import { Repeats } from './repeats.ts'
import type { Busy } from './turn.ts'
import type { Typed } from './typed.ts'
import { Watching } from './watching.ts'
import type { Wire } from './wire.ts'

/** The state vector of an empty document. */
const nothing: Uint8Array = Uint8Array.of(0)
/** Who asks more often for all of a document, or of presence, gets one answer for all that was asked meanwhile. */
const answerEveryMs = 500

export class Connection implements Member, Busy {
  readonly prefix: Uint8Array
  readonly room: Room
  readonly address: string
  access: Access
  /** How fast its role may send; null: as fast as any. */
  pace: Pace | null
  readonly reader: Reader
  readonly #parts: ConnectionParts
  readonly #session: ConnectionSession
  readonly #writing: Writing
  /** null: it does not watch its room. */
  #watching: Watching | null = null
  readonly #arrivals: Arrivals
  #inboxSince = 0
  #isSynced = false
  /** From the client's sync step 1 until its sync step 2. */
  #repeats: Repeats | null = null
  readonly #greeting = new Spaced(answerEveryMs)
  #showing: Spaced | null = null
  /** The state vector that the client last said it had. */
  #theirs = nothing
  #refusal: ErrorCode | null = null
  #hasLeft = false

  constructor(
    parts: ConnectionParts,
    session: ConnectionSession,
    { address, prefix, room, access }: Pick<Connection, 'address' | 'prefix' | 'room' | 'access'>
  ) {
    this.#parts = parts
    this.#session = session
    this.room = room
    this.address = address
    this.access = access
    this.pace = paceOf(access, parts.config)
    this.prefix = prefix
    this.#arrivals = new Arrivals(parts.turn.held)
    this.#writing = new Writing(access.identity.user.id, this, session.remoteAddress)
    this.reader = new Reader(session, this)
    this.room.members.add(this)
    // Who it is comes before who is there: else a client would take its own other tabs for somebody else.
    this.#tellAccess(null)
    this.room.presence.join(this)
  }

  get via(): Wire['via'] {
    return this.#session.wire.via
  }

  get isWatching(): boolean {
    return this.#watching !== null
  }

  get user(): User {
    return this.access.identity.user
  }

  get role(): string {
    return this.access.role
  }

  /** The first client id that it shows is its own, unless it is somebody else's. */
  announce(client: number): boolean {
    if (this.#writing.announced !== null) return !this.room.isTaken(client, this.user.id)
    const isOwn = this.room.announce(client, this.access)
    if (isOwn) this.#writing.announced = client
    return isOwn
  }

  /** The role changed, or the token was renewed. */
  changeAccess(access: Access): void {
    if (isSameAccess(access, this.access)) return
    const before = this.access
    this.access = access
    if (access.role !== before.role) this.pace = paceOf(access, this.#parts.config)
    this.#tellAccess(before)
    if (!hasSameRights(before, access)) this.room.presence.restamp(this)
  }

  /** Who belongs to the room has changed. */
  tellMembers(): void {
    this.#send({ type: 'members' })
  }

  tellRefused(code: ErrorCode, detail: string, path: string | null = null): void {
    this.#send({ type: 'refused', code, detail, path })
  }

  /** @throws RangeError the message ends too early */
  receive(type: number, message: MessageReader): void {
    if (type === messageType.sync || type === messageType.syncReply) return this.#receiveSync(message)
    if (type === messageType.awareness) return this.#receiveAwareness(message.bytes())
    if (type === messageType.queryAwareness) return this.#show()
    if (type === messageType.stateless) return this.#receiveMessage(message.text())
    this.#notUnderstood(`no message has the type ${type}`)
  }

  /** Applies what came in this turn: one transaction, one entry. */
  apply(): void {
    const taken = this.#arrivals.take()
    if (taken.updates.length === 0) return
    const saved = this.#applyAll(taken)
    if (saved === 0) return
    const since = this.#inboxSince
    this.room.whenCommitted((error) => {
      if (error !== null || this.#hasLeft) return
      const ms = monotonic() - since
      this.room.acknowledgements.add(ms)
      this.#parts.metrics.acknowledged(ms / 1_000)
      this.#acknowledge(saved)
    })
  }

  /** The client is gone from this room; what it sent is still applied, for it may have been its last word. */
  leave(): void {
    if (this.#hasLeft) return
    if (this.room.brokenBy === null && !this.room.isClosed) this.apply()
    this.#hasLeft = true
    this.reader.leave()
    this.#arrivals.takeEarly()
    this.room.members.delete(this)
    this.room.presence.leave(this)
    this.#parts.door.leave(this.room)
  }

  /** Of presence. */
  write(frame: Buffer): void {
    this.reader.showOthers(frame, urgency.last)
  }

  show(frames: Buffer, before: () => Uint8Array): void {
    this.reader.show(frames, before)
  }

  end(code: ErrorCode, detail: string): void {
    this.#session.end(code, detail)
  }

  tellCommitted(seq: Seq, entries: readonly EntryMark[]): void {
    this.#watching?.tell(seq, entries)
  }

  showOthersAgain(): void {
    this.room.presence.showMissed(this)
    void this.#watching?.start()
  }

  #receiveSync(message: MessageReader): void {
    const step = message.uint()
    const payload = message.bytes()
    if (step === syncStep.one) {
      this.#theirs = payload.length <= 1 ? nothing : Uint8Array.from(payload)
      if (!this.#isSynced) this.#repeats = new Repeats(this.#theirs)
      return this.#greeting.ask(() => this.#greet())
    }
    if (step !== syncStep.two && step !== syncStep.update) {
      this.refuse('message-malformed', `no sync message has the type ${step}`)
      return
    }
    const isFirstSync = step === syncStep.two && !this.#isSynced
    // Most who come have nothing to say: that wakes no document.
    const isIdle = this.#refusal === null && this.#arrivals.isIdle
    if (isFirstSync && isIdle && (isNothing(payload) || this.room.isKnownAsleep(payload)))
      return this.#beginEmpty()
    // What came before must still be judged as early, and what was early follows the step that it waited for.
    if (isFirstSync) this.apply()
    else if (this.#repeats?.has(payload)) return
    if (isFirstSync) this.#repeats = null
    this.#isSynced ||= isFirstSync
    if (this.#arrivals.isEmpty) {
      this.#inboxSince = monotonic()
      this.#parts.turn.join(this)
    }
    if (isFirstSync) this.#arrivals.receiveFirst(payload)
    else this.#arrivals.receive(payload)
  }

  #beginEmpty(): void {
    this.#isSynced = true
    this.#repeats = null
    this.room.whenCommitted((error) => {
      if (error === null) this.#acknowledge(1)
    })
  }

  #applyAll({ updates, typed, certain }: Taken): number {
    let saved = 0
    try {
      const { document } = this.room
      const applyEach = (): void => {
        const joined = this.#applyTyped(typed)
        saved = joined
        for (const [index, update] of updates.entries()) {
          if (index < joined) continue
          const isSaved = this.#applyOne(update, index < certain)
          if (isSaved === null) return this.#wait(updates.slice(index))
          if (isSaved) saved++
        }
      }
      Y.transact(document, applyEach, this.#writing, false)
    } catch (error) {
      if (error instanceof RoomlogError) this.end(error.reason, error.message)
      else this.room.break(new RoomlogError('resync', `${this.room.name} is read anew`, { cause: error }))
      return 0
    }
    return saved
  }

  /** Applies what was typed as far as it passes: how many updates that were. Why one does not is found out alone. */
  #applyTyped(typed: readonly Typed[]): number {
    if (this.#refusal !== null) return 0
    let saved = 0
    for (const { update, count } of typed) {
      const { answer } = this.room.apply(update, this.access, this.#writing, { isCertain: false })
      if (answer === 'refuse' || answer === 'behind') break
      saved += count
    }
    return saved
  }

  /** Applies one update, or says why not. True if it is to be acknowledged; null: not before the room has caught up. */
  #applyOne(update: Uint8Array, isCertain: boolean): boolean | null {
    if (this.#refusal !== null) return this.refuse(this.#refusal, 'an earlier update was refused')
    const isFirst = update === this.#arrivals.firstSync
    const isEarly = !this.#isSynced
    const verdict = this.room.apply(update, this.access, this.#writing, { isCertain, isFirst, isEarly })
    if (verdict.answer === 'behind') return null
    if (isFirst) this.#arrivals.firstSync = null
    if (verdict.answer !== 'refuse') return true
    if (verdict.code === 'update-incomplete' && isEarly) return this.#keepEarly(update)
    this.room.refused(this.access, verdict, this.#writing)
    return this.refuse(verdict.code, verdict.detail, verdict.path)
  }

  /** Another node may know what this one does not: that is asked for first. Whoever leaves meanwhile has still said it. */
  #wait(updates: readonly Uint8Array[]): void {
    this.#arrivals.wait(updates)
    this.room.hold(this.#catchUp())
  }

  async #catchUp(): Promise<void> {
    await caughtUp(this.room)
    const afterwards = this.#arrivals.goOn()
    if (this.room.brokenBy !== null || this.room.isClosed) return
    this.apply()
    for (const then of afterwards) then()
  }

  #keepEarly(update: Uint8Array): false {
    const excess = this.#arrivals.keepEarly(update)
    // Nothing is lost with the connection: the client brings all of it again with its next sync.
    if (excess !== null) this.end('too-many', describeExcess(excess))
    return false
  }

  /**
   * Refused for good: nothing that this client writes after it would fit, so nothing more is taken on this connection.
   * It stays open, for a Hocuspocus provider whose socket is closed sends the same again for ever; unless its wire has
   * no message that says so.
   */
  refuse(code: ErrorCode, detail: string, path: string | null = null): false {
    this.#write(syncStatusFrame(this.prefix, false), urgency.first)
    this.#parts.metrics.refused(code)
    if (this.#refusal !== null) return false
    this.#refusal = code
    this.tellRefused(code, detail, path)
    this.#session.stopped(this.address, code)
    return false
  }

  #greet(): void {
    if (this.#hasLeft) return
    const theirs = this.#theirs
    const since = monotonic()
    try {
      const hasNothing = theirs.length <= 1
      const frames = hasNothing
        ? this.room.greeting(this.prefix)
        : syncFrame(this.prefix, syncStep.two, this.room.difference(theirs))
      // What we have is no content: asked for at once, what the client lacks does not wait for the log to be written.
      this.#write(syncFrame(this.prefix, syncStep.one, this.room.stateVector(theirs)), urgency.usual)
      this.room.whenCommitted((error) => {
        if (error === null) this.#write(frames, urgency.usual)
      })
    } catch (error) {
      if (error instanceof RoomlogError) this.end(error.reason, error.message)
      else this.refuse('message-malformed', `${theirs.length} bytes that are no state vector`)
    }
    this.#session.worked(monotonic() - since)
  }

  #show(): void {
    this.#showing ??= new Spaced(answerEveryMs)
    this.#showing.ask(() => this.room.presence.show(this))
  }

  #receiveAwareness(states: Uint8Array): void {
    const problem = this.room.presence.receive(this, states)
    if (problem !== null) this.#notUnderstood(problem)
  }

  /** Says so, and goes on: nothing that comes later builds upon it. */
  #notUnderstood(detail: string): void {
    this.#parts.metrics.refused('message-malformed')
    this.tellRefused('message-malformed', detail)
  }

  #receiveMessage(text: string): void {
    const message = decodeClientMessage(text)
    if (message === null) this.#notUnderstood(`${text.length} characters that are no message`)
    else if (message.type === 'flush') this.#flush(message.id)
    else this.#watching ??= new Watching(this, this.#parts.recentEntries)
  }

  /** A barrier: the answer says that everything which came before it is committed, and where the log stood then. */
  #flush(id: number): void {
    this.apply()
    if (this.#arrivals.isBehind) return this.#arrivals.afterwards(() => this.#flush(id))
    if (this.#refusal !== null || this.#arrivals.hasEarly) return
    this.room.whenCommitted((error) => {
      if (error !== null) return
      const { head, epoch } = this.room.log
      this.#send({ type: 'flushed', id, seq: head, epoch })
    })
  }

  #acknowledge(frames: number, when: Urgency = urgency.first): void {
    acknowledge(this.prefix, frames, (frame) => this.#write(frame, when))
  }

  #write(frame: Buffer, when: Urgency): void {
    if (!this.#hasLeft) this.#session.write(frame, when)
  }

  #tellAccess(before: Access | null): void {
    for (const message of accessNews(before, this.access)) this.#send(message)
  }

  #send(message: ServerMessage): void {
    this.#write(statelessFrame(this.prefix, encodeMessage(message)), urgency.first)
  }
}
