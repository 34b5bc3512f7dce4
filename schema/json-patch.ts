/**
 * JSON Patch (RFC 6902) and its pointers (RFC 6901), read strictly: what a patch says is checked here, what it does to
 * a document is elsewhere.
 */
import { RoomlogError } from './error-codes.ts'
import { isObject, type Json, memberOf } from './json.ts'

/** The segments of a pointer, unescaped: none for the whole document. */
export type Pointer = readonly string[]

export type Operation =
  | { readonly op: 'add' | 'replace' | 'test'; readonly path: Pointer; readonly value: Json }
  | { readonly op: 'remove'; readonly path: Pointer }
  | { readonly op: 'move' | 'copy'; readonly from: Pointer; readonly path: Pointer }

export type JsonPatch = readonly Operation[]

export const operationsMax = 1_000
/** Of pointers and of values. */
export const depthMax = 32

/** @throws RoomlogError 'request-invalid' that says which operation is wrong, and how */
export const parsePatch = (body: unknown): JsonPatch => {
  if (!Array.isArray(body)) throw invalid('a patch is a list of operations')
  if (body.length > operationsMax) throw invalid(`${body.length} operations > ${operationsMax}`)
  return body.map((operation: unknown, index) => parseOperation(operation, `operation ${index}`))
}

/** As in `/items/0/name`; `~1` stands for a slash and `~0` for a tilde. @throws RoomlogError 'request-invalid' */
export const parsePointer = (text: unknown, where = 'the pointer'): Pointer => {
  if (typeof text !== 'string') throw invalid(`${where} is no text`)
  if (text === '') return []
  const shown = JSON.stringify(text.slice(0, shownMax))
  if (!text.startsWith('/')) throw invalid(`${where} ${shown} does not begin with a slash`)
  if (/~(?![01])/.test(text)) throw invalid(`${where} ${shown} has a ~ that is neither ~0 nor ~1`)
  const segments = text.slice(1).split('/')
  if (segments.length > depthMax) throw invalid(`${where} has ${segments.length} segments > ${depthMax}`)
  const pointer = segments.map((segment) => segment.replaceAll('~1', '/').replaceAll('~0', '~'))
  if (pointer.includes(prototypeName)) throw invalid(`${where} ${shown} names ${prototypeName}`)
  return pointer
}

export const formatPointer = (pointer: Pointer): string =>
  pointer.map((segment) => `/${segment.replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')

/** The number that a segment is in a list: digits without a leading zero; null for anything else. */
export const toIndex = (segment: string): number | null =>
  /^(0|[1-9]\d{0,8})$/.test(segment) ? Number(segment) : null

/** Behind the last item of a list. */
export const endOfList = '-'

const shownMax = 128

/** What sets the prototype of a plain object instead of a member. */
const prototypeName = '__proto__'

const parseOperation = (operation: unknown, where: string): Operation => {
  if (!isObject(operation)) throw invalid(`${where} is no object`)
  const op = memberOf(operation, 'op')
  const path = parsePointer(memberOf(operation, 'path'), `${where}: path`)
  switch (op) {
    case 'add':
    case 'replace':
    case 'test':
      return { op, path, value: parseValue(operation, where) }
    case 'remove':
      return { op, path }
    case 'move':
    case 'copy': {
      const from = parsePointer(memberOf(operation, 'from'), `${where}: from`)
      if (op === 'move' && isWithin(path, from)) throw invalid(`${where} moves something into itself`)
      return { op, from, path }
    }
    default:
      throw invalid(`${where}: op ${JSON.stringify(op)?.slice(0, shownMax)} is none of RFC 6902`)
  }
}

const isWithin = (path: Pointer, outer: Pointer): boolean =>
  path.length > outer.length && outer.every((segment, index) => path[index] === segment)

const parseValue = (operation: Readonly<Record<string, unknown>>, where: string): Json => {
  if (!Object.hasOwn(operation, 'value')) throw invalid(`${where} has no value`)
  const value = memberOf(operation, 'value')
  checkValue(value, where, depthMax)
  // It came out of JSON.parse.
  return value as Json
}

const checkValue = (value: unknown, where: string, depth: number): void => {
  if (typeof value !== 'object' || value === null) return
  if (depth === 0) throw invalid(`${where}: the value nests deeper than ${depthMax}`)
  if (Object.hasOwn(value, prototypeName)) throw invalid(`${where}: the value names ${prototypeName}`)
  for (const item of Object.values(value)) checkValue(item, where, depth - 1)
}

const invalid = (detail: string): RoomlogError => new RoomlogError('request-invalid', detail)
