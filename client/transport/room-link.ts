/** One room on the connection: the Hocuspocus provider, and what it does not tell. */
import { HocuspocusProvider, MessageType } from '@hocuspocus/provider'
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { Awareness } from 'y-protocols/awareness'
import { messageYjsSyncStep1, messageYjsSyncStep2 } from 'y-protocols/sync'
import type * as Y from 'yjs'
import {
  type ClientMessage,
  decodeServerMessage,
  encodeMessage,
  type ServerMessage
} from '../../schema/messages.ts'
import type { RoomName } from '../../schema/room-name.ts'
import type { Socket } from './socket.ts'

interface LinkHandlers {
  /** A token for the connection that was just opened. */
  token(): Promise<string>
  authenticated(): void
  /** The token or the room was refused, or the room was ended. */
  denied(reason: string): void
  /** Both sides have sent what the other lacked; what is changed from now on is sent at once, in order. */
  linked(): void
  unlinked(): void
  received(message: ServerMessage): void
  /** An update was not applied. */
  notApplied(): void
  /** Our own awareness state as the server shows it to others. */
  shown(state: unknown): void
}

interface LinkOptions {
  readonly socket: Socket
  readonly name: RoomName
  readonly doc: Y.Doc
  readonly handlers: LinkHandlers
}

export interface RoomLink {
  /** The origin of what comes from the server. */
  readonly origin: object
  readonly awareness: Awareness
  readonly isAuthenticated: boolean
  attach(): void
  /** Authenticates and syncs again on the open connection. */
  again(): void
  send(message: ClientMessage): void
  /** Asks for everybody's presence, which the server answers at once. */
  askPresence(): void
  destroy(): void
}

export const createRoomLink = ({ socket, name, doc, handlers }: LinkOptions): RoomLink => {
  const awareness = new Awareness(doc)
  const provider = new RoomProvider(
    { name, websocketProvider: socket, document: doc, awareness, token: handlers.token },
    handlers
  )
  provider.on('authenticated', () => handlers.authenticated())
  provider.on('authenticationFailed', ({ reason }: { reason: string }) => handlers.denied(reason))
  provider.on('stateless', ({ payload }: { payload: string }) => {
    const message = decodeServerMessage(payload)
    if (message !== null) handlers.received(message)
  })
  return {
    origin: provider,
    awareness,
    get isAuthenticated() {
      return provider.isAuthenticated
    },
    attach: () => provider.attach(),
    again: () => void provider.onOpen(new Event('open')),
    send: (message) => provider.sendStateless(encodeMessage(message)),
    askPresence: () => {
      const encoder = encoding.createEncoder()
      encoding.writeVarString(encoder, name)
      encoding.writeVarUint(encoder, MessageType.QueryAwareness)
      socket.send(encoding.toUint8Array(encoder))
    },
    destroy: () => provider.destroy()
  }
}

/**
 * Sends no update before the handshake is through. One that is made earlier builds on what the server does not have
 * yet, and is part of the sync step 2 that the server asks for anyway.
 */
class RoomProvider extends HocuspocusProvider {
  readonly #handlers: LinkHandlers
  #hasTheirs = false
  #hasOurs = false
  #isShown = false

  constructor(configuration: ConstructorParameters<typeof HocuspocusProvider>[0], handlers: LinkHandlers) {
    super(configuration)
    this.#handlers = handlers
  }

  override startSync(): void {
    this.#reset()
    super.startSync()
  }

  override documentUpdateHandler(update: Uint8Array, origin: unknown): void {
    if (this.#hasOurs) super.documentUpdateHandler(update, origin)
  }

  override onMessage(event: MessageEvent<ArrayBuffer>): void {
    const decoder = decoding.createDecoder(new Uint8Array(event.data))
    decoding.readVarString(decoder)
    const type = decoding.readVarUint(decoder)
    // Of a connection that was here before, on the same socket: its answers are not for this document.
    if (type !== MessageType.Auth && !this.isAuthenticated) return
    const wasLinked = this.#hasTheirs && this.#hasOurs
    super.onMessage(event)
    if (type === MessageType.Sync) this.#synced(decoding.readVarUint(decoder))
    if (type === MessageType.SyncStatus && decoding.readVarUint(decoder) === 0) this.#handlers.notApplied()
    // One that follows a refusal has been dealt with.
    if (type === MessageType.CLOSE && wasLinked) this.#handlers.denied(decoding.readVarString(decoder))
    if (type === MessageType.Awareness && !this.#isShown) this.#look(decoding.readVarUint8Array(decoder))
  }

  override onClose(): void {
    super.onClose()
    this.#unlink()
  }

  override permissionDeniedHandler(reason: string): void {
    this.#unlink()
    super.permissionDeniedHandler(reason)
  }

  #synced(step: number): void {
    const wasLinked = this.#hasTheirs && this.#hasOurs
    if (step === messageYjsSyncStep1) this.#hasOurs = true
    if (step === messageYjsSyncStep2) this.#hasTheirs = true
    if (!wasLinked && this.#hasTheirs && this.#hasOurs) this.#handlers.linked()
  }

  /** An awareness that hears of itself under its own clock ignores it, and the server's stamp with it. */
  #look(states: Uint8Array): void {
    const decoder = decoding.createDecoder(states)
    for (let left = decoding.readVarUint(decoder); left > 0; left--) {
      const id = decoding.readVarUint(decoder)
      decoding.readVarUint(decoder)
      const json = decoding.readVarString(decoder)
      if (id !== this.document.clientID || json === 'null') continue
      this.#isShown = true
      this.#handlers.shown(JSON.parse(json))
    }
  }

  #unlink(): void {
    const wasLinked = this.#hasTheirs && this.#hasOurs
    this.#reset()
    if (wasLinked) this.#handlers.unlinked()
  }

  #reset(): void {
    this.#hasTheirs = false
    this.#hasOurs = false
    this.#isShown = false
  }
}
