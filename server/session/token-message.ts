import { isUtf8 } from 'node:buffer'
import { parseRoomName } from '../../schema/room-name.ts'
import { authType, type MessageReader } from './frames.ts'

/** A token that somebody shows for a room, as far as it is read here: what it is worth is Hocuspocus's to ask. */
export interface TokenMessage {
  /** Why it is not worth asking; null: it is. */
  readonly refusal: 'room-name-invalid' | 'token-invalid' | null
  /** Providers that send their version know how to answer a ping. */
  readonly understandsPing: boolean
}

export const addressLengthMax = 256
const tokenBytesMax = 16_384

/** @throws RangeError the bytes are no such message */
export const readTokenMessage = (address: string, reader: MessageReader): TokenMessage => {
  // Behind the name a client that opens one room twice says which of the two it is.
  const [name = ''] = address.split('\0', 1)
  if (address.length > addressLengthMax || parseRoomName(name) === null)
    return { refusal: 'room-name-invalid', understandsPing: false }
  if (reader.uint() !== authType.token) throw new RangeError('an authentication message without a token')
  const token = reader.bytes()
  if (!isUtf8(token)) throw new RangeError('a token that is not UTF-8')
  const understandsPing = !reader.isAtEnd && reader.text() !== ''
  return { refusal: token.length > tokenBytesMax ? 'token-invalid' : null, understandsPing }
}
