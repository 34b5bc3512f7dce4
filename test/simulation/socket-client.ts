/**
 * Somebody who edits a room over a WebSocket as a Hocuspocus provider does, and keeps a ledger of what was promised.
 *
 *   edit ──▶ document ──update──▶ server            shown ◀── document ◀── step 2, update
 *              │                                    ledger ◀── one acknowledgement per frame, in their order
 *              └── while away: waits for the next sync step 2, which brings all of it
 *
 * A connection that is lost is made again by itself, to a node that runs.
 */
import { setTimeout as sleep } from 'node:timers/promises'
import { WebSocket } from 'ws'
import {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates
} from 'y-protocols/awareness'
import * as Y from 'yjs'
import {
  authMessage,
  awarenessMessage,
  awarenessPayload,
  type Heard,
  readMessage,
  statelessMessage,
  syncMessage
} from '../support/raw-messages.ts'
import type { Change, Client, ClientParts } from './client.ts'
import { Ledger } from './ledger.ts'

const retryMsMin = 5
const retryMsMax = 250
/** So often it asks how far the log is. */
const flushEvery = 5

export class SocketClient implements Client {
  readonly name: string
  readonly room: string
  readonly document = new Y.Doc()
  readonly ledger = new Ledger()
  readonly wrongs: string[] = []
  address: string | null = null
  readonly #parts: ClientParts
  readonly #awareness = new Awareness(this.document)
  #socket: WebSocket | null = null
  /** Of each frame that waits for its acknowledgement: how many edits are saved with it. */
  #unacknowledged: number[] = []
  #node: number
  #isWanted = true
  #hasSentStep2 = false
  #isSynced = false
  #failures = 0

  constructor(parts: ClientParts) {
    this.#parts = parts
    this.name = parts.name
    this.room = parts.room
    this.#node = parts.node
    this.#awareness.setLocalState({ edits: 0 })
    this.#awareness.on('update', ({ added, updated }: Record<string, number[]>, origin: unknown) => {
      if (origin === 'local' && [...(added ?? []), ...(updated ?? [])].length > 0) this.#sendPresence()
    })
    this.document.on('update', (update: Uint8Array, origin: unknown) => this.#changed(update, origin))
    this.#connect()
  }

  get id(): number {
    return this.document.clientID
  }

  get isOnline(): boolean {
    return this.#isWanted
  }

  get node(): number {
    return this.#node
  }

  get isSettled(): boolean {
    return this.#isSynced && this.#unacknowledged.length === 0 && this.ledger.isAllAcknowledged
  }

  get seen(): ReadonlyMap<number, string | undefined> {
    return new Map([...this.#awareness.getStates()].map(([id, state]) => [id, state.user?.id]))
  }

  describe(): string {
    const { acknowledged, edits } = this.ledger
    const where =
      this.address === null ? 'without a connection' : `connected to node ${this.#node} or another`
    const synced = this.#isSynced ? 'synced' : 'not synced'
    return `${this.name}, ${where}, ${synced}: ${acknowledged} of ${edits.length} edits saved, ${this.#unacknowledged.length} frames not acknowledged; ${this.wrongs.join('; ') || 'nothing was refused'}`
  }

  write(change: Change): void {
    const { edits } = this.ledger
    edits.push(change(this.document, `${this.name}.${edits.length}`))
    this.#awareness.setLocalState({ edits: edits.length })
    if (edits.length % flushEvery === 0) this.#flush()
  }

  cut(): void {
    this.#socket?.terminate()
    if (this.#socket !== null) this.#lost(this.#socket)
  }

  move(node: number): void {
    this.#node = node
    this.#socket?.close()
    if (this.#socket !== null) this.#lost(this.#socket)
  }

  leave(): void {
    this.#isWanted = false
    this.cut()
  }

  comeBack(): void {
    if (this.#isWanted) return
    this.#isWanted = true
    this.#connect()
  }

  stopReading(): void {
    this.#socket?.pause()
  }

  readOn(): void {
    this.#socket?.resume()
  }

  close(): void {
    this.leave()
    this.#awareness.destroy()
    this.document.destroy()
  }

  #connect(): void {
    if (!this.#isWanted || this.#socket !== null) return
    const address = this.#parts.addressOf(this.#node)
    if (address === null) return void this.#connectLater()
    this.address = address
    const socket = new WebSocket(`${address}/ws`, { perMessageDeflate: false })
    this.#socket = socket
    socket.on('open', () => this.#greet())
    socket.on('message', (data: Buffer) => this.#receive(socket, data))
    // What went wrong is told by the close that follows.
    socket.on('error', () => socket.terminate())
    socket.on('close', () => this.#lost(socket))
  }

  async #connectLater(): Promise<void> {
    await sleep(Math.min(retryMsMax, retryMsMin * 2 ** this.#failures++))
    this.#connect()
  }

  #lost(socket: WebSocket): void {
    if (this.#socket !== socket) return
    this.#socket = null
    this.address = null
    this.#unacknowledged = []
    this.#hasSentStep2 = false
    this.#isSynced = false
    const others = [...this.#awareness.getStates().keys()].filter((id) => id !== this.id)
    removeAwarenessStates(this.#awareness, others, 'lost')
    void this.#connectLater()
  }

  #greet(): void {
    this.#send(authMessage(this.room, this.#parts.token))
    this.#send(syncMessage(this.room, 0, Y.encodeStateVector(this.document)))
    this.#sendPresence()
  }

  #changed(update: Uint8Array, origin: unknown): void {
    // Before the step 2 there is nothing to say: that has it.
    if (origin === this || !this.#hasSentStep2) return
    this.#sendContent(2, update, this.ledger.edits.length + 1)
  }

  #sendContent(step: 1 | 2, update: Uint8Array, edits: number): void {
    this.#unacknowledged.push(edits)
    this.#send(syncMessage(this.room, step, update))
  }

  #sendPresence(): void {
    const update = encodeAwarenessUpdate(this.#awareness, [this.id])
    this.#send(awarenessMessage(this.room, update))
  }

  #flush(): void {
    if (this.#hasSentStep2)
      this.#send(statelessMessage(this.room, `{"type":"flush","id":${this.ledger.edits.length}}`))
  }

  #send(message: Uint8Array): void {
    if (this.#socket?.readyState === WebSocket.OPEN) this.#socket.send(message)
  }

  #receive(socket: WebSocket, data: Buffer): void {
    // What was under way when the network lost it is lost.
    if (socket !== this.#socket) return
    this.#hear(readMessage(data))
  }

  #hear(heard: Heard): void {
    switch (heard.kind) {
      case 'step1':
        this.#hasSentStep2 = true
        return this.#sendContent(
          1,
          Y.encodeStateAsUpdate(this.document, heard.payload),
          this.ledger.edits.length
        )
      case 'step2':
        this.#isSynced = true
        this.#failures = 0
        return Y.applyUpdate(this.document, heard.payload, this)
      case 'update':
        return Y.applyUpdate(this.document, heard.payload, this)
      case 'status':
        return this.#told(heard.isSaved)
      case 'awareness':
        return applyAwarenessUpdate(this.#awareness, awarenessPayload(heard.entries), 'server')
      case 'message':
        if (heard.message.type === 'flushed') this.#flushed(heard.message)
        if (heard.message.type === 'refused')
          this.wrongs.push(`refused: ${heard.message.code}, ${heard.message.detail}`)
        return
      case 'denied':
        this.wrongs.push(`denied: ${heard.reason}`)
        return
      case 'close':
        return this.#socket?.close()
      default:
        return
    }
  }

  #told(isSaved: boolean): void {
    const edits = this.#unacknowledged.shift()
    if (!isSaved) return void this.wrongs.push('told that an edit is not saved')
    if (edits === undefined) return void this.wrongs.push('told that something is saved that was never sent')
    this.ledger.acknowledge(edits)
  }

  #flushed({ id, seq }: { readonly id: number; readonly seq: number }): void {
    this.ledger.acknowledge(id)
    this.ledger.flushedSeq = Math.max(this.ledger.flushedSeq, seq)
  }
}
