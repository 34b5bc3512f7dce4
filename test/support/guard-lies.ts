/** Updates that honest clients do not send: honest ones with a struct or a byte changed, and ones that are made up. */
import * as Y from 'yjs'
import type { RoomDefinition } from '../../schema/define-room.ts'
import { userKey } from '../../schema/storage-words.ts'
import { plan } from './attack-kinds.ts'
import { type Id, type Place, type RawSection, type RawStruct, rawUpdate } from './raw-update.ts'
import type { Random } from './seeded-random.ts'

export interface LieParts {
  readonly random: Random
  readonly server: Y.Doc
  /** The client id of the liar's document. */
  readonly own: number
  readonly honest: () => Uint8Array
  /** All that somebody else has. */
  readonly others: () => Uint8Array
  readonly definition: RoomDefinition
  readonly userId: string
}

export const lie = (parts: LieParts): Uint8Array => {
  const { random, honest, others } = parts
  return random.pick([
    () => madeUp(parts),
    () => madeUp(parts),
    () => wellFormed(parts),
    () => wellFormed(parts),
    () => wellFormed(parts),
    () => wellFormed(parts),
    () => tail(parts),
    () => erase(parts),
    () => mangledStructs(parts, honest()),
    () => mangledStructs(parts, honest()),
    () => mangledStructs(parts, Y.encodeStateAsUpdate(parts.server)),
    () => Y.mergeUpdates([honest(), others()]),
    () => mangledBytes(random, honest()),
    () => mangledBytes(random, madeUp(parts))
  ])()
}

const mangledBytes = (random: Random, update: Uint8Array): Uint8Array => {
  const bytes = Uint8Array.from(update)
  const at = random.below(bytes.length)
  const other = random.below(bytes.length)
  random.pick([
    () => bytes.set([random.below(256)], at),
    () => bytes.set([(bytes[at] ?? 0) ^ (1 << random.below(8))], at),
    () => bytes.set([(bytes[at] ?? 0) + 1], at),
    () => bytes.set([bytes[other] ?? 0], at)
  ])()
  return random.chance(80) ? bytes : Buffer.concat([bytes.slice(0, at), bytes.slice(other)])
}

/** Clients of the room, and one that nobody has. */
const clientsOf = ({ server, own }: LieParts): number[] => [
  own,
  own,
  own,
  ...server.store.clients.keys(),
  424_242
]

const someId = (parts: LieParts): Id => {
  const { random, server } = parts
  const client = random.pick(clientsOf(parts))
  const known = Y.getState(server.store, client)
  return {
    client,
    clock: Math.max(0, random.chance(80) ? random.below(known + 1) : known + random.below(5) - 2)
  }
}

const rootsOf = ({ random, definition, userId, server }: LieParts): string[] => {
  const own = userKey(userId)
  const known = [...server.share.keys()]
  return definition === plan
    ? [
        ...known,
        'title',
        'items',
        'rsvps',
        'rsvps',
        'picks',
        'answers',
        `remarks/${own}:0/draft`,
        'items/i1/start'
      ]
    : [
        ...known,
        'text',
        'map',
        'array',
        'xml',
        `notes/${own}`,
        random.pick(['mapX', 'made up', 'notes', 'map/own'])
      ]
}

const somePlace = (parts: LieParts): Place => {
  const { random, userId } = parts
  const own = userKey(userId)
  const perhaps = <T>(value: T): T | undefined => (random.chance(40) ? value : undefined)
  const origin = perhaps(someId(parts))
  const right = perhaps(someId(parts))
  const key = random.chance(60)
    ? random.pick(['a', 'b', own, own, `${own}:0`, 'i1', 'name', 'value', 'order', 'done'])
    : undefined
  return {
    ...(origin && { origin }),
    ...(right && { right }),
    ...(key !== undefined && { key }),
    parent: random.chance(40) ? someId(parts) : random.pick(rootsOf(parts))
  }
}

/** A document within the document, whose guid is `g`. */
const subdocument = { content: 9, bytes: [1, 0x67, 118, 0] }

const someStruct = (parts: LieParts): RawStruct => {
  const { random } = parts
  return random.pick<() => RawStruct>([
    () => ({ gc: 1 + random.below(3) }),
    () => ({ skip: 1 + random.below(3) }),
    () => ({ text: random.pick(['x', 'y😀z', 'long']), ...somePlace(parts) }),
    () => ({ text: 'beside', origin: someId(parts) }),
    () => ({ text: 'between', origin: someId(parts), right: someId(parts) }),
    () => ({ any: [random.pick<unknown>([1, 'x', true, { coming: true }, [2]])], ...somePlace(parts) }),
    () => ({ any: [true], origin: someId(parts) }),
    () => ({ type: random.below(7), ...somePlace(parts) }),
    () => ({ type: 1, ...somePlace(parts) }),
    () => ({ deleted: 1 + random.below(2), ...somePlace(parts) }),
    () => ({ embed: '{}', ...somePlace(parts) }),
    () => ({ ...subdocument, ...somePlace(parts) })
  ])()
}

const itemsOf = ({ server }: LieParts): Y.Item[] =>
  [...server.store.clients.values()].flat().filter((struct) => struct instanceof Y.Item)

/** What fits beside an item: as an honest client would say it, wherever that is. */
const beside = (parts: LieParts): RawStruct => {
  const { random } = parts
  const items = itemsOf(parts)
  if (items.length === 0) return someStruct(parts)
  const item = random.pick(items)
  const { content, parentSub, right, lastId } = item
  if (parentSub !== null) {
    const place = { origin: lastId }
    if (content instanceof Y.ContentType) return { type: random.chance(80) ? 1 : random.below(7), ...place }
    return { any: [random.pick<unknown>(['x', 7, true, null, { coming: true }])], ...place }
  }
  const place = { origin: lastId, ...(right && { right: right.id }) }
  if (random.chance(5)) return { ...subdocument, ...place }
  if (content instanceof Y.ContentAny) return { any: [random.pick(content.arr)], ...place }
  return random.chance(80) ? { text: 'x', ...place } : { any: [1], ...place }
}

/** The first value of a key: of a root that the role knows, or of a map that is there. */
const underKey = (parts: LieParts): RawStruct => {
  const { random } = parts
  const maps = itemsOf(parts).filter(({ content, deleted }) => content instanceof Y.ContentType && !deleted)
  const parent =
    maps.length > 0 && random.chance(60)
      ? random.pick(maps).id
      : random.pick(rootsOf(parts).map((name) => name))
  const { key = 'name' } = somePlace(parts)
  return { any: [random.pick<unknown>(['x', 7, true, { coming: true }])], parent, key }
}

const wellFormed = (parts: LieParts): Uint8Array => {
  const { random, server, own } = parts
  const make = (): RawStruct => (random.chance(70) ? beside(parts) : underKey(parts))
  const structs = Array.from({ length: 1 + random.below(3) }, make)
  const deletes = random.chance(20) ? rangesAt(random.pick([...itemsOf(parts), null])) : []
  return rawUpdate([{ client: own, clock: Y.getState(server.store, own), structs }], deletes)
}

/** A struct of which the room has the beginning. */
const tail = (parts: LieParts): Uint8Array => {
  const { random, server } = parts
  const client = random.pick(clientsOf(parts))
  const last = server.store.clients.get(client)?.at(-1)
  if (last === undefined) return madeUp(parts)
  const struct = random.chance(50) ? toRaw(last) : beside(parts)
  const longer: RawStruct = 'text' in struct ? { ...struct, text: `${struct.text}tail` } : struct
  const more = 'any' in longer ? { ...longer, any: [...longer.any, ...longer.any] } : longer
  const clock = random.chance(70) ? last.id.clock : last.id.clock + last.length - 1
  return rawUpdate([{ client, clock, structs: [more, ...(random.chance(30) ? [beside(parts)] : [])] }])
}

const rangesAt = (item: Y.Item | null): { client: number; ranges: (readonly [number, number])[] }[] =>
  item === null ? [] : [{ client: item.id.client, ranges: [[item.id.clock, item.length]] }]

/** Deletes anything that is there. */
const erase = (parts: LieParts): Uint8Array => {
  const items = itemsOf(parts)
  return rawUpdate([], items.length === 0 ? [] : rangesAt(parts.random.pick(items)))
}

const madeUp = (parts: LieParts): Uint8Array => {
  const { random, server, own } = parts
  const clients = new Set([
    own,
    ...Array.from({ length: random.below(3) }, () => random.pick(clientsOf(parts)))
  ])
  const sections: RawSection[] = [...clients].map((client) => {
    const known = Y.getState(server.store, client)
    const clock = Math.max(0, random.chance(70) ? known : known + random.below(7) - 4)
    return { client, clock, structs: Array.from({ length: 1 + random.below(4) }, () => someStruct(parts)) }
  })
  return rawUpdate(random.chance(90) ? sections : [], someDeletes(parts))
}

const someDeletes = (parts: LieParts): { client: number; ranges: (readonly [number, number])[] }[] => {
  const { random } = parts
  if (random.chance(60)) return []
  const { client, clock } = someId(parts)
  return [{ client, ranges: [[clock, 1 + random.below(5)]] }]
}

/** The same update with one struct, or one range, that is something else. */
const mangledStructs = (parts: LieParts, update: Uint8Array): Uint8Array => {
  const { random } = parts
  const { structs, ds } = Y.decodeUpdate(update)
  const sections = new Map<number, { client: number; clock: number; structs: RawStruct[] }>()
  for (const struct of structs) {
    const { client, clock } = struct.id
    const section = sections.get(client) ?? { client, clock, structs: [] }
    sections.set(client, section)
    section.structs.push(toRaw(struct))
  }
  const deletes = [...ds.clients].map(([client, ranges]) => ({
    client,
    ranges: ranges.map(({ clock, len }) => [clock, len] as const)
  }))
  const all = [...sections.values()]
  if (all.length > 0 && random.chance(85)) mangleOne(parts, random.pick(all))
  else deletes.push(...someDeletes(parts))
  return rawUpdate(all, deletes)
}

const mangleOne = (
  parts: LieParts,
  section: { client: number; clock: number; structs: RawStruct[] }
): void => {
  const { random } = parts
  const at = random.below(section.structs.length)
  const struct = section.structs[at]
  if (struct === undefined) return
  const replaceBy = (...others: RawStruct[]): void => void section.structs.splice(at, 1, ...others)
  random.pick([
    () => replaceBy({ ...struct, origin: someId(parts) }),
    () => replaceBy({ ...struct, right: someId(parts) }),
    () => replaceBy({ ...struct, origin: someId(parts), right: someId(parts) }),
    () => replaceBy({ ...struct, ...somePlace(parts) }),
    () => 'text' in struct && replaceBy({ ...struct, text: `${struct.text}tail` }),
    () => 'any' in struct && replaceBy({ ...struct, any: [...struct.any, 1] }),
    () => replaceBy(struct, someStruct(parts)),
    () => replaceBy({ gc: 1 }),
    () => replaceBy(),
    () => {
      section.clock = Math.max(0, section.clock + random.below(5) - 2)
    },
    () => {
      section.client = parts.own
    }
  ])()
}

const toRaw = (struct: Y.Item | Y.GC | Y.Skip): RawStruct => {
  if (struct instanceof Y.GC) return { gc: struct.length }
  if (struct instanceof Y.Skip) return { skip: struct.length }
  const { origin, rightOrigin, parent, parentSub, content } = struct
  const place: Place = {
    ...(origin && { origin }),
    ...(rightOrigin && { right: rightOrigin }),
    ...(parentSub !== null && { key: parentSub }),
    ...(parent !== null && { parent: parentOf(parent) })
  }
  if (content instanceof Y.ContentString) return { text: content.str, ...place }
  if (content instanceof Y.ContentAny) return { any: content.arr, ...place }
  if (content instanceof Y.ContentDeleted) return { deleted: content.len, ...place }
  if (content instanceof Y.ContentType) return { type: typeReference(content), ...place }
  if (content instanceof Y.ContentEmbed) return { embed: JSON.stringify(content.embed), ...place }
  if (content instanceof Y.ContentFormat) {
    const texts = [content.key, JSON.stringify(content.value)].map((text) => Buffer.from(text))
    return { content: 6, bytes: texts.flatMap((text) => [text.length, ...text]), ...place }
  }
  return { any: [1], ...place }
}

/** As it was read, a parent is a name or an id; in a document it is a type. */
const parentOf = (parent: NonNullable<Y.Item['parent']>): Id | string => {
  if (!(parent instanceof Y.AbstractType)) return parent
  if (parent._item !== null) return parent._item.id
  return Y.findRootTypeKey(parent)
}

const typeReference = ({ type }: Y.ContentType): number => {
  if (type instanceof Y.Array) return 0
  if (type instanceof Y.XmlElement) return 3
  if (type instanceof Y.XmlText) return 6
  if (type instanceof Y.Text) return 2
  return 1
}
