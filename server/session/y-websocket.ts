/**
 * The protocol of y-websocket: the same messages for one room, which is in the address of the socket and so not in them.
 *
 * | of the session           | on the wire |
 * |--------------------------|-------------|
 * | sync, awareness          | as they are |
 * | permission denied        | the same of y-protocols, then the socket is closed with the code of the refusal |
 * | acknowledgements, others | nothing: a y-websocket client has no word for them |
 */
import { errorCodes, readReason } from '../../schema/error-codes.ts'
import {
  addressPrefix,
  authType,
  awarenessFrame,
  frameOf,
  messagesIn,
  messageType,
  tokenMessage
} from './frames.ts'
import { WebSocketWire } from './websocket-wire.ts'

/** A room that a socket was opened for. */
export interface YRoom {
  /** What the client says first, in the words of a Hocuspocus provider. */
  readonly tokenMessage: Uint8Array
  /** Puts the name in front of a message. */
  addressed(message: Uint8Array): Uint8Array
}

const path = '/y/'

/** Reads `/y/<room>?token=<token>`, the slash in the room's name written as it is or percent-encoded; null: it is not that. */
export const readYRoom = (url: URL | null): YRoom | null => {
  if (url === null || !url.pathname.startsWith(path)) return null
  const prefix = addressPrefix(decoded(url.pathname.slice(path.length)))
  return {
    tokenMessage: tokenMessage(prefix, url.searchParams.get('token') ?? ''),
    addressed: (message) => Buffer.concat([prefix, message])
  }
}

/** What cannot be decoded is no name either, and is refused as such. */
const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

const noPrefix = new Uint8Array()
/** Says nothing of anybody: but a y-websocket client that has heard nothing for 30 s connects again. */
const emptyAwareness = awarenessFrame(noPrefix, Uint8Array.of(0))

export class YWebSocketWire extends WebSocketWire {
  override readonly isForOneRoom = true

  override prefixFor(): Uint8Array {
    return noPrefix
  }

  override write(frames: readonly Buffer[]): void {
    super.write(frames.flatMap(toYWebSocket))
  }

  override ping(): void {
    super.ping()
    if (this.isOpen) super.write([emptyAwareness])
  }

  /** y-websocket takes every code from 4400 to 4499 as for good. */
  override close(code: number, reason: string): void {
    const refusal = readReason(reason)
    const isForNow = refusal !== null && errorCodes[refusal.code].retry
    super.close(isForNow && code >= 4400 && code < 4500 ? code + 100 : code, reason)
  }
}

const denied = 0

/** All messages in one Buffer are of one type. */
const toYWebSocket = (frame: Buffer): readonly Buffer[] => {
  const [message = frame] = messagesIn(frame)
  const [type, kind] = message
  if (type === messageType.sync || type === messageType.awareness) return [frame]
  if (type !== messageType.auth || kind !== authType.permissionDenied) return []
  return [frameOf([Buffer.from([messageType.auth, denied]), message.subarray(2)])]
}
