/**
 * One WebSocket: the seam between the network and the rooms, in which every frame is checked and from which every
 * frame leaves.
 *
 * Authentication, opening and closing of a room are Hocuspocus's (`ClientConnection`); to it the session is the
 * `WebSocketLike` that it talks to. Everything that carries content is the session's own: it never reaches
 * Hocuspocus, so nothing there can acknowledge or show what is not committed.
 *
 *   before the token     content is dropped: a provider repeats all of it in its sync step 2, and counts none of it
 *   token under way      content waits here, within bounds
 *   in the room          content goes to the room's `Connection`
 */

import { isUtf8 } from 'node:buffer'
import type { Socket } from 'node:net'
import type { Hocuspocus, Connection as HocuspocusConnection, WebSocketLike } from '@hocuspocus/server'
import type { WebSocket } from 'ws'
import { type ErrorCode, errorCodes, isErrorCode } from '../../schema/error-codes.ts'
import type { EntryMark } from '../../schema/messages.ts'
import { parseRoomName } from '../../schema/room-name.ts'
import { after, atEndOfStep, monotonic } from '../clock.ts'
import type { Config } from '../config.ts'
import type { Logger } from '../logger.ts'
import type { Metrics } from '../metrics.ts'
import type { Access, Identity } from '../room/authorize.ts'
import type { Room } from '../room/room.ts'
import { Connection } from './connection.ts'
import {
  addressPrefix,
  authType,
  frameOf,
  MessageReader,
  messageType,
  permissionDeniedFrame,
  pingFrame
} from './frames.ts'
import { RateLimit } from './limits.ts'
import { Outbox } from './outbox.ts'
import type { Busy } from './turn.ts'

export interface SessionParts {
  readonly ws: WebSocket
  /** The socket that the upgrade came on. */
  readonly socket: Socket
  readonly remoteAddress: string
  readonly config: Config
  readonly logger: Logger
  readonly metrics: Metrics
  /** Has a busy connection applied at the end of this turn. */
  join(busy: Busy): void
  /** False while the log has more waiting than it may hold. */
  mayTakeMore(): boolean
  recentEntries(room: Room): Promise<readonly EntryMark[]>
  onClosed(session: Session): void
}

/** What Hocuspocus makes of a socket; it does not export the name. */
type ClientConnection = ReturnType<Hocuspocus['handleConnection']>

const open = 1
const closing = 2
const closed = 3

/** What may wait, in one session, for tokens to be checked and logs to be read. */
const joiningBytesMax = 4 * 1024 * 1024
const joiningFramesMax = 2_000
const addressLengthMax = 256
/** Refused tokens before the session ends. */
const refusalsMax = 10
/** A provider gives its socket up after 30 s of silence, a proxy often after 60. */
const silenceMsMax = 20_000
/** A session that the log cannot take more from is asked to come back later. */
const pausedMsMax = 30_000
/** Whoever does not answer the close of a socket is cut off: the room may wait for it to be read anew. */
const closeMsMax = 2_000
const tokenBytesMax = 16_384
/** One session takes a fifth of the node's time at most. */
const restPerWork = 4
const workMsMin = 2

export class Session implements WebSocketLike {
  readyState = open
  readonly remoteAddress: string
  readonly connections = new Map<string, Connection>()
  readonly #parts: SessionParts
  /** Frames of rooms that are not open yet. */
  readonly #joining = new Map<string, Uint8Array[]>()
  #joiningBytes = 0
  readonly #frames: RateLimit
  readonly #bytes: RateLimit
  readonly #outbox: Outbox
  readonly #openedAt = monotonic()
  #client: ClientConnection | null = null
  #heardAt = monotonic()
  #pingedAt = 0
  #hasAuthenticated = false
  #understandsPing = false
  #refusals = 0
  #isPaused = false
  #pausedAt = 0
  /** Until when a sender that was too fast is not read. */
  #owesUntil = 0
  #cancelResume = (): void => {}

  constructor(parts: SessionParts) {
    this.#parts = parts
    this.remoteAddress = parts.remoteAddress
    this.#frames = new RateLimit(parts.config.framesPerSecondMax)
    this.#bytes = new RateLimit(parts.config.bytesPerSecondMax)
    const bytesMax = parts.config.sessionBacklogBytesMax
    this.#outbox = new Outbox({
      ws: parts.ws,
      socket: parts.socket,
      bytesMax,
      onFull: (bytes) => this.end('too-slow', `${bytes} bytes unsent > ${bytesMax}`)
    })
  }

  /** Hocuspocus's side of this socket. Its timer is replaced by our sweep. */
  serveBy(client: ClientConnection): void {
    clearInterval(client.pingInterval)
    this.#client = client
  }

  /** A message of the client, whole. Never throws. */
  receive(data: Uint8Array): void {
    if (this.readyState !== open) return
    this.#heardAt = monotonic()
    this.#slowDown(data.length)
    if (data.length === 1 && (data[0] === messageType.pong || data[0] === messageType.ping)) return
    try {
      this.#dispatch(data)
    } catch (error) {
      if (!(error instanceof RangeError)) throw error
      this.end('message-malformed', error.message)
    }
  }

  /** Of Hocuspocus: everything but content, which the connections write themselves. */
  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (!(data instanceof Uint8Array)) throw new TypeError('Hocuspocus sends Uint8Arrays')
    if (this.readyState !== open) return
    const reader = new MessageReader(data)
    const address = reader.text()
    const type = reader.uint()
    if (type === messageType.auth && reader.uint() === authType.permissionDenied)
      return this.#denied(address, reader.text())
    this.write(frameOf([data]))
  }

  /** Writes a whole frame, together with what else is written in this turn. */
  write(frame: Buffer): void {
    if (this.readyState !== open) return
    this.#outbox.write(frame)
  }

  /** Ends the session with the code and name of a refusal. */
  end(code: ErrorCode, detail: string): void {
    if (this.readyState !== open) return
    this.#parts.metrics.refused(code)
    this.#parts.logger.debug({ code, detail, address: this.remoteAddress }, 'session ended')
    this.close(errorCodes[code].close, code)
  }

  close(code = 1000, reason = ''): void {
    if (this.readyState !== open) return
    this.#outbox.release()
    this.readyState = closing
    this.#resume()
    this.#parts.ws.close(code, reason)
    after(closeMsMax, () => this.#parts.ws.terminate())
  }

  /** The socket is gone. What it sent last is applied; then everybody is told that it left. */
  closed(code: number, reason: string): void {
    if (this.readyState === closed) return
    this.readyState = closed
    for (const address of [...this.connections.keys()]) this.leave(address)
    this.#joining.clear()
    this.#client?.handleClose({ code, reason })
    this.#parts.onClosed(this)
  }

  /** The token was good and the room is loaded: what waited for that is taken now, in its order. */
  enter(connection: HocuspocusConnection, room: Room, access: Access): void {
    const address = connection.messageAddress
    const entered = new Connection({
      address,
      room,
      access,
      write: (frame) => this.write(frame),
      end: (code, detail) => this.end(code, detail),
      join: this.#parts.join,
      refused: this.#parts.metrics.refused,
      acknowledged: (ms) => this.#parts.metrics.acknowledged(ms / 1_000),
      worked: (ms) => this.#rest(ms),
      left: () => connection.close({ code: 1000, reason: 'left' }),
      recentEntries: this.#parts.recentEntries
    })
    this.connections.set(address, entered)
    connection.onClose(() => {
      // Not by us, and an old connection may close after a new one took its place.
      if (this.connections.get(address) !== entered) return
      this.leave(address)
      // A provider that is only told that its room was closed would stay connected to nothing.
      this.end('resync', `${address} was closed`)
    })
    for (const frame of this.#joined(address)) this.receive(frame)
  }

  leave(address: string): void {
    const connection = this.connections.get(address)
    this.connections.delete(address)
    connection?.leave()
  }

  /** Ends one room of this session: the client is told why, and not to come back by itself. */
  expelFrom(address: string, reason: ErrorCode): void {
    this.#parts.metrics.refused(reason)
    this.write(permissionDeniedFrame(addressPrefix(address), reason))
    this.leave(address)
  }

  /** Ends the rooms of this session that the access does not cover any more. */
  expel(isAffected: (identity: Identity) => boolean, reason: ErrorCode): void {
    for (const [address, connection] of [...this.connections]) {
      if (isAffected(connection.access.identity)) this.expelFrom(address, reason)
    }
  }

  /** Once a second: deadlines, silence, and whether the log takes more again. */
  sweep(now: number, date: number): void {
    const { authTimeoutMs, idleTimeoutMs } = this.#parts.config
    if (this.readyState !== open) return
    if (!this.#hasAuthenticated && now - this.#openedAt > authTimeoutMs)
      return this.end('auth-timeout', `no token within ${authTimeoutMs} ms`)
    this.expel(({ expiresAt }) => expiresAt !== null && expiresAt <= date, 'token-invalid')
    const silentSince = Math.min(this.#heardAt, this.#outbox.writtenAt)
    if (now - Math.max(silentSince, this.#pingedAt) > Math.min(silenceMsMax, idleTimeoutMs / 3)) {
      this.#pingedAt = now
      this.#parts.ws.ping()
      if (this.#understandsPing) this.write(pingFrame)
    }
    if (!this.#isPaused) {
      if (now - this.#heardAt > idleTimeoutMs) this.end('idle', `nothing heard for ${idleTimeoutMs} ms`)
    } else if (this.#parts.mayTakeMore()) this.#resumeWhenPaid()
    else if (now - this.#pausedAt > pausedMsMax)
      this.end('unavailable', `the log has taken nothing for ${pausedMsMax} ms`)
  }

  /** A WebSocket pong, or anything else that shows that somebody is there. */
  heard(): void {
    this.#heardAt = monotonic()
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
    if (connection !== undefined) return connection.receive(type, reader)
    const joining = this.#joining.get(address)
    if (joining !== undefined) this.#wait(joining, data)
  }

  /** @throws RangeError */
  #authenticate(address: string, reader: MessageReader, data: Uint8Array): void {
    const [name = ''] = address.split('\0', 1)
    if (address.length > addressLengthMax || parseRoomName(name) === null) {
      this.#parts.metrics.refused('room-name-invalid')
      this.#deny(address.slice(0, addressLengthMax), 'room-name-invalid')
      return
    }
    if (reader.uint() !== authType.token) throw new RangeError('an authentication message without a token')
    const token = reader.bytes()
    if (!isUtf8(token)) throw new RangeError('a token that is not UTF-8')
    // Providers that send their version know how to answer a ping.
    const version = reader.isAtEnd ? '' : reader.text()
    this.#understandsPing ||= version !== ''
    if (token.length > tokenBytesMax) {
      this.#parts.metrics.refused('token-invalid')
      return this.#deny(address, 'token-invalid')
    }
    if (!this.connections.has(address)) {
      const joining = this.#joining.get(address)
      // Of a provider that takes the place of one that was destroyed before its room was open.
      if (joining !== undefined) return this.#wait(joining, data)
      const { roomsPerSessionMax } = this.#parts.config
      if (this.connections.size + this.#joining.size >= roomsPerSessionMax) {
        this.#parts.metrics.refused('too-many')
        return this.#deny(address, 'too-many')
      }
      this.#joining.set(address, [])
    }
    this.#hand(data)
  }

  #wait(joining: Uint8Array[], data: Uint8Array): void {
    joining.push(Uint8Array.from(data))
    this.#joiningBytes += data.length
    if (this.#joiningBytes > joiningBytesMax || joining.length > joiningFramesMax) {
      this.end('too-many', `${joining.length} frames, ${this.#joiningBytes} bytes before the room was open`)
    }
  }

  /** The frames that waited for a room. */
  #joined(address: string): readonly Uint8Array[] {
    const frames = this.#joining.get(address) ?? []
    this.#joining.delete(address)
    for (const { length } of frames) this.#joiningBytes -= length
    return frames
  }

  #denied(address: string, reason: string): void {
    const frames = this.#joined(address)
    const code = isErrorCode(reason) ? reason : 'internal'
    this.#parts.metrics.refused(code)
    if (errorCodes[code].retry) return this.close(errorCodes[code].close, code)
    this.#deny(address, code)
    const next = frames.findIndex(isAuthentication)
    if (next === -1) return
    // Hocuspocus forgets the one that was denied after it has said so.
    atEndOfStep(() => {
      for (const frame of frames.slice(next)) this.receive(frame)
    })
  }

  #deny(address: string, code: ErrorCode): void {
    this.write(permissionDeniedFrame(addressPrefix(address), code))
    if (++this.#refusals >= refusalsMax) this.end('too-many', `${refusalsMax} refused rooms or tokens`)
  }

  authenticated(): void {
    this.#hasAuthenticated = true
  }

  #hand(data: Uint8Array): void {
    this.#client?.handleMessage(Uint8Array.from(data))
  }

  /** Whoever is too fast, or brings more than the log can take, is not read for a while: nothing of it is lost. */
  #slowDown(bytes: number): void {
    const waitMs = Math.max(this.#frames.take(1), this.#bytes.take(bytes))
    // Messages that were read already still come, and each of them adds to what is owed.
    if (waitMs > 0 || !this.#parts.mayTakeMore()) this.#pause(monotonic() + waitMs)
  }

  /** An answer took this long: the other sessions have their turn before this one can ask again. */
  #rest(workMs: number): void {
    if (workMs < workMsMin) return
    this.#pause(Math.max(this.#owesUntil, monotonic()) + workMs * restPerWork)
  }

  #pause(until: number): void {
    this.#owesUntil = Math.max(this.#owesUntil, until)
    if (this.#isPaused) return
    this.#isPaused = true
    this.#pausedAt = monotonic()
    this.#parts.ws.pause()
    this.#resumeWhenPaid()
  }

  #resumeWhenPaid(): void {
    this.#cancelResume()
    const waitMs = this.#owesUntil - monotonic()
    if (waitMs > 0) this.#cancelResume = after(waitMs, () => this.#resumeWhenPaid())
    else if (this.#parts.mayTakeMore()) this.#resume()
  }

  #resume(): void {
    if (!this.#isPaused) return
    this.#isPaused = false
    this.#heardAt = monotonic()
    this.#parts.ws.resume()
  }
}

const isAuthentication = (frame: Uint8Array): boolean => {
  const reader = new MessageReader(frame)
  reader.bytes()
  return reader.uint() === messageType.auth
}
