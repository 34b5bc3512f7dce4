/** WebSocket frames by hand, so that the generator spends its time on load and not on a library. */

const headerOf = (length: number, masked: boolean): Buffer => {
  const mask = masked ? 0x80 : 0
  const tail = masked ? 4 : 0
  if (length < 126) {
    const header = Buffer.alloc(2 + tail)
    header[1] = mask | length
    return header
  }
  if (length < 65_536) {
    const header = Buffer.alloc(4 + tail)
    header[1] = mask | 126
    header.writeUInt16BE(length, 2)
    return header
  }
  const header = Buffer.alloc(10 + tail)
  header[1] = mask | 127
  header.writeBigUInt64BE(BigInt(length), 2)
  return header
}

export const opcodes = { binary: 2, close: 8, ping: 9, pong: 10 } as const

/** A whole frame as a client sends it. Its mask is zero: allowed, paid for by the server, free for us. */
export const clientFrame = (payload: Uint8Array, opcode: number = opcodes.binary): Buffer => {
  const header = headerOf(payload.byteLength, true)
  header[0] = 0x80 | opcode
  return Buffer.concat([header, payload])
}

export type FrameHandler = (opcode: number, buffer: Buffer, start: number, end: number) => void

/**
 * Cuts what a server sends into frames, without copying those that arrive in one piece.
 *
 * A large frame is collected in pieces and joined once: joining at each piece would be quadratic.
 */
export const createFrameReader = (onFrame: FrameHandler): ((chunk: Buffer) => void) => {
  let pieces: Buffer[] = []
  let held = 0
  let needed = 0

  return (chunk) => {
    let buffer = chunk
    if (held > 0) {
      pieces.push(chunk)
      held += chunk.byteLength
      if (held < needed) return
      buffer = Buffer.concat(pieces)
    }
    pieces = []
    held = 0
    let offset = 0
    for (;;) {
      const frame = frameAt(buffer, offset)
      if (frame.end > buffer.byteLength) {
        needed = frame.end - offset
        break
      }
      onFrame((buffer[offset] ?? 0) & 0x0f, buffer, frame.start, frame.end)
      offset = frame.end
    }
    if (offset < buffer.byteLength) {
      pieces = [buffer.subarray(offset)]
      held = buffer.byteLength - offset
    }
  }
}

const frameAt = (buffer: Buffer, offset: number): { start: number; end: number } => {
  const known = buffer.byteLength - offset
  if (known < 2) return { start: offset + 2, end: offset + 2 }
  const short = (buffer[offset + 1] ?? 0) & 0x7f
  if (short < 126) return { start: offset + 2, end: offset + 2 + short }
  if (short === 126) {
    if (known < 4) return { start: offset + 4, end: offset + 4 }
    return { start: offset + 4, end: offset + 4 + buffer.readUInt16BE(offset + 2) }
  }
  if (known < 10) return { start: offset + 10, end: offset + 10 }
  return { start: offset + 10, end: offset + 10 + Number(buffer.readBigUInt64BE(offset + 2)) }
}
