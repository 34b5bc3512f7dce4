/**
 * The Hocuspocus provider's socket, without what its own policy decides: when to connect, when a link is dead, and
 * what to do with frames that were made while there was none.
 */
import { HocuspocusProviderWebsocket } from '@hocuspocus/provider'

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

  constructor(url: string, handlers: SocketHandlers) {
    super({ url, autoConnect: false, maxAttempts: 1, messageReconnectTimeout: neverMs })
    this.#handlers = handlers
    this.on('open', () => handlers.opened())
    this.on('message', () => handlers.heard())
    // An attempt can fail without a socket that closes: the browser refuses the address.
    this.on('maxAttemptsFailed', () => handlers.ended(0, ''))
  }

  /** Frames for a closed socket are dropped: the handshake after the next opening carries what is missing. */
  override send(frame: Uint8Array<ArrayBuffer>): void {
    if (this.webSocket?.readyState === WebSocket.OPEN) this.webSocket.send(frame)
  }

  /** The provider would connect again by itself, after a second for everybody. */
  override onClose(closed: { event: CloseEvent }): void {
    this.shouldConnect = false
    super.onClose(closed)
    this.#handlers.ended(closed.event.code, closed.event.reason)
  }

  /** Ends the connection now: a dead link would keep a proper close waiting for its answer. */
  cut({ code, reason }: Ending): void {
    this.emit('close', { event: { code, reason } })
  }
}

// Our heartbeat finds dead links; the provider's would find them after half a minute.
const neverMs = 2 ** 30
