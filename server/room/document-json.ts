/**
 * A free document as JSON. Which type a root is, Yjs does not store: it follows from what it holds. A root is read
 * without defining it, for a definition would last as long as the document.
 */
import * as Y from 'yjs'
import type { Json } from '../../schema/json.ts'

/** Yjs says nothing about the events of a type that it does not know. */
type SharedType = Doc['share'] extends Map<string, infer T> ? T : never
type Doc = Y.Doc

/** Every root type by its name: text as a string, maps as objects, lists as arrays, XML as its markup. */
export const documentToJson = (document: Y.Doc): { readonly [root: string]: Json } =>
  Object.fromEntries([...document.share].map(([name, type]) => [name, rootToJson(type)]))

/** What a root is, by what it holds; `list` also while it holds nothing. */
export type RootForm = 'map' | 'text' | 'xml' | 'list'

export const formOfRoot = (type: SharedType): RootForm => {
  if (type instanceof Y.XmlFragment || type instanceof Y.XmlText) return 'xml'
  if (type instanceof Y.Map) return 'map'
  if (type instanceof Y.Text) return 'text'
  if (type instanceof Y.Array) return 'list'
  if (type._map.size > 0) return 'map'
  const contents = visibleItems(type).map(({ content }) => content)
  if (contents.some((content) => content instanceof Y.ContentString || content instanceof Y.ContentFormat))
    return 'text'
  const isXml = contents.some(
    (content) =>
      content instanceof Y.ContentType &&
      (content.type instanceof Y.XmlElement || content.type instanceof Y.XmlText)
  )
  return isXml ? 'xml' : 'list'
}

const rootToJson = (type: SharedType): Json => {
  if (isDefined(type)) return typeToJson(type)
  switch (formOfRoot(type)) {
    case 'map':
      return mapToJson(type)
    case 'text':
      return textOf(visibleItems(type))
    case 'xml':
      return visibleItems(type)
        .map(({ content }) => (content instanceof Y.ContentType ? String(typeToJson(content.type)) : ''))
        .join('')
    case 'list':
      return visibleItems(type).flatMap(({ content }) => content.getContent().map(valueToJson))
  }
}

/** Somebody asked for the root as a certain type, so it has that. */
const isDefined = (type: SharedType): boolean => type.constructor !== Y.AbstractType

const mapToJson = (type: SharedType): Json =>
  Object.fromEntries(
    [...type._map].flatMap(([key, item]) =>
      item.deleted ? [] : [[key, valueToJson(item.content.getContent().at(-1))]]
    )
  )

const typeToJson = (type: SharedType): Json =>
  type instanceof Y.XmlFragment || type instanceof Y.XmlText ? type.toString() : plain(type.toJSON())

const valueToJson = (value: unknown): Json =>
  value instanceof Y.AbstractType ? typeToJson(value) : plain(value)

const textOf = (items: readonly Y.Item[]): string =>
  items.map(({ content }) => (content instanceof Y.ContentString ? content.str : '')).join('')

const visibleItems = (type: SharedType): Y.Item[] => {
  const items = []
  for (let item = type._start; item !== null; item = item.right) if (!item.deleted) items.push(item)
  return items
}

/** What JSON has no word for (undefined, bytes, bigint) is said in text, as JSON.stringify would or as base64. */
const plain = (value: unknown): Json => {
  if (value === undefined || value === null) return null
  if (typeof value === 'bigint') return String(value)
  if (value instanceof Uint8Array) return Buffer.from(value).toString('base64')
  if (Array.isArray(value)) return value.map(plain)
  if (typeof value === 'object')
    return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, plain(item)]))
  return typeof value === 'number' || typeof value === 'string' || typeof value === 'boolean'
    ? value
    : String(value)
}
