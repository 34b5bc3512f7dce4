/**
 * The Hocuspocus provider's socket, without what its own policy decides: when to connect, when a link is dead, and
 * what to do with frames that were made while there was none.
 */
import { type HocuspocusProvider, HocuspocusProviderWebsocket, MessageType } from '@hocuspocus/provider'
import * as decoding from 'lib0/decoding'
import { after } from '../clock.ts'
import { StreamSocket } from './stream-socket.ts'
import type { Way } from './ways.ts'

interface SocketHandlers {
  opened(): void
  heard(): void
  /** The connection, or the attempt at one, ended. */
  ended(code: number, reason: string): void
}

/** What a server says when it ends a connection, and what we say when we do. */
interface Ending {
  readonly code: number
  readonly reason: string
}

export class Socket extends HocuspocusProviderWebsocket {
  readonly #handlers: SocketHandlers
  /** Rooms that were left on this connection, until the server has said that they are. */
  readonly #leaving = new Map<string, PromiseWithResolvers<void>>()

  constructor(url: string, handlers: SocketHandlers) {
    super({ url, autoConnect: false, maxAttempts: 1, messageReconnectTimeout: neverMs })
    this.#handlers = handlers
    this.on('open', () => {
      // The server answers at once; something in between that takes sockets and passes nothing on does not.
      this.send(Uint8Array.of(MessageType.Ping))
      handlers.opened()
    })
    this.on('message', (event: MessageEvent<ArrayBuffer>) => {
      handlers.heard()
      if (this.#leaving.size > 0) this.#noticeLeft(event.data)
    })
    // An attempt can fail without a socket that closes: the browser refuses the address.
    this.on('maxAttemptsFailed', () => handlers.ended(0, ''))
  }

  /** Frames for a closed socket are dropped: the handshake after the next opening carries what is missing. */
  override send(frame: Uint8Array<ArrayBuffer>): void {
    if (this.webSocket?.readyState === WebSocket.OPEN) this.webSocket.send(frame)
  }

  connectBy(way: Way): void {
    this.configuration.WebSocketPolyfill = sockets[way]
    // Its outcome comes as `opened` or `ended`.
    void this.connect()
  }

  /** The answer to our ping is of no room. */
  override onMessage(event: MessageEvent<ArrayBuffer>): void {
    if (event.data.byteLength > 1) super.onMessage(event)
    else if (new Uint8Array(event.data)[0] === MessageType.Pong) this.resolveConnectionAttempt()
    else super.onMessage(event)
  }

  /** The provider would connect again by itself, after a second for everybody. */
  override onClose(closed: { event: CloseEvent }): void {
    this.shouldConnect = false
    super.onClose(closed)
    for (const leaving of this.#leaving.values()) leaving.resolve()
    this.#handlers.ended(closed.event.code, closed.event.reason)
  }

  /** A room that is entered again before the server has let go of it would not be heard. */
  override attach(provider: HocuspocusProvider): void {
    const leaving = this.#leaving.get(provider.effectiveName)
    if (leaving === undefined) super.attach(provider)
    else void leaving.promise.then(() => provider.isAttached && super.attach(provider))
  }

  override detach(provider: HocuspocusProvider): void {
    const name = provider.effectiveName
    const isThere = this.configuration.providerMap.get(name) === provider
    super.detach(provider)
    if (!isThere || this.webSocket?.readyState !== WebSocket.OPEN) return
    const leaving = Promise.withResolvers<void>()
    const cancel = after(leaveWithinMs, leaving.resolve)
    this.#leaving.set(name, leaving)
    void leaving.promise.then(() => {
      cancel()
      if (this.#leaving.get(name) === leaving) this.#leaving.delete(name)
    })
  }

  #noticeLeft(message: ArrayBuffer): void {
    if (message.byteLength <= 1) return
    const decoder = decoding.createDecoder(new Uint8Array(message))
    const leaving = this.#leaving.get(decoding.readVarString(decoder))
    if (leaving !== undefined && decoding.readVarUint(decoder) === MessageType.CLOSE) leaving.resolve()
  }

  /** Ends the connection now: a dead link would keep a proper close waiting for its answer. */
  cut({ code, reason }: Ending): void {
    this.emit('close', { event: { code, reason } })
  }
}

const sockets: Record<Way, new (url: string) => unknown> = {
  websocket: WebSocket,
  stream: StreamSocket,
  poll: class extends StreamSocket {
    constructor(url: string) {
      super(url, true)
    }
  }
}

/** A server that was never told of the room does not say that it was left. */
const leaveWithinMs = 1000

// Our heartbeat finds dead links; the provider's would find them after half a minute.
const neverMs = 2 ** 30
