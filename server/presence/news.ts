/**
 * What the nodes that have a room open tell each other of the people there.
 *
 * A node numbers its news: whoever misses a number asks for all. Once per heartbeat it says for each room with people
 * the number at which it stands (`Turn`), so that also the last ones are missed.
 */
import * as decoding from 'lib0/decoding'
import * as encoding from 'lib0/encoding'
import { parseRoomName, type RoomName } from '../../schema/room-name.ts'
import { isNodeId, type NodeId } from '../cluster/envelope.ts'
import { type Statement, ways } from './statement.ts'

export interface Change {
  readonly id: number
  /** Of the state, or with which it is gone. */
  readonly clock: number
  /** null: it is gone. */
  readonly statement: Statement | null
}

export interface News {
  readonly type: 'news'
  readonly turn: number
  /** Whatever is not in here is not there; more of it may follow in the next turns. */
  readonly isAll: boolean
  readonly changes: readonly Change[]
}

export type PresenceMessage =
  | News
  /** These are shown with higher clocks than their nodes know: clients that come from here would not see them there. */
  | { readonly type: 'raise'; readonly clocks: ReadonlyMap<number, number> }
  /** Asks for everything; null: everybody is asked. */
  | { readonly type: 'ask'; readonly node: NodeId | null }

const version = 1
const types = ['news', 'ask', 'raise'] as const

export const encodePresence = (message: PresenceMessage): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeUint8(encoder, version)
    encoding.writeUint8(encoder, types.indexOf(message.type))
    if (message.type === 'ask') return encoding.writeVarString(encoder, message.node ?? '')
    if (message.type === 'raise') return writeClocks(encoder, message.clocks)
    encoding.writeVarUint(encoder, message.turn)
    encoding.writeUint8(encoder, message.isAll ? 1 : 0)
    encoding.writeVarUint(encoder, message.changes.length)
    for (const change of message.changes) writeChange(encoder, change)
  })

/** null: these bytes are of somebody who speaks otherwise, perhaps of another version. */
export const decodePresence = (bytes: Uint8Array): PresenceMessage | null => {
  try {
    const decoder = decoding.createDecoder(bytes)
    if (decoding.readUint8(decoder) !== version) return null
    const type = types[decoding.readUint8(decoder)]
    if (type === undefined) return null
    if (type === 'ask') return { type, node: toNode(decoding.readVarString(decoder)) }
    if (type === 'raise') return { type, clocks: readClocks(decoder) }
    const turn = decoding.readVarUint(decoder)
    const isAll = decoding.readUint8(decoder) === 1
    const count = decoding.readVarUint(decoder)
    if (count > bytes.length) return null
    return { type, turn, isAll, changes: Array.from({ length: count }, () => readChange(decoder)) }
  } catch {
    return null
  }
}

const toNode = (text: string): NodeId | null => (isNodeId(text) ? text : null)

const writeClocks = (encoder: encoding.Encoder, clocks: ReadonlyMap<number, number>): void => {
  for (const [id, clock] of clocks) {
    encoding.writeVarUint(encoder, id)
    encoding.writeVarUint(encoder, clock)
  }
}

const readClocks = (decoder: decoding.Decoder): Map<number, number> => {
  const clocks = new Map<number, number>()
  while (decoding.hasContent(decoder))
    clocks.set(decoding.readVarUint(decoder), decoding.readVarUint(decoder))
  return clocks
}

export const writeChange = (encoder: encoding.Encoder, { id, clock, statement }: Change): void => {
  encoding.writeVarUint(encoder, id)
  encoding.writeVarUint(encoder, clock)
  // 0 is no way: it is gone.
  encoding.writeUint8(encoder, statement === null ? 0 : ways.indexOf(statement.via) + 1)
  if (statement === null) return
  encoding.writeVarString(encoder, statement.userId)
  encoding.writeVarUint(encoder, statement.theirs)
  encoding.writeVarUint(encoder, statement.claimedAt)
  encoding.writeVarUint(encoder, statement.since)
  encoding.writeVarUint(encoder, statement.until ?? 0)
  encoding.writeVarString(encoder, statement.device ?? '')
  encoding.writeVarUint8Array(encoder, statement.json)
}

/** @throws Error the bytes end too early, or no such way is known */
export const readChange = (decoder: decoding.Decoder): Change => {
  const id = decoding.readVarUint(decoder)
  const clock = decoding.readVarUint(decoder)
  const way = decoding.readUint8(decoder)
  if (way === 0) return { id, clock, statement: null }
  const via = ways[way - 1]
  if (via === undefined) throw new RangeError(`no way has the number ${way}`)
  const statement: Statement = {
    userId: decoding.readVarString(decoder),
    clock,
    theirs: decoding.readVarUint(decoder),
    claimedAt: decoding.readVarUint(decoder),
    since: decoding.readVarUint(decoder),
    until: decoding.readVarUint(decoder) || null,
    via,
    device: decoding.readVarString(decoder) || null,
    // A copy: what it is a part of may be a message of many megabytes.
    json: Uint8Array.from(decoding.readVarUint8Array(decoder))
  }
  return { id, clock, statement }
}

/** Where a node stands with its news of a room. */
export interface Turn {
  readonly room: RoomName
  readonly turn: number
}

export const encodeTurns = (turns: readonly Turn[]): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeUint8(encoder, version)
    for (const { room, turn } of turns) {
      encoding.writeVarString(encoder, room)
      encoding.writeVarUint(encoder, turn)
    }
  })

/** As many as can be read. */
export const decodeTurns = (bytes: Uint8Array): Turn[] => {
  const turns: Turn[] = []
  try {
    const decoder = decoding.createDecoder(bytes)
    if (decoding.readUint8(decoder) !== version) return turns
    while (decoding.hasContent(decoder)) {
      const room = parseRoomName(decoding.readVarString(decoder))
      const turn = decoding.readVarUint(decoder)
      if (room !== null) turns.push({ room, turn })
    }
    return turns
  } catch {
    // It was cut off: the rest is said again with the next heartbeat.
    return turns
  }
}

/** What a node says of the people in some rooms, to whoever asks. */
export interface Report {
  readonly node: NodeId
  readonly rooms: ReadonlyMap<RoomName, ReadonlyMap<number, Statement>>
}

export const encodeRooms = (rooms: readonly RoomName[]): Uint8Array => Buffer.from(rooms.join('\n'))

export const decodeRooms = (bytes: Uint8Array): RoomName[] =>
  Buffer.from(bytes)
    .toString()
    .split('\n')
    .flatMap((text) => parseRoomName(text) ?? [])

export const encodeReport = ({ node, rooms }: Report): Uint8Array =>
  encoding.encode((encoder) => {
    encoding.writeUint8(encoder, version)
    encoding.writeVarString(encoder, node)
    for (const [room, statements] of rooms) {
      encoding.writeVarString(encoder, room)
      encoding.writeVarUint(encoder, statements.size)
      for (const [id, statement] of statements)
        writeChange(encoder, { id, clock: statement.clock, statement })
    }
  })

/** null: it cannot be read. */
export const decodeReport = (bytes: Uint8Array): Report | null => {
  try {
    const decoder = decoding.createDecoder(bytes)
    if (decoding.readUint8(decoder) !== version) return null
    const node = toNode(decoding.readVarString(decoder))
    const rooms = new Map<RoomName, ReadonlyMap<number, Statement>>()
    while (decoding.hasContent(decoder)) {
      const room = parseRoomName(decoding.readVarString(decoder))
      const statements = new Map<number, Statement>()
      for (let left = decoding.readVarUint(decoder); left > 0; left--) {
        const { id, statement } = readChange(decoder)
        if (statement !== null) statements.set(id, statement)
      }
      if (room !== null) rooms.set(room, statements)
    }
    return node === null ? null : { node, rooms }
  } catch {
    return null
  }
}
