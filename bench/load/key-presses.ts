/**
 * Key presses as a Yjs client sends them: one character each, of 24 to 27 bytes, one behind the other in the
 * middle of a paragraph. Written by hand, because a Y.Doc would cost more than the server that is measured;
 * `checkAgainstYjs` compares them byte by byte with what Yjs writes.
 */
import * as Y from 'yjs'
import { keyPressBlock, keyPressesChecked, paragraphLength } from '../config.ts'
import { steps, types } from './messages.ts'

export interface ItemId {
  readonly client: number
  readonly clock: number
}

/** Between two characters that stand side by side. */
export interface Place {
  readonly left: ItemId
  readonly right: ItemId
}

const rootName = 'content'
const words = 'the quick brown fox jumps over a lazy dog and goes on to the next line '
const probeClient = 0x7fff_fff1

/** A document with one paragraph, as an update. */
export const paragraph = (client: number): Uint8Array => {
  const document = new Y.Doc()
  document.clientID = client
  const text = document.getText(rootName)
  text.insert(0, words.repeat(Math.ceil(paragraphLength / words.length)).slice(0, paragraphLength))
  return Y.encodeStateAsUpdate(document)
}

/**
 * A document that many insertions made, `bytes` long or a little more, as an update. Its words are drawn from a
 * thousand, so that it compresses no better than prose does.
 */
export const longDocument = (client: number, bytes: number, random: () => number): Uint8Array => {
  const vocabulary = Array.from({ length: 1_000 }, () => wordOf(random))
  const document = new Y.Doc()
  document.clientID = client
  const text = document.getText(rootName)
  for (;;) {
    for (let insertion = 0; insertion < 200; insertion += 1) {
      const phrase = Array.from(
        { length: 1 + Math.floor(random() * 5) },
        () => vocabulary[Math.floor(random() * 1_000)]
      )
      text.insert(Math.floor(random() * text.length), `${phrase.join(' ')} `)
    }
    const update = Y.encodeStateAsUpdate(document)
    if (update.byteLength >= bytes) return update
  }
}

const wordOf = (random: () => number): string =>
  String.fromCharCode(
    ...Array.from({ length: 2 + Math.floor(random() * 8) }, () => 0x61 + Math.floor(random() * 26))
  )

/** Where a client that has `document` would type at this part (0 to 1) of its text. */
export const placeIn = (document: Uint8Array, part: number): Place => {
  const [item] = Y.decodeUpdate(typeWithYjs(document, probeClient, part, 1)[0] ?? Uint8Array.of(0, 0)).structs
  if (!(item instanceof Y.Item) || item.origin === null || item.rightOrigin === null) {
    throw new RangeError(`no place between two characters at ${part}`)
  }
  return { left: item.origin, right: item.rightOrigin }
}

const typeWithYjs = (document: Uint8Array, client: number, part: number, count: number): Uint8Array[] => {
  const replica = new Y.Doc()
  Y.applyUpdate(replica, document)
  replica.clientID = client
  const text = replica.getText(rootName)
  const updates: Uint8Array[] = []
  replica.on('update', (update: Uint8Array) => updates.push(update))
  const start = Math.floor(text.length * part)
  for (let index = 0; index < count; index += 1) {
    text.insert(start + index, String.fromCharCode(characterAt(index)))
  }
  return updates
}

/** @throws RangeError when Yjs writes a key press differently than we do: the load would not be real. */
export const checkAgainstYjs = (document: Uint8Array, client: number, part: number): void => {
  const place = placeIn(document, part)
  const expected = typeWithYjs(document, client, part, keyPressesChecked)
  const bytes = new Uint8Array(keyPressBytesMax)
  for (const [clock, update] of expected.entries()) {
    const ours = bytes.subarray(0, writeKeyPress(bytes, 0, { client, clock, place }))
    if (Buffer.compare(ours, update) !== 0) {
      throw new RangeError(
        `key press ${clock}: ${Buffer.from(ours).toString('hex')}, Yjs: ${Buffer.from(update).toString('hex')}`
      )
    }
  }
}

const characterAt = (clock: number): number => (clock % 6 === 5 ? 0x20 : 0x61 + (clock % 26))

const keyPressBytesMax = 40

interface KeyPress {
  readonly client: number
  readonly clock: number
  readonly place: Place
}

/** One client, one item: a character behind the one before. Returns the offset behind it. */
const writeKeyPress = (bytes: Uint8Array, offset: number, { client, clock, place }: KeyPress): number => {
  let at = offset
  at = writeVarUint(bytes, at, 1)
  at = writeVarUint(bytes, at, 1)
  at = writeVarUint(bytes, at, client)
  at = writeVarUint(bytes, at, clock)
  bytes[at++] = 0b1100_0100 // a string that has a left and a right neighbour
  at = writeVarUint(bytes, at, clock === 0 ? place.left.client : client)
  at = writeVarUint(bytes, at, clock === 0 ? place.left.clock : clock - 1)
  at = writeVarUint(bytes, at, place.right.client)
  at = writeVarUint(bytes, at, place.right.clock)
  bytes[at++] = 1
  bytes[at++] = characterAt(clock)
  bytes[at++] = 0 // nothing deleted
  return at
}

const writeVarUint = (bytes: Uint8Array, offset: number, value: number): number => {
  let at = offset
  let rest = value
  while (rest > 0x7f) {
    bytes[at++] = 0x80 | (rest & 0x7f)
    rest = Math.floor(rest / 128)
  }
  bytes[at++] = rest
  return at
}

/** The endless typing of one client in one room, as whole WebSocket frames, encoded ahead in blocks. */
export class KeyPresses {
  readonly client: number
  /** How many were taken: the clock of the next one. */
  taken = 0

  readonly #prefix: Uint8Array
  readonly #place: Place
  #block = Buffer.alloc(0)
  #ends: number[] = []
  #next = 0

  constructor(options: { readonly client: number; readonly prefix: Uint8Array; readonly place: Place }) {
    this.client = options.client
    this.#prefix = options.prefix
    this.#place = options.place
    this.#encode()
  }

  /** The frames of the next `count` key presses, joined. */
  take(count: number): Buffer {
    if (this.#next + count > this.#ends.length) this.#encode()
    const start = this.#next === 0 ? 0 : this.#ends[this.#next - 1]
    this.#next += count
    this.taken += count
    return this.#block.subarray(start, this.#ends[this.#next - 1])
  }

  #encode(): void {
    const frameBytesMax = 6 + this.#prefix.byteLength + 3 + keyPressBytesMax
    const block = Buffer.alloc(keyPressBlock * frameBytesMax)
    this.#ends = []
    this.#next = 0
    let at = 0
    for (let index = 0; index < keyPressBlock; index += 1) {
      at = this.#writeFrame(block, at, this.taken + index)
      this.#ends.push(at)
    }
    this.#block = block.subarray(0, at)
  }

  #writeFrame(block: Buffer, offset: number, clock: number): number {
    const payload = offset + 6
    block.set(this.#prefix, payload)
    const type = payload + this.#prefix.byteLength
    const update = type + 3
    const end = writeKeyPress(block, update, { client: this.client, clock, place: this.#place })
    block[type] = types.sync
    block[type + 1] = steps.update
    block[type + 2] = end - update
    if (end - payload > 125)
      throw new RangeError(`frame of ${end - payload} bytes > 125: shorten the room's name`)
    block[offset] = 0x82
    block[offset + 1] = 0x80 | (end - payload)
    return end
  }
}
