/**
 * The bytes on the wire: messages of the Hocuspocus protocol, and the WebSocket frames around them.
 *
 * A message is `[address][type][…]`, the address a length-prefixed room name (with `\0` and a session id behind it for
 * clients that open one room twice). A server's frames are not masked, so one Buffer serves every socket: frames are
 * made whole, once, and never changed after the first write.
 */
import { isUtf8 } from 'node:buffer'

export const messageType = {
  sync: 0,
  awareness: 1,
  auth: 2,
  queryAwareness: 3,
  syncReply: 4,
  stateless: 5,
  close: 7,
  syncStatus: 8,
  ping: 9,
  pong: 10
} as const

/** The three messages of the y-protocols sync protocol. */
export const syncStep = { one: 0, two: 1, update: 2 } as const

/** How an authentication message goes on. */
export const authType = { token: 0, permissionDenied: 1, authenticated: 2 } as const

const binary = 0x82

/** A whole unfragmented binary WebSocket frame of the parts, in order. */
export const frameOf = (parts: readonly Uint8Array[]): Buffer => {
  let length = 0
  for (const part of parts) length += part.length
  const header = length < 126 ? 2 : length < 65_536 ? 4 : 10
  const frame = Buffer.allocUnsafe(header + length)
  frame[0] = binary
  if (length < 126) frame[1] = length
  else if (length < 65_536) {
    frame[1] = 126
    frame.writeUInt16BE(length, 2)
  } else {
    frame[1] = 127
    frame.writeBigUInt64BE(BigInt(length), 2)
  }
  let at = header
  for (const part of parts) {
    frame.set(part, at)
    at += part.length
  }
  return frame
}

/** The same for keeping: a small Buffer holds on to all of the pool that it is cut from. */
export const unpooled = (frames: Buffer): Buffer => {
  if (frames.length >= Buffer.poolSize / 2) return frames
  const copy = Buffer.allocUnsafeSlow(frames.length)
  copy.set(frames)
  return copy
}

/** The messages in frames that `frameOf` made, several of which may be in one Buffer. */
export const messagesIn = (frames: Buffer): readonly Buffer[] => {
  const messages: Buffer[] = []
  for (let at = 0; at < frames.length; ) {
    const short = frames[at + 1] ?? 0
    const start = at + (short < 126 ? 2 : short === 126 ? 4 : 10)
    const length =
      short < 126
        ? short
        : short === 126
          ? frames.readUInt16BE(at + 2)
          : Number(frames.readBigUInt64BE(at + 2))
    at = start + length
    messages.push(frames.subarray(start, at))
  }
  return messages
}

/** A variable-length unsigned integer as lib0 writes it. */
export const varUint = (value: number): number[] => {
  const bytes = []
  for (let rest = value; ; rest = Math.floor(rest / 128)) {
    if (rest < 128) return [...bytes, rest]
    bytes.push(128 | (rest % 128))
  }
}

/** The room's own bytes where they are the same: of those with one prefix, which are almost all, everything is framed once. */
export const sharedPrefix = (prefix: Uint8Array, ofRoom: Uint8Array): Uint8Array =>
  Buffer.compare(prefix, ofRoom) === 0 ? ofRoom : prefix

/** How every message to or from this address begins. It is kept, so it is no small Buffer. */
export const addressPrefix = (address: string): Uint8Array => {
  const text = Buffer.from(address)
  return Uint8Array.of(...varUint(text.length), ...text)
}

export const syncFrame = (prefix: Uint8Array, step: number, payload: Uint8Array): Buffer =>
  frameOf([prefix, Buffer.from([messageType.sync, step, ...varUint(payload.length)]), payload])

export const syncStatusFrame = (prefix: Uint8Array, isSaved: boolean): Buffer =>
  frameOf([prefix, Buffer.from([messageType.syncStatus, isSaved ? 1 : 0])])

export const awarenessFrame = (prefix: Uint8Array, payload: Uint8Array): Buffer =>
  frameOf([prefix, Buffer.from([messageType.awareness, ...varUint(payload.length)]), payload])

export const statelessFrame = (prefix: Uint8Array, text: string): Buffer => {
  const payload = Buffer.from(text)
  return frameOf([prefix, Buffer.from([messageType.stateless, ...varUint(payload.length)]), payload])
}

export const permissionDeniedFrame = (prefix: Uint8Array, reason: string): Buffer => {
  const text = Buffer.from(reason)
  return frameOf([
    prefix,
    Buffer.from([messageType.auth, authType.permissionDenied, ...varUint(text.length)]),
    text
  ])
}

export const authenticatedFrame = (prefix: Uint8Array, mayWrite: boolean): Buffer => {
  const text = Buffer.from(mayWrite ? 'read-write' : 'readonly')
  return frameOf([
    prefix,
    Buffer.from([messageType.auth, authType.authenticated, ...varUint(text.length)]),
    text
  ])
}

/** The room is over for this client, though its socket stays open. */
export const closeFrame = (prefix: Uint8Array, reason: string): Buffer => {
  const text = Buffer.from(reason)
  return frameOf([prefix, Buffer.from([messageType.close, ...varUint(text.length)]), text])
}

/** What a client says to show its token, as a message without a frame around it. */
export const tokenMessage = (prefix: Uint8Array, token: string): Buffer => {
  const text = Buffer.from(token)
  return Buffer.concat([
    prefix,
    Buffer.from([messageType.auth, authType.token, ...varUint(text.length)]),
    text
  ])
}

/** Asks a Hocuspocus provider for a sign of life: it has no address, and so does the answer. */
export const pingFrame: Buffer = frameOf([Buffer.from([messageType.ping])])
/** The answer to whoever asks the same of the server: does anything get through? */
export const pongFrame: Buffer = frameOf([Buffer.from([messageType.pong])])

/** Reads a message from the front. Every method throws RangeError at the end of the bytes. */
export class MessageReader {
  readonly #bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.length
  }

  uint(): number {
    let value = 0
    for (let scale = 1; ; scale *= 128) {
      const byte = this.#bytes[this.at++]
      if (byte === undefined || scale > 2 ** 49)
        throw new RangeError(`no number at byte ${this.at} of ${this.#bytes.length}`)
      value += (byte & 127) * scale
      if (byte < 128) return value
    }
  }

  /** A view, not a copy: valid for as long as nobody reuses the message. */
  bytes(): Uint8Array {
    const length = this.uint()
    const start = this.at
    this.at += length
    if (this.at > this.#bytes.length)
      throw new RangeError(`${length} bytes announced, ${this.#bytes.length - start} there`)
    return this.#bytes.subarray(start, this.at)
  }

  /** As strict as providers are when they read. */
  text(): string {
    const bytes = this.bytes()
    if (!isUtf8(bytes)) throw new RangeError(`${bytes.length} bytes that are not UTF-8`)
    return utf8.decode(bytes)
  }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })

/** A ping twice: our client asks whether anybody is behind an open socket. Others would not understand the answer. */
export const isProbe = (data: Uint8Array): boolean =>
  data.length === 2 && data[0] === messageType.ping && data[1] === messageType.ping

/** A ping or pong of a provider: somebody is there. */
export const isSign = (data: Uint8Array): boolean =>
  data.length === 1 && (data[0] === messageType.pong || data[0] === messageType.ping)
