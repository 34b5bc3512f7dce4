/**
 * What came over one wire: the seam between the network and the rooms, in which every frame is checked and from which
 * every frame leaves.
 *
 *   frame ──▶ Intake ──▶ Inbox ──▶ session ──┬─ token ─────────▶ Door, which lets into the room
 *            how fast   its share            ├─ room not open ─▶ Joining: waits, within bounds
 *                                            └─ content ───────▶ the room's Connection
 *
 * Content that comes before the token is dropped: a provider repeats all of it in its sync step 2, and counts none of it.
 */
import { type ErrorCode, errorCodes, RoomlogError, writeReason } from '../../schema/error-codes.ts'
import type { Access, Identity } from '../auth/identity.ts'
import { after, monotonic, now, randomId } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import type { Room } from '../room/room.ts'
import { describeExcess } from '../too-many.ts'
import { CatchingUp, type Reading } from './catching-up.ts'
import { Connection } from './connection.ts'
import type { ConnectionParts, ConnectionSession } from './connection-parts.ts'
import type { Door } from './door.ts'
import {
  authenticatedFrame,
  closeFrame,
  isProbe,
  isSign,
  MessageReader,
  messageType,
  permissionDeniedFrame,
  pingFrame,
  pongFrame,
  sharedPrefix
} from './frames.ts'
import { Inbox, type Taker } from './inbox.ts'
import { Intake, type Source } from './intake.ts'
import { Joining } from './joining.ts'
import { tooManyHere } from './limits.ts'
import { Outbox, type Sender, type Urgency, urgency } from './outbox.ts'
import { SessionUsers, type SessionUsersParts } from './session-users.ts'
import { Silence } from './silence.ts'
import { addressLengthMax, readTokenMessage, type TokenMessage } from './token-message.ts'
import type { Sharer, Turn } from './turn.ts'
import type { Unsent } from './unsent.ts'
import type { Wire } from './wire.ts'

/** Whoever may open a session. */
export interface Caller {
  readonly remoteAddress: string
  readonly userAgent: string
  /** What is counted: an address, or the network that one household has. */
  readonly network: string
}

/** What all sessions of a node share. */
export interface SessionParts extends ConnectionParts, SessionUsersParts {
  readonly config: Config
  readonly logger: Logger
  readonly metrics: Metrics
  readonly turn: Turn
  /** What waits for all sessions. */
  readonly unsent: Unsent
  readonly door: Door
  /** Somebody is in the room now. */
  entered(session: Session, address: string): void
  onClosed(session: Session): void
}

const [open, closing, closed] = [1, 2, 3]

/** Refused tokens that a session survives. */
const refusalsMax = 9
/** Whoever does not answer the close of a socket is cut off: the room may wait for it to be read anew. */
const closeMsMax = 2_000

export class Session implements Sharer, Taker, Sender, Source, Reading, ConnectionSession {
  readyState = open
  readonly id = randomId()
  readonly caller: Caller
  readonly wire: Wire
  /** Milliseconds since 1970. */
  readonly openedAt = now()
  readonly connections = new Map<string, Connection>()
  readonly #parts: SessionParts
  readonly #intake: Intake
  readonly #inbox: Inbox
  readonly #joining: Joining
  readonly #outbox: Outbox
  readonly #catchingUp: CatchingUp
  readonly #openedAt = monotonic()
  readonly #users: SessionUsers
  readonly #silence: Silence
  #isInTurn = false
  #hasAuthenticated = false
  #understandsPing = false
  #refusals = 0
  /** The socket is gone, and what it brought last is still taken up. */
  #isEnding = false

  constructor(parts: SessionParts, caller: Caller, wire: Wire) {
    const { config, turn, unsent } = parts
    this.#parts = parts
    this.caller = caller
    this.wire = wire
    this.#users = new SessionUsers(parts, caller.network)
    this.#silence = new Silence(config)
    this.#intake = new Intake(this, turn, config)
    this.#inbox = new Inbox(turn.held, this)
    this.#joining = new Joining(turn.held)
    this.#outbox = new Outbox(this, unsent, config.sessionBacklogBytesMax)
    this.#catchingUp = new CatchingUp(this)
  }

  get remoteAddress(): string {
    return this.caller.remoteAddress
  }

  get isPaused(): boolean {
    return this.#intake.isPaused
  }

  /** What was written and the network has not taken yet. */
  get unsentBytes(): number {
    return this.wire.unsentBytes
  }

  /** A message of the client, whole. Never throws. */
  receive(data: Uint8Array): void {
    if (this.readyState !== open) return
    this.heard()
    this.#intake.take(data.length)
    // Unless that was the one too many.
    if (this.readyState !== open) return
    this.#inbox.receive(data)
    this.#share()
  }

  endTurn(): boolean {
    this.#isInTurn = false
    this.#inbox.endTurn()
    if (this.#isEnding && this.#inbox.isEmpty) this.#gone()
    return !this.#inbox.isEmpty
  }

  takeShare(): void {
    if (this.#inbox.isEmpty) return this.#intake.readOn()
    this.#inbox.takeShare()
    this.#share()
  }

  /** Writes a whole frame, together with what else is written in this step. */
  write(frame: Buffer, when: Urgency = urgency.first): void {
    if (this.readyState !== open) return
    this.#outbox.write(frame, when)
  }

  get mayTakeMore(): boolean {
    return this.#outbox.mayTakeMore
  }

  fellBehind(): void {
    this.#catchingUp.await()
  }

  /** What waits is more than may: one large document alone is not. */
  onFull(bytes: number, bytesMax: number): void {
    this.end('too-slow', `${bytes} bytes unsent > ${bytesMax}`)
  }

  /** A connection takes nothing more: a wire for this one room has no other way to say so. */
  stopped(address: string, code: ErrorCode): void {
    if (this.wire.isForOneRoom) this.#sayDenied(address, code)
  }

  /** An answer took this long that anybody may ask for. */
  worked(ms: number): void {
    this.#intake.rest(ms)
  }

  get isOpen(): boolean {
    return this.readyState === open
  }

  /** What was written and the reader has not taken. */
  get waitingBytes(): number {
    return this.#outbox.waitingBytes
  }

  /** Ends the session with the code and name of a refusal. */
  end(code: ErrorCode, detail: string): void {
    if (this.readyState !== open) return
    this.#parts.metrics.refused(code)
    this.#parts.logger.debug({ code, detail, address: this.remoteAddress }, 'session ended')
    this.close(errorCodes[code].close, writeReason(code, detail))
  }

  close(code = 1000, reason = ''): void {
    if (this.readyState !== open) return
    this.#outbox.release()
    this.#users.owe(this.#intake.owed)
    this.#outbox.end()
    this.readyState = closing
    this.#inbox.clear()
    this.#intake.end()
    this.wire.close(code, reason)
    after(closeMsMax, () => this.wire.terminate())
  }

  /** The socket is gone. What it sent last is applied; then everybody is told that it left. */
  closed(): void {
    if (this.readyState === closed) return
    if (this.readyState === open) this.#users.owe(this.#intake.owed)
    this.#outbox.end()
    this.readyState = closed
    this.#isEnding = !this.#inbox.isEmpty
    if (!this.#isEnding) this.#gone()
  }

  /** The token is good. @throws RoomlogError 'too-many': its user has too many sessions */
  authenticated(identity: Identity): void {
    if (this.readyState === open) this.#intake.owe(this.#users.add(identity))
    this.#hasAuthenticated = true
  }

  leave(address: string): void {
    const connection = this.connections.get(address)
    this.connections.delete(address)
    this.#beat()
    connection?.leave()
  }

  /** Ends one room of this session: the client is told why, and not to come back by itself. */
  expelFrom(address: string, reason: ErrorCode): void {
    this.#sayDenied(address, reason)
    // A provider that is only denied would go on to look as if it were in step with the room.
    this.write(closeFrame(this.wire.prefixFor(address), reason))
    this.leave(address)
  }

  /** Ends the rooms of this session that the access does not cover any more. */
  expel(isAffected: (identity: Identity) => boolean, reason: ErrorCode): void {
    for (const [address, { access }] of this.connections)
      if (isAffected(access.identity)) this.expelFrom(address, reason)
  }

  /** Once a second: deadlines, silence, and whether the log takes more again. */
  sweep(now: number, date: number): void {
    const { authTimeoutMs, stallTimeoutMs } = this.#parts.config
    if (this.readyState !== open) return
    if (!this.wire.isOpen) return this.wire.terminate()
    if (!this.#hasAuthenticated && now - this.#openedAt > authTimeoutMs)
      return this.end('auth-timeout', `no token within ${authTimeoutMs} ms`)
    if (this.#outbox.stalledMs(now) > stallTimeoutMs)
      return this.end('too-slow', `nothing read for ${stallTimeoutMs} ms`)
    this.#catchingUp.goOn()
    this.expel(({ expiresAt }) => expiresAt !== null && expiresAt <= date, 'token-invalid')
    if (this.#silence.mustAsk(now, this.#outbox.writtenAt)) {
      this.wire.ping()
      if (this.#understandsPing) this.write(pingFrame)
    }
    if (this.#intake.isPaused) this.#intake.sweep(now)
    else if (this.#silence.isTooLong(now)) this.end('idle', `nothing heard for ${this.#silence.goneMs} ms`)
  }

  #beat(): void {
    this.#silence.isIn([...this.connections.values()].map(({ room }) => room.name))
  }

  /** The answer to a ping, or anything else that shows that somebody is there. */
  heard(): void {
    this.#silence.heard()
  }

  #gone(): void {
    for (const address of [...this.connections.keys()]) this.leave(address)
    this.#joining.clear()
    this.#users.clear()
    this.#parts.onClosed(this)
  }

  #share(): void {
    this.#intake.work(!this.#inbox.isEmpty)
    if (this.#isInTurn || !this.#inbox.isInTurn) return
    this.#isInTurn = true
    this.#parts.turn.share(this)
  }

  #receiveFirst(frames: readonly Uint8Array[]): void {
    this.#inbox.receiveFirst(frames)
    this.#share()
  }

  takeUp(data: Uint8Array): void {
    if (isSign(data)) return
    if (isProbe(data)) return this.write(pongFrame)
    try {
      this.#dispatch(data)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.end('message-malformed', error.message)
    }
  }

  #dispatch(data: Uint8Array): void {
    const reader = new MessageReader(data)
    const address = reader.text()
    const type = reader.uint()
    const connection = this.connections.get(address)
    if (type === messageType.auth) return this.#authenticate(address, reader, data)
    if (type === messageType.close && connection !== undefined) return this.leave(address)
    const { frameBytesMax } = this.#parts.config
    if (data.length > frameBytesMax) {
      connection?.refuse('too-large', `a frame of ${data.length} bytes > ${frameBytesMax}`)
      return
    }
    if (connection === undefined) return this.#keep(address, data)
    // What the role allows, of one connection; the session has paid already.
    if (connection.pace !== null) this.#intake.take(data.length, connection.pace)
    connection.receive(type, reader)
  }

  /** @throws RangeError */
  #authenticate(address: string, reader: MessageReader, data: Uint8Array): void {
    const shown = readTokenMessage(address, reader)
    if (typeof shown === 'string') return this.#deny(address.slice(0, addressLengthMax), shown)
    this.#understandsPing ||= shown.understandsPing
    const connection = this.connections.get(address)
    if (connection !== undefined) return void this.#renew(connection, shown.token)
    // Of a provider that takes the place of one that was destroyed before its room was open.
    if (this.#joining.has(address)) return this.#keep(address, data)
    const { roomsPerSessionMax: most } = this.#parts.config
    if (this.connections.size + this.#joining.size >= most)
      return this.#deny(address, 'too-many', describeExcess(tooManyHere('rooms in one session', most)))
    this.#joining.begin(address)
    void this.#join(address, shown)
  }

  async #join(address: string, { room: name, token }: TokenMessage): Promise<void> {
    const { door } = this.#parts
    const entrance = await door.enter(this, name, token)
    const isWaiting = this.readyState === open && this.#joining.has(address)
    if (entrance instanceof RoomlogError) {
      if (isWaiting) this.#refused(address, entrance)
    } else if (isWaiting) this.#enter(address, entrance)
    else door.leave(entrance.room)
  }

  async #renew(connection: Connection, token: string): Promise<void> {
    const { address, room, access } = connection
    const renewed = await this.#parts.door.renew(room.name, access, token)
    if (this.connections.get(address) !== connection) return
    if (!(renewed instanceof RoomlogError)) connection.changeAccess(renewed)
    else if (errorCodes[renewed.reason].retry) this.end(renewed.reason, renewed.message)
    else this.expelFrom(address, renewed.reason)
  }

  /** The token was good and the room is open: what waited for that is taken now, in its order. */
  #enter(address: string, { room, access }: { readonly room: Room; readonly access: Access }): void {
    const prefix = sharedPrefix(this.wire.prefixFor(address), room.prefix)
    this.write(authenticatedFrame(prefix, access.mayWrite))
    const entered = new Connection(this.#parts, this, { address, prefix, room, access })
    this.connections.set(address, entered)
    this.#beat()
    this.#receiveFirst(this.#joining.end(address))
    this.#parts.entered(this, address)
  }

  #keep(address: string, data: Uint8Array): void {
    const excess = this.#joining.keep(address, data)
    if (excess !== null) this.end('too-many', describeExcess(excess))
  }

  #refused(address: string, { reason, message }: RoomlogError): void {
    const frames = this.#joining.endRefused(address)
    if (errorCodes[reason].retry) return this.end(reason, message)
    this.#deny(address, reason)
    this.#receiveFirst(frames)
  }

  #deny(address: string, code: ErrorCode, detail = ''): void {
    this.#sayDenied(address, code, detail)
    if (++this.#refusals > refusalsMax)
      this.end('too-many', describeExcess(tooManyHere('refused rooms or tokens', refusalsMax)))
  }

  /** A wire for this one room is of no use without it. */
  #sayDenied(address: string, code: ErrorCode, detail = ''): void {
    this.#parts.metrics.refused(code)
    this.write(permissionDeniedFrame(this.wire.prefixFor(address), writeReason(code, detail)))
    if (this.wire.isForOneRoom) this.close(errorCodes[code].close, writeReason(code, detail))
  }
}
