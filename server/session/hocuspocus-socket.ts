/**
 * A session as Hocuspocus sees it: the socket that it talks to. What it says of tokens and rooms goes on to the client;
 * of content it knows nothing.
 */
import type { Hocuspocus, WebSocketLike } from '@hocuspocus/server'
import { authType, frameOf, MessageReader, messageType } from './frames.ts'

/** What Hocuspocus makes of a socket; it does not export the name. */
export type ClientConnection = ReturnType<Hocuspocus['handleConnection']>

export interface HocuspocusSocketParts {
  readonly readyState: () => number
  /** How messages to this address begin. */
  prefixFor(address: string): Uint8Array
  write(frame: Buffer): void
  /** The token or the room was refused: by this reason, as `HookRefusal` has it. */
  denied(address: string, reason: string): void
  close(code?: number, reason?: string): void
}

export class HocuspocusSocket implements WebSocketLike {
  readonly #parts: HocuspocusSocketParts
  #client: ClientConnection | null = null

  constructor(parts: HocuspocusSocketParts) {
    this.#parts = parts
  }

  /** Its timer is replaced by our sweep. */
  serveBy(client: ClientConnection): void {
    clearInterval(client.pingInterval)
    this.#client = client
  }

  /** Gives it a message of the client. */
  hand(message: Uint8Array): void {
    this.#client?.handleMessage(Uint8Array.from(message))
  }

  /** Tells it that the socket is gone. */
  gone(code: number, reason: string): void {
    this.#client?.handleClose({ code, reason })
  }

  get readyState(): number {
    return this.#parts.readyState()
  }

  send(data: string | ArrayBufferLike | Blob | ArrayBufferView): void {
    if (!(data instanceof Uint8Array)) throw new TypeError('Hocuspocus sends Uint8Arrays')
    const reader = new MessageReader(data)
    const address = reader.text()
    const message = data.subarray(reader.at)
    const isDenial = reader.uint() === messageType.auth && reader.uint() === authType.permissionDenied
    if (isDenial) this.#parts.denied(address, reader.text())
    else this.#parts.write(frameOf([this.#parts.prefixFor(address), message]))
  }

  close(code?: number, reason?: string): void {
    this.#parts.close(code, reason)
  }
}
