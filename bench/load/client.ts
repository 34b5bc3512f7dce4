import { connect, type Socket } from 'node:net'
import * as decoding from 'lib0/decoding'
import { clientFrame, createFrameReader, opcodes } from './frames.ts'
import {
  askMessage,
  authMessage,
  nothingMessage,
  type Protocol,
  prefixOf,
  steps,
  types,
  updateMessage
} from './messages.ts'

/** Where a server listens, and what it speaks. */
export interface Target {
  readonly protocol: Protocol
  readonly port: number
  /** Path of the WebSocket; y-websocket has the room in it, behind this. */
  readonly path: string
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
  /** performance.now() of the last frame. */
  heardAt = 0
  /** Why the server closed the socket, in its words; null: it did not say, or is not closed. */
  refusal: string | null = null

  readonly #socket: Socket
  readonly #greeted: (update: Uint8Array) => void
  #closing = false

  constructor(target: Target, room: string) {
    this.room = room
    this.prefix = prefixOf(target.protocol, room)
    const { promise, resolve: greeted } = Promise.withResolvers<Uint8Array>()
    this.synced = promise
    this.#greeted = greeted
    this.#socket = connect({ port: target.port, host: '127.0.0.1', noDelay: true })
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

  frameOf(update: Uint8Array): Buffer {
    return clientFrame(updateMessage(this.prefix, update))
  }

  close(): void {
    this.#closing = true
    this.#socket.destroy()
  }

  #upgrade(target: Target): void {
    const path = target.protocol === 'y-websocket' ? `${target.path}${this.room}` : target.path
    this.#socket.write(
      `GET ${path} HTTP/1.1\r\nHost: 127.0.0.1:${target.port}\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n` +
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

  #greet(protocol: Protocol): void {
    const ask = clientFrame(askMessage(this.prefix))
    this.write(protocol === 'hocuspocus' ? Buffer.concat([clientFrame(authMessage(this.prefix)), ask]) : ask)
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
    } else if (type === types.auth && buffer[at + 1] !== 2) {
      this.#fail(`denied: ${buffer.toString('utf8', at + 2, end)}`)
    } else if (type === types.close) {
      this.#fail(`room closed: ${buffer.toString('utf8', at + 1, end)}`)
    }
  }

  #sync(step: number, rest: Uint8Array): void {
    if (step === steps.ask) {
      this.write(clientFrame(nothingMessage(this.prefix)))
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
