/**
 * Reads a Yjs v1 update to its last byte without building anything, and refuses what no Yjs client writes.
 *
 * Yjs itself is lenient where a server must not be: it reads v2 bytes as an empty update, ignores bytes behind the
 * end, lets a struct refer to itself and then throws half way through applying. The grammar is that of Yjs 13.6
 * (`readClientsStructRefs`, `readItemContent`, `readDeleteSet`) and of lib0's `any` encoding.
 */

/** What the reader tells about one struct. One object is reused for all structs of an update: copy what you keep. */
export interface StructHead {
  client: number
  clock: number
  length: number
  /** -1 where there is none; a struct with neither origin nor right names its parent. */
  originClient: number
  originClock: number
  rightClient: number
  rightClock: number
  /** The id of the parent type; -1 where the parent is a root type or is inherited from a neighbour. */
  parentClient: number
  parentClock: number
  isSkip: boolean
}

export interface UpdateVisitor {
  struct(head: StructHead): void
  deleted(client: number, clock: number, length: number): void
}

/** The bytes are not an update as Yjs writes it. */
export class MalformedUpdate extends Error {}

const malformed = (detail: string): never => {
  throw new MalformedUpdate(detail)
}

/** Nobody writes two billion characters, and above 2^53 numbers lose count. */
const clockMax = 2 ** 31
const valueDepthMax = 64

const GC = 0
const SKIP = 10
const OBJECT = 118
const HAS_ORIGIN = 0x80
const HAS_RIGHT = 0x40
const HAS_KEY = 0x20

/** @throws MalformedUpdate, having called `visitor` for what came before the fault */
export const readUpdate = (update: Uint8Array, visitor: UpdateVisitor): void => {
  const cursor = new Cursor(update)
  readStructs(cursor, visitor)
  readDeletes(cursor, visitor)
  if (cursor.at !== update.length) malformed(`${update.length - cursor.at} bytes behind the end`)
}

const readStructs = (cursor: Cursor, visitor: UpdateVisitor): void => {
  const sections = cursor.count(3)
  const seen = sections > 1 ? new Set<number>() : null
  const head: StructHead = {
    client: 0,
    clock: 0,
    length: 0,
    originClient: -1,
    originClock: 0,
    rightClient: -1,
    rightClock: 0,
    parentClient: -1,
    parentClock: 0,
    isSkip: false
  }
  for (let section = 0; section < sections; section++) {
    const structs = cursor.count(1)
    if (structs === 0) malformed('a client without structs')
    head.client = cursor.uint()
    head.clock = cursor.clock()
    if (seen?.has(head.client)) malformed(`client ${head.client} twice`)
    seen?.add(head.client)
    for (let index = 0; index < structs; index++) {
      readStruct(cursor, head)
      visitor.struct(head)
      head.clock += head.length
    }
  }
}

const readStruct = (cursor: Cursor, head: StructHead): void => {
  const info = cursor.byte()
  const ref = info & 31
  head.originClient = head.rightClient = head.parentClient = -1
  head.isSkip = ref === SKIP
  if (ref === GC || ref === SKIP) {
    if (info !== ref) malformed(`flags ${info} on a struct without content`)
    head.length = cursor.uint()
  } else {
    readNeighbours(cursor, head, info)
    head.length = readContent(cursor, ref)
  }
  if (head.length === 0) malformed('a struct of length 0')
  if (head.clock + head.length > clockMax) malformed(`clock ${head.clock + head.length} > ${clockMax}`)
}

const readNeighbours = (cursor: Cursor, head: StructHead, info: number): void => {
  if (info & HAS_ORIGIN) {
    head.originClient = cursor.uint()
    head.originClock = cursor.clock()
    if (head.originClient === head.client && head.originClock >= head.clock)
      malformed('an origin in the own future')
  }
  if (info & HAS_RIGHT) {
    head.rightClient = cursor.uint()
    head.rightClock = cursor.clock()
    if (head.rightClient === head.client && head.rightClock >= head.clock)
      malformed('a right origin in the own future')
  }
  if (info & (HAS_ORIGIN | HAS_RIGHT)) return
  const isRoot = cursor.uint()
  if (isRoot === 1) cursor.string()
  else if (isRoot === 0) {
    head.parentClient = cursor.uint()
    head.parentClock = cursor.clock()
    if (head.parentClient === head.client && head.parentClock >= head.clock)
      malformed('a parent in the own future')
  } else malformed(`parent info ${isRoot}`)
  if (info & HAS_KEY && cursor.string() === '__proto__') malformed('the key __proto__')
}

/** Reads one content and returns how many clocks it takes. */
const readContent = (cursor: Cursor, ref: number): number => {
  switch (ref) {
    case 1: // deleted
      return cursor.uint()
    case 2: {
      // JSON
      const values = cursor.count(1)
      for (let index = 0; index < values; index++) cursor.jsonOrUndefined()
      return values
    }
    case 3: // binary
      cursor.bytes()
      return 1
    case 4: // string
      return cursor.string().length
    case 5: // embed
      cursor.json()
      return 1
    case 6: // format
      cursor.string()
      cursor.json()
      return 1
    case 7: {
      // type
      const type = cursor.uint()
      if (type > 6) malformed(`type ${type}`)
      if (type === 3 || type === 5) cursor.string()
      return 1
    }
    case 8: {
      // any
      const values = cursor.count(1)
      for (let index = 0; index < values; index++) readAny(cursor, 0)
      return values
    }
    case 9: // subdocument
      cursor.string()
      if (cursor.next !== OBJECT) malformed('a subdocument without options')
      readAny(cursor, 0)
      return 1
    default:
      return malformed(`content ${ref}`)
  }
}

const readAny = (cursor: Cursor, depth: number): void => {
  if (depth > valueDepthMax) malformed(`a value more than ${valueDepthMax} deep`)
  const tag = cursor.byte()
  switch (tag) {
    case 127: // undefined
    case 126: // null
    case 121: // false
    case 120: // true
      return
    case 125:
      return cursor.int()
    case 124:
      return cursor.skip(4)
    case 123:
    case 122:
      return cursor.skip(8)
    case 119:
      cursor.string()
      return
    case OBJECT: {
      const keys = cursor.count(2)
      for (let index = 0; index < keys; index++) {
        if (cursor.string() === '__proto__') malformed('the key __proto__')
        readAny(cursor, depth + 1)
      }
      return
    }
    case 117: {
      const values = cursor.count(1)
      for (let index = 0; index < values; index++) readAny(cursor, depth + 1)
      return
    }
    case 116:
      cursor.bytes()
      return
    default:
      malformed(`value tag ${tag}`)
  }
}

const readDeletes = (cursor: Cursor, visitor: UpdateVisitor): void => {
  const clients = cursor.count(2)
  const seen = clients > 1 ? new Set<number>() : null
  for (let index = 0; index < clients; index++) {
    const client = cursor.uint()
    if (seen?.has(client)) malformed(`deletes of client ${client} twice`)
    seen?.add(client)
    const ranges = cursor.count(2)
    let end = -1
    for (let range = 0; range < ranges; range++) {
      const clock = cursor.clock()
      const length = cursor.clock()
      if (length === 0 || clock < end) malformed(`a delete range of ${length} at ${clock}, after ${end}`)
      end = clock + length
      if (end > clockMax) malformed(`a delete range up to ${end} > ${clockMax}`)
      visitor.deleted(client, clock, length)
    }
  }
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true })

class Cursor {
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
    const start = this.at
    const length = this.uint()
    if (length === 1 && this.byte() < 128) return String.fromCharCode(this.#bytes[this.at - 1] ?? 0)
    this.at = start
    const bytes = this.bytes()
    try {
      return utf8.decode(bytes)
    } catch (error) {
      throw new MalformedUpdate(`${bytes.length} bytes that are not UTF-8`, { cause: error })
    }
  }

  jsonOrUndefined(): void {
    const start = this.at
    if (this.string() === 'undefined') return
    this.at = start
    this.json()
  }

  json(): void {
    const text = this.string()
    if (jsonDepth(text) > valueDepthMax) malformed(`a value more than ${valueDepthMax} deep`)
    try {
      JSON.parse(text)
    } catch (error) {
      throw new MalformedUpdate(`${text.length} characters that are not JSON`, { cause: error })
    }
  }
}

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
