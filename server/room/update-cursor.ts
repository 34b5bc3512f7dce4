/** The bytes of an update, one thing after the other; whatever is not as Yjs and lib0 write it is refused. */

type Fault = 'update-malformed' | 'update-too-complex'

/** The bytes are not an update as Yjs writes it, or hold a value that nests deeper than anybody may. */
export class MalformedUpdate extends Error {
  readonly code: Fault

  constructor(
    detail: string,
    { code = 'update-malformed', ...options }: ErrorOptions & { code?: Fault } = {}
  ) {
    super(detail, options)
    this.code = code
  }
}

export const malformed = (detail: string): never => {
  throw new MalformedUpdate(detail)
}

export const tooDeep = (): never => {
  throw new MalformedUpdate(`a value more than ${valueDepthMax} deep`, { code: 'update-too-complex' })
}

/** Nobody writes two billion characters, and above 2^53 numbers lose count. */
export const clockMax = 2 ** 31
export const valueDepthMax = 64

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

export class Cursor {
  readonly #bytes: Uint8Array
  at = 0

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes
  }

  /** The byte that is read next; undefined at the end. */
  get next(): number | undefined {
    return this.#bytes[this.at]
  }

  byte(): number {
    return this.#bytes[this.at++] ?? malformed('the end within a struct')
  }

  /** A variable-length unsigned integer. */
  uint(): number {
    let byte = this.byte()
    let value = byte & 127
    for (let scale = 128; byte > 127; scale *= 128) {
      if (scale > 2 ** 49) malformed('a number above 2^53')
      byte = this.byte()
      value += (byte & 127) * scale
    }
    return value
  }

  int(): void {
    let byte = this.byte()
    for (let bytes = 1; byte > 127; bytes++) {
      if (bytes > 7) malformed('a number above 2^53')
      byte = this.byte()
    }
  }

  clock(): number {
    const clock = this.uint()
    return clock > clockMax ? malformed(`clock ${clock} > ${clockMax}`) : clock
  }

  /** A count of things that take `bytesEach` bytes at least: a larger one than the rest can hold is a lie. */
  count(bytesEach: number): number {
    const count = this.uint()
    const left = this.#bytes.length - this.at
    return count * bytesEach > left ? malformed(`${count} things in ${left} bytes`) : count
  }

  skip(length: number): void {
    this.at += length
    if (this.at > this.#bytes.length) malformed('the end within a value')
  }

  bytes(): Uint8Array {
    const length = this.uint()
    const start = this.at
    this.skip(length)
    return this.#bytes.subarray(start, this.at)
  }

  string(): string {
    const bytes = this.bytes()
    if (bytes.length <= shortMax) {
      const text = asciiText(bytes)
      if (text !== null) return text
    }
    try {
      return utf8.decode(bytes)
    } catch (error) {
      throw new MalformedUpdate(`${bytes.length} bytes that are not UTF-8`, { cause: error })
    }
  }

  /** A string that becomes a key or the name of something: one of them would be a prototype. */
  name(): string {
    const name = this.string()
    return name === '__proto__' ? malformed('the name __proto__') : name
  }

  /** How many UTF-16 units a string takes: that is what Yjs counts. */
  units(): number {
    const start = this.at
    const length = this.uint()
    if (length <= shortMax) {
      const end = this.at + length
      while (this.at < end && (this.#bytes[this.at] ?? 128) < 128) this.at++
      if (this.at === end) return length
    }
    this.at = start
    return this.string().length
  }

  jsonOrUndefined(): void {
    const start = this.at
    if (this.string() === 'undefined') return
    this.at = start
    this.json()
  }

  json(): void {
    const text = this.string()
    if (jsonDepth(text) > valueDepthMax) tooDeep()
    try {
      JSON.parse(text, mayNamePrototype(text) ? refusePrototype : undefined)
    } catch (error) {
      if (error instanceof MalformedUpdate) throw error
      throw new MalformedUpdate(`${text.length} characters that are not JSON`, { cause: error })
    }
  }
}

/** Most strings are short, and ASCII: cheaper to read here than to hand to the decoder. */
const shortMax = 24

const asciiText = (bytes: Uint8Array): string | null => {
  let text = ''
  for (const byte of bytes) {
    if (byte > 127) return null
    text += String.fromCharCode(byte)
  }
  return text
}

const mayNamePrototype = (json: string): boolean => json.includes('__proto__') || json.includes('\\u')

const refusePrototype = (key: string, value: unknown): unknown =>
  key === '__proto__' ? malformed('the name __proto__') : value

const jsonDepth = (text: string): number => {
  let depth = 0
  let deepest = 0
  let isInString = false
  for (let index = 0; index < text.length; index++) {
    const character = text[index]
    if (isInString && character === '\\') index++
    else if (character === '"') isInString = !isInString
    else if (isInString) continue
    else if (character === '{' || character === '[') deepest = Math.max(deepest, ++depth)
    else if (character === '}' || character === ']') depth--
  }
  return deepest
}
