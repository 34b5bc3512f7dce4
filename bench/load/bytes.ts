/** Unsigned numbers of variable length and what is built from them, read from bytes without an object per value. */
export class Bytes {
  readonly #bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  byte(): number {
    return this.#bytes[this.at++] ?? 0
  }

  uint(): number {
    let byte = this.byte()
    let value = byte & 0x7f
    for (let unit = 128; byte > 0x7f; unit *= 128) {
      byte = this.byte()
      value += (byte & 0x7f) * unit
    }
    return value
  }

  /** Goes past a string or an array of bytes, and gives its length. */
  skip(): number {
    const length = this.uint()
    this.at += length
    return length
  }

  get isAtEnd(): boolean {
    return this.at >= this.#bytes.byteLength
  }
}

const string = 4
const hasLeft = 0x80
const hasRight = 0x40

/**
 * How much of a client's typing an update brings to: its clock, where the update is key presses of this client
 * and nothing else; null where it takes Yjs to tell. A thousand readers hear of each key press.
 */
export const clockOfKeyPresses = (update: Uint8Array, client: number): number | null => {
  const bytes = new Bytes(update)
  if (bytes.uint() !== 1) return null
  const structs = bytes.uint()
  if (bytes.uint() !== client) return null
  let clock = bytes.uint()
  for (let struct = 0; struct < structs; struct += 1) {
    const info = bytes.byte()
    if ((info & 0x1f) !== string || (info & (hasLeft | hasRight)) === 0) return null
    for (const side of [hasLeft, hasRight]) {
      if ((info & side) === 0) continue
      bytes.uint()
      bytes.uint()
    }
    // One byte for each character: only such are typed here.
    clock += bytes.skip()
  }
  return bytes.uint() === 0 && bytes.isAtEnd ? clock : null
}
