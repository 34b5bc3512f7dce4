import { connect, type Socket } from 'node:net'
import { connect as connectSecurely } from 'node:tls'
import * as decoding from 'lib0/decoding'
import { clientFrame, createFrameReader, opcodes } from './frames.ts'
import {
  answerMessage,
  askMessage,
  authMessage,
  type Protocol,
  prefixOf,
  steps,
  types,
  updateMessage
} from './messages.ts'

/** Where a server listens, and what it speaks. */
export interface Target {
  readonly protocol: Protocol
  readonly host: string
  readonly port: number
  readonly isSecure: boolean
  /** Path of the WebSocket; y-websocket has the room in it, behind this. */
  readonly path: string
}

/** What a client brings along; without any of it, it is a stranger with empty hands. */
export interface Luggage {
  readonly token?: string
  /** Of an earlier stay: it asks for what it lacks, and answers with all of it where the server has nothing. */
  readonly document?: Held
  /** Where it comes from: one address has too few ports for tens of thousands. */
  readonly localAddress?: string
}

export interface Held {
  readonly update: Uint8Array
  readonly stateVector: Uint8Array
}

const upgradeEnd = Buffer.from('\r\n\r\n')

/**
 * One client in one room: a TCP socket that carries WebSocket frames and protocol messages, never a Y.Doc.
 *
 * It greets like the stock providers do and then only counts what it hears. Set the handlers before the
 * first update is sent.
 */
export class Client {
  readonly room: string
  readonly prefix: Uint8Array
  /** Resolves with the document's update when the answer to "I have nothing" is there, whole; never, if it is lost. */
  readonly synced: Promise<Uint8Array>
  /** Resolves when the socket is closed: with null if we closed it, else with the reason. */
  readonly closed: Promise<Error | null>
  /** Called for each acknowledgement. */
  onAcknowledge: () => void = () => {}
  /** Called for each update of the room; the bytes are a view that is valid until it returns. */
  onUpdate: (update: Uint8Array) => void = () => {}
  /** Called for each awareness message; the bytes are a view that is valid until it returns. */
  onAwareness: (message: Uint8Array) => void = () => {}
  /** performance.now() of the last frame. */
  heardAt = 0
  /** Why the server closed the socket, in its words; null: it did not say, or is not closed. */
  refusal: string | null = null

  readonly #socket: Socket
  readonly #greeted: (update: Uint8Array) => void
  readonly #luggage: Luggage
  #closing = false

  constructor(target: Target, room: string, luggage: Luggage = {}) {
    this.room = room
    this.#luggage = luggage
    this.prefix = prefixOf(target.protocol, room)
    const { promise, resolve: greeted } = Promise.withResolvers<Uint8Array>()
    this.synced = promise
    this.#greeted = greeted
    this.#socket = open(target, luggage.localAddress)
    const { promise: closed, resolve } = Promise.withResolvers<Error | null>()
    this.closed = closed
    let reason: Error | null = null
    this.#socket.on('error', (error) => {
      reason = error
    })
    this.#socket.once('close', () => {
      reason ??= new Error(`${room}: the server closed the socket`)
      resolve(this.#closing ? null : reason)
    })
    this.#upgrade(target)
  }

  /** Whole frames as `frameOf` or `KeyPresses` make them; several may be joined. */
  write(frames: Buffer): void {
    this.#socket.write(frames)
  }

  /** Bytes that were written and the server has not taken. */
  get unsentBytes(): number {
    return this.#socket.writableLength
  }

  get bytesRead(): number {
    return this.#socket.bytesRead
  }

  frameOf(update: Uint8Array): Buffer {
    return clientFrame(updateMessage(this.prefix, update))
  }

  close(): void {
    this.#closing = true
    this.#socket.destroy()
  }

  #upgrade(target: Target): void {
    const path = target.protocol === 'y-websocket' ? `${target.path}${this.room}${this.#query}` : target.path
    const host = target.host.includes(':') ? `[${target.host}]` : target.host
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: ${host}:${target.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
        'Sec-WebSocket-Key: cm9vbWxvZy1iZW5jaC1rZQ==\r\nSec-WebSocket-Version: 13\r\n\r\n'
    )
    const read = createFrameReader((opcode, buffer, start, end) => this.#frame(opcode, buffer, start, end))
    let head = Buffer.alloc(0)
    const onHead = (chunk: Buffer): void => {
      head = Buffer.concat([head, chunk])
      const end = head.indexOf(upgradeEnd)
      if (end < 0) return
      if (!head.toString('latin1', 0, end).startsWith('HTTP/1.1 101')) {
        this.#fail(`no upgrade: ${head.toString('latin1', 0, head.indexOf('\r\n'))}`)
        return
      }
      this.#socket.off('data', onHead)
      this.#socket.on('data', (data: Buffer) => {
        this.heardAt = performance.now()
        read(data)
      })
      this.#greet(target.protocol)
      if (end + upgradeEnd.byteLength < head.byteLength) read(head.subarray(end + upgradeEnd.byteLength))
    }
    this.#socket.on('data', onHead)
  }

  /** y-websocket has no message for a token. */
  get #query(): string {
    const { token } = this.#luggage
    return token === undefined ? '' : `?token=${encodeURIComponent(token)}`
  }

  #greet(protocol: Protocol): void {
    const { token, document } = this.#luggage
    const ask = clientFrame(askMessage(this.prefix, document?.stateVector))
    this.write(
      protocol === 'hocuspocus' ? Buffer.concat([clientFrame(authMessage(this.prefix, token)), ask]) : ask
    )
  }

  #frame(opcode: number, buffer: Buffer, start: number, end: number): void {
    if (opcode === opcodes.binary) this.#message(buffer, start + this.prefix.byteLength, end)
    else if (opcode === opcodes.ping) this.write(clientFrame(buffer.subarray(start, end), opcodes.pong))
    else if (opcode === opcodes.close && !this.#closing) {
      this.refusal = buffer.toString('utf8', start + 2, end)
      this.#fail(`close frame ${end - start >= 2 ? buffer.readUInt16BE(start) : ''} ${this.refusal}`)
    }
  }

  #message(buffer: Buffer, at: number, end: number): void {
    const type = buffer[at]
    if (type === types.status) {
      if (buffer[at + 1] === 1) this.onAcknowledge()
      else this.#fail('an update was refused')
    } else if (type === types.sync || type === types.syncReply) {
      this.#sync(buffer[at + 1] ?? -1, buffer.subarray(at + 2, end))
    } else if (type === types.awareness) {
      this.onAwareness(buffer.subarray(at + 1, end))
    } else if (type === types.auth && buffer[at + 1] !== 2) {
      this.#fail(`denied: ${buffer.toString('utf8', at + 2, end)}`)
    } else if (type === types.close) {
      this.#fail(`room closed: ${buffer.toString('utf8', at + 1, end)}`)
    }
  }

  #sync(step: number, rest: Uint8Array): void {
    if (step === steps.ask) {
      // A state vector with nothing in it is its length and one zero.
      const isEmpty = rest.byteLength <= 2
      this.write(
        clientFrame(answerMessage(this.prefix, isEmpty ? this.#luggage.document?.update : undefined))
      )
      return
    }
    const update = decoding.readVarUint8Array(decoding.createDecoder(rest))
    if (step === steps.update) this.onUpdate(update)
    else this.#greeted(Uint8Array.from(update))
  }

  /** Whoever waits hears of it by `closed`. */
  #fail(why: string): void {
    this.#socket.destroy(new Error(`${this.room}: ${why}`))
  }
}

const open = ({ host, port, isSecure }: Target, localAddress: string | undefined): Socket => {
  const where = localAddress === undefined ? { host, port } : { host, port, localAddress }
  return isSecure ? connectSecurely(where) : connect({ ...where, noDelay: true })
}
