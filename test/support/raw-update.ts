/** Yjs updates struct by struct: what no Yjs client would write, and what it would, in the same grammar. */
import {
  createEncoder,
  type Encoder,
  toUint8Array,
  writeAny,
  writeUint8,
  writeUint8Array,
  writeVarString,
  writeVarUint
} from 'lib0/encoding'

export interface Id {
  readonly client: number
  readonly clock: number
}

/** How a struct says where it belongs: beside others, in a type, or in a root. */
export interface Place {
  readonly origin?: Id
  readonly right?: Id
  readonly parent?: Id | string
  readonly key?: string
}

export type RawStruct =
  | { readonly gc: number }
  | { readonly skip: number }
  | ({ readonly text: string } & Place)
  | ({ readonly deleted: number } & Place)
  | ({ readonly any: readonly unknown[] } & Place)
  | ({ readonly embed: string } & Place)
  | ({ readonly type: number } & Place)
  /** Whatever it is: the reference of a content and its bytes. */
  | ({ readonly content: number; readonly bytes: readonly number[] } & Place)

export interface RawSection {
  readonly client: number
  readonly clock: number
  readonly structs: readonly RawStruct[]
}

export interface RawRange {
  readonly client: number
  readonly ranges: readonly (readonly [clock: number, length: number])[]
}

export const rawUpdate = (sections: readonly RawSection[], deletes: readonly RawRange[] = []): Uint8Array => {
  const encoder = createEncoder()
  writeVarUint(encoder, sections.length)
  for (const { client, clock, structs } of sections) {
    writeVarUint(encoder, structs.length)
    writeVarUint(encoder, client)
    writeVarUint(encoder, clock)
    for (const struct of structs) writeStruct(encoder, struct)
  }
  writeVarUint(encoder, deletes.length)
  for (const { client, ranges } of deletes) {
    writeVarUint(encoder, client)
    writeVarUint(encoder, ranges.length)
    for (const [clock, length] of ranges) {
      writeVarUint(encoder, clock)
      writeVarUint(encoder, length)
    }
  }
  return toUint8Array(encoder)
}

const writeStruct = (encoder: Encoder, struct: RawStruct): void => {
  if ('gc' in struct) {
    writeUint8(encoder, 0)
    writeVarUint(encoder, struct.gc)
  } else if ('skip' in struct) {
    writeUint8(encoder, 10)
    writeVarUint(encoder, struct.skip)
  } else {
    writePlace(encoder, struct, referenceOf(struct))
    writeContent(encoder, struct)
  }
}

type RawItem = Exclude<RawStruct, { readonly gc: number } | { readonly skip: number }>

const referenceOf = (item: RawItem): number => {
  if ('text' in item) return 4
  if ('deleted' in item) return 1
  if ('any' in item) return 8
  if ('embed' in item) return 5
  return 'type' in item ? 7 : item.content
}

const writePlace = (encoder: Encoder, { origin, right, parent, key }: Place, reference: number): void => {
  const isBeside = origin !== undefined || right !== undefined
  writeUint8(encoder, reference | (origin ? 0x80 : 0) | (right ? 0x40 : 0) | (key === undefined ? 0 : 0x20))
  if (origin) writeId(encoder, origin)
  if (right) writeId(encoder, right)
  if (isBeside) return
  writeVarUint(encoder, typeof parent === 'object' ? 0 : 1)
  if (typeof parent === 'object') writeId(encoder, parent)
  else writeVarString(encoder, parent ?? 'text')
  if (key !== undefined) writeVarString(encoder, key)
}

const writeContent = (encoder: Encoder, item: RawItem): void => {
  if ('text' in item) writeVarString(encoder, item.text)
  else if ('deleted' in item) writeVarUint(encoder, item.deleted)
  else if ('any' in item) {
    writeVarUint(encoder, item.any.length)
    for (const value of item.any) writeAny(encoder, value as Parameters<typeof writeAny>[1])
  } else if ('embed' in item) writeVarString(encoder, item.embed)
  else if ('type' in item) {
    writeVarUint(encoder, item.type)
    if (item.type === 3 || item.type === 5) writeVarString(encoder, 'p')
  } else writeUint8Array(encoder, Uint8Array.from(item.bytes))
}

const writeId = (encoder: Encoder, { client, clock }: Id): void => {
  writeVarUint(encoder, client)
  writeVarUint(encoder, clock)
}
