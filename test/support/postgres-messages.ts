/**
 * As much of Postgres's protocol (version 3) as it takes to tell statements from each other.
 *
 * A message is a type, its length with itself, and its body; only the first one of a client has no type. A client's
 * request ends with `Q` (simple) or `S` (sync, after parse, bind and execute); its answer ends with `Z`.
 */

export interface Message {
  /** '' for the first one of a client. */
  readonly type: string
  /** The whole message. */
  readonly bytes: Buffer
  readonly body: Buffer
}

/** Cuts what arrives into messages. */
export const createMessageReader = (
  isFromClient: boolean,
  onMessage: (message: Message) => void
): ((chunk: Buffer) => void) => {
  let rest: Buffer = Buffer.alloc(0)
  let isFirst = isFromClient
  return (chunk) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk])
    for (;;) {
      const header = isFirst ? 0 : 1
      if (rest.length < header + 4) return
      const length = header + rest.readUInt32BE(header)
      if (rest.length < length) return
      const bytes = rest.subarray(0, length)
      rest = rest.subarray(length)
      const type = isFirst ? '' : String.fromCharCode(bytes[0] ?? 0)
      isFirst = false
      onMessage({ type, bytes, body: bytes.subarray(header + 4) })
    }
  }
}

/** The strings at the front of a body. */
export const textsOf = ({ body }: Message, count: number): string[] =>
  body.toString('utf8').split('\0', count)

const textMessage = (type: string, body: string): Buffer => {
  const bytes = Buffer.from(body)
  const header = Buffer.alloc(5, type)
  header.writeUInt32BE(4 + bytes.length, 1)
  return Buffer.concat([header, bytes])
}

/** Shutdown, crash, start: errors after which the server says nothing more. */
export const isFatal = (code: string): boolean => code.startsWith('57P')

/** What a server says that refuses a statement outside of a transaction. */
export const refusalOf = (code: string): Buffer => {
  const severity = isFatal(code) ? 'FATAL' : 'ERROR'
  const error = textMessage('E', `S${severity}\0V${severity}\0C${code}\0Minjected by a test\0\0`)
  return isFatal(code) ? error : Buffer.concat([error, textMessage('Z', 'I')])
}
