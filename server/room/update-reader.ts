/**
 * Reads a Yjs v1 update to its last byte without building anything, and refuses what no Yjs client writes.
 *
 * Yjs itself is lenient where a server must not be: it reads v2 bytes as an empty update, ignores bytes behind the
 * end, lets a struct refer to itself and then throws half way through applying. The grammar is that of Yjs 13.6
 * (`readClientsStructRefs`, `readItemContent`, `readDeleteSet`) and of lib0's `any` encoding.
 */

import { Cursor, clockMax, malformed, tooDeep, valueDepthMax } from './update-cursor.ts'

/** What the reader tells about one struct. */
export class StructHead {
  client = 0
  clock = 0
  length = 0
  /** -1 where there is none; a struct with neither origin nor right names its parent. */
  originClient = -1
  originClock = 0
  rightClient = -1
  rightClock = 0
  /** The name of the root type that is the parent; null where the parent is no root or is inherited from a neighbour. */
  parentName: string | null = null
  /** The id of the parent type; -1 where the parent is a root type or is inherited from a neighbour. */
  parentClient = -1
  parentClock = 0
  /** The key under which it stands; also null where it is inherited. */
  key: string | null = null
  /** What it holds: one of `content`. */
  content = 0
  /** The sort of a shared type (`YMap` is 1), -1 where it holds none. */
  type = -1
  isSkip = false
  /** Where its bytes begin, where those of its content begin, and where they end. */
  from = 0
  contentFrom = 0
  to = 0
}

/** What a struct can hold, by the numbers of Yjs. */
export const content = {
  garbage: 0,
  deleted: 1,
  json: 2,
  binary: 3,
  text: 4,
  embed: 5,
  format: 6,
  type: 7,
  any: 8,
  subdocument: 9,
  skip: 10
} as const

export interface UpdateVisitor<Head extends StructHead = StructHead> {
  /** What the next struct is read into: one for all of them, or another one after each that is kept. */
  readonly head: Head
  struct(head: Head): void
  /** Is the delete set, from this byte to the end, one that need not be read? */
  skipDeletes?(from: number): boolean
  deleted(client: number, clock: number, length: number): void
}

const OBJECT = 118
const HAS_ORIGIN = 0x80
const HAS_RIGHT = 0x40
const HAS_KEY = 0x20

/** @throws MalformedUpdate, having called `visitor` for what came before the fault */
export const readUpdate = <Head extends StructHead>(
  update: Uint8Array,
  visitor: UpdateVisitor<Head>
): void => {
  const cursor = new Cursor(update)
  readStructs(cursor, visitor)
  if (visitor.skipDeletes?.(cursor.at)) return
  readDeletes(cursor, visitor)
  if (cursor.at !== update.length) malformed(`${update.length - cursor.at} bytes behind the end`)
}

/** Reads all of an update for the clients whose structs are in it. @throws MalformedUpdate */
export const clientsIn = (update: Uint8Array): ReadonlySet<number> => {
  const clients = new Set<number>()
  let last = -1
  readUpdate(update, {
    head: new StructHead(),
    struct: ({ client, isSkip }) => {
      if (client !== last && !isSkip) clients.add(client)
      last = client
    },
    deleted: () => {}
  })
  return clients
}

/**
 * Reads what somebody writes who types: one struct of text, and nothing that is deleted. False: it is something else.
 *
 * @throws MalformedUpdate
 */
export const readTyped = (update: Uint8Array, head: StructHead): boolean => {
  const end = update.length - 1
  if (update[0] !== 1 || update[1] !== 1 || update[end] !== 0) return false
  const cursor = new Cursor(update)
  cursor.at = 2
  head.client = cursor.uint()
  head.clock = cursor.clock()
  readStruct(cursor, head)
  return head.content === content.text && cursor.at === end
}

const readStructs = <Head extends StructHead>(cursor: Cursor, visitor: UpdateVisitor<Head>): void => {
  const sections = cursor.count(3)
  const seen = sections > 1 ? new Set<number>() : null
  for (let section = 0; section < sections; section++) {
    const structs = cursor.count(1)
    if (structs === 0) malformed('a client without structs')
    const client = cursor.uint()
    let clock = cursor.clock()
    if (seen?.has(client)) malformed(`client ${client} twice`)
    seen?.add(client)
    for (let index = 0; index < structs; index++) {
      const { head } = visitor
      head.client = client
      head.clock = clock
      readStruct(cursor, head)
      clock += head.length
      visitor.struct(head)
    }
  }
}

const readStruct = (cursor: Cursor, head: StructHead): void => {
  head.from = cursor.at
  const info = cursor.byte()
  head.content = info & 31
  head.originClient = head.rightClient = head.parentClient = head.type = -1
  head.parentName = head.key = null
  head.isSkip = head.content === content.skip
  if (head.content === content.garbage || head.isSkip) {
    if (info !== head.content) malformed(`flags ${info} on a struct without content`)
    head.length = cursor.uint()
  } else {
    readNeighbours(cursor, head, info)
    head.contentFrom = cursor.at
    head.length = readContent(cursor, head)
  }
  head.to = cursor.at
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
    // Where such a struct lands depends on how a replica happens to have cut its items.
    if (head.rightClient === head.originClient && head.rightClock === head.originClock)
      malformed('one unit as both neighbours')
  }
  if (info & (HAS_ORIGIN | HAS_RIGHT)) return
  const isRoot = cursor.uint()
  if (isRoot === 1) head.parentName = cursor.name()
  else if (isRoot === 0) {
    head.parentClient = cursor.uint()
    head.parentClock = cursor.clock()
    if (head.parentClient === head.client && head.parentClock >= head.clock)
      malformed('a parent in the own future')
  } else malformed(`parent info ${isRoot}`)
  if (info & HAS_KEY) head.key = cursor.name()
}

/** Reads one content and returns how many clocks it takes. */
const readContent = (cursor: Cursor, head: StructHead): number => {
  switch (head.content) {
    case content.deleted:
      return cursor.uint()
    case content.json: {
      const values = cursor.count(1)
      for (let index = 0; index < values; index++) cursor.jsonOrUndefined()
      return values
    }
    case content.binary:
      cursor.bytes()
      return 1
    case content.text:
      return cursor.units()
    case content.embed:
      cursor.json()
      return 1
    case content.format:
      cursor.name()
      cursor.json()
      return 1
    case content.type:
      head.type = cursor.uint()
      if (head.type > 6) malformed(`type ${head.type}`)
      if (head.type === 3 || head.type === 5) cursor.name()
      return 1
    case content.any: {
      const values = cursor.count(1)
      for (let index = 0; index < values; index++) readAny(cursor, 0)
      return values
    }
    case content.subdocument:
      cursor.string()
      if (cursor.next !== OBJECT) malformed('a subdocument without options')
      readAny(cursor, 0)
      return 1
    default:
      return malformed(`content ${head.content}`)
  }
}

const readAny = (cursor: Cursor, depth: number): void => {
  if (depth > valueDepthMax) tooDeep()
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
      cursor.units()
      return
    case OBJECT: {
      const keys = cursor.count(2)
      for (let index = 0; index < keys; index++) {
        cursor.name()
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

const readDeletes = (cursor: Cursor, visitor: Pick<UpdateVisitor, 'deleted'>): void => {
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
