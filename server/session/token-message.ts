import { isUtf8 } from 'node:buffer'
import { parseRoomName, type RoomName } from '../../schema/room-name.ts'
import { authType, type MessageReader } from './frames.ts'

/** A token that somebody shows for a room. */
export interface TokenMessage {
  readonly room: RoomName
  readonly token: string
  /** Providers that send their version know how to answer a ping. */
  readonly understandsPing: boolean
}

export const addressLengthMax = 256
const tokenBytesMax = 16_384

/** The message, or why it is not worth asking who that is. @throws RangeError the bytes are no such message */
export const readTokenMessage = (
  address: string,
  reader: MessageReader
): TokenMessage | 'room-name-invalid' | 'token-invalid' => {
  // Behind the name a client that opens one room twice says which of the two it is.
  const [name = ''] = address.split('\0', 1)
  const room = address.length > addressLengthMax ? null : parseRoomName(name)
  if (room === null) return 'room-name-invalid'
  if (reader.uint() !== authType.token) throw new RangeError('an authentication message without a token')
  const token = reader.bytes()
  if (!isUtf8(token)) throw new RangeError('a token that is not UTF-8')
  const understandsPing = !reader.isAtEnd && reader.text() !== ''
  return token.length > tokenBytesMax ? 'token-invalid' : { room, token: utf8.decode(token), understandsPing }
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true })
