/** Both drivers send and receive bytes as this text; converting them at once is many times faster than they do it. */
export const toByteaText = (bytes: Uint8Array): string =>
  `\\x${Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('hex')}`

export const fromByteaText = (text: string): Buffer => Buffer.from(text.slice(2), 'hex')
