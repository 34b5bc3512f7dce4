import { WebSocket } from 'ws'
import * as Y from 'yjs'
import { authMessage, readMessage, syncMessage } from './raw-messages.ts'

/** How a session ended. */
export interface Parting {
  readonly code: number
  readonly reason: string
}

const nothing = { stateVector: Uint8Array.of(0), update: Uint8Array.of(0, 0) }

/**
 * Somebody who types into a room without waiting, and is never heard of again: what is not acknowledged when the socket
 * closes is gone with the writer. Each character is one update in one frame.
 */
export class Typist {
  readonly client: number
  /** The root type that nobody else writes to. */
  readonly root: string
  /** Resolves when the socket is closed. */
  readonly closed: Promise<Parting>
  /** Called for each acknowledgement of an update. */
  onAcknowledge: () => void = () => {}
  /** All that was typed. */
  text = ''
  /** So many characters, from the first, are saved: so the server says. */
  acknowledged = 0
  /** What was refused, and why. */
  readonly refusals: string[] = []
  readonly #socket: WebSocket
  readonly #room: string
  readonly #document = new Y.Doc()
  readonly #opened = Promise.withResolvers<void>()
  #isOpen = false

  private constructor(wsUrl: string, room: string) {
    this.#room = room
    this.client = this.#document.clientID
    this.root = `of-${this.client}`
    this.#socket = new WebSocket(`${wsUrl}/ws`, { perMessageDeflate: false })
    this.#socket.on('open', () => this.#greet())
    this.#socket.on('message', (data: Buffer) => this.#receive(data))
    this.#socket.on('error', (error) => this.#opened.reject(error))
    this.closed = new Promise((resolve) => {
      this.#socket.on('close', (code, reason) => {
        this.#opened.reject(new Error(`closed with ${code} ${reason}`))
        resolve({ code, reason: String(reason) })
      })
    })
    this.#document.on('update', (update: Uint8Array) => this.#send(syncMessage(room, 2, update)))
  }

  /** Resolves when the room is open and both sides have said that they lack nothing. */
  static async open(wsUrl: string, room: string): Promise<Typist> {
    const typist = new Typist(wsUrl, room)
    await typist.#opened.promise
    return typist
  }

  type(text: string): void {
    for (const character of text) {
      this.#document.getText(this.root).insert(this.text.length, character)
      this.text += character
    }
  }

  get isAllAcknowledged(): boolean {
    return this.acknowledged === this.text.length
  }

  /** Leaves as a tab does that crashes. */
  leave(): void {
    this.#socket.terminate()
  }

  #greet(): void {
    this.#send(authMessage(this.#room, ''))
    this.#send(syncMessage(this.#room, 0, nothing.stateVector))
    this.#send(syncMessage(this.#room, 1, nothing.update))
  }

  #send(message: Uint8Array): void {
    if (this.#socket.readyState === WebSocket.OPEN) this.#socket.send(message)
  }

  #receive(data: Buffer): void {
    const heard = readMessage(data)
    if (heard.kind === 'status' && heard.isSaved) this.#acknowledge()
    else if (heard.kind === 'denied') this.#refused(heard.reason)
    else if (heard.kind === 'message' && heard.message.type === 'refused') this.#refused(heard.message.code)
  }

  /** The first one is for what was said at the beginning. */
  #acknowledge(): void {
    if (!this.#isOpen) {
      this.#isOpen = true
      return this.#opened.resolve()
    }
    this.acknowledged++
    this.onAcknowledge()
  }

  #refused(reason: string): void {
    this.refusals.push(reason)
    this.#opened.reject(new Error(`refused: ${reason}`))
  }
}
