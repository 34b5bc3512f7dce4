/**
 * What a fresh struct holds, against what the kind allows where it stands: nothing is applied for it. Every value that
 * was ever written has passed here, so every value that is visible has.
 */
import { createDecoder, readAny, readVarUint, readVarUint8Array } from 'lib0/decoding'
import { adminRole, rankOf } from '../../../schema/access.ts'
import type { RoomDefinition } from '../../../schema/define-room.ts'
import { isOwnKey } from '../../../schema/storage-words.ts'
import { now } from '../../clock.ts'
import { content } from '../update-reader.ts'
import type { TypePlace } from './place.ts'
import { type EntryRule, faultOf, type RootRule, ruleOf, type ValueRule } from './rules.ts'
import type { Fresh } from './structs.ts'

/** Whose struct it is. */
export interface Writer {
  readonly userId: string
  readonly role: string
  /** Of a full writer nothing is checked that another may have written, and they may write as anybody. */
  readonly isFull: boolean
  /** The struct is somebody else's. */
  readonly isRelayed: boolean
}

export interface Placed {
  readonly update: Uint8Array
  readonly definition: RoomDefinition
  readonly fresh: Fresh
  /** The place of the type that it stands in. */
  readonly around: TypePlace
  readonly writer: Writer
}

/** What is wrong with it; null: nothing. */
export const faultOfContent = (placed: Placed): string | null => {
  const { definition, around, fresh } = placed
  const fault = faultAnywhere(fresh)
  if (fault !== null) return fault
  const rule = ruleOf(definition, around.root)
  if (rule === null) return `${definition.kind} has no root type ${JSON.stringify(around.root.name)}`
  if (rule.sort === 'free') return null
  if (rule.sort === 'map') return faultInMap(rule, placed)
  if (around.depth > 0 || fresh.key !== null) return 'neither a list nor a text has keys'
  if (fresh.content === content.deleted) return null
  if (rule.sort === 'text') return textContents.has(fresh.content) ? null : 'no text'
  return faultOfClaims(rule, placed)
}

/** What is wrong with it wherever it stands; null: nothing. */
export const faultAnywhere = (fresh: Fresh): string | null =>
  fresh.content === content.subdocument ? 'a document within a document' : null

/** What may be done to a key: null where nothing is known of it. */
export const valueRuleAt = (
  definition: RoomDefinition,
  around: TypePlace,
  key: string
): ValueRule | EntryRule | null => {
  const rule = ruleOf(definition, around.root)
  if (rule?.sort !== 'map') return null
  if (around.depth === 0) return rule.entry(key)
  const entry = around.depth === 1 && around.id !== null ? rule.entry(around.id) : null
  return entry?.sort === 'entry' ? entry.field(key) : null
}

const textContents: ReadonlySet<number> = new Set([content.text, content.format, content.embed])

const faultInMap = (rule: RootRule & { readonly sort: 'map' }, placed: Placed): string | null => {
  const { definition, around, fresh } = placed
  if (fresh.key === null) return 'a map has no list'
  const at = valueRuleAt(definition, around, fresh.key)
  if (at === null)
    return `${rule.isOne ? 'the value' : 'a map of this kind'} has no key ${JSON.stringify(fresh.key)}`
  if (fresh.content === content.deleted) return null
  return at.sort === 'entry' ? faultOfEntry(at, placed) : faultOfValue(at, placed)
}

const yMap = 1

const faultOfEntry = ({ isOwned }: EntryRule, { fresh, writer }: Placed): string | null => {
  if (fresh.content !== content.type || fresh.type !== yMap) return 'an entry is a map'
  const isOwn = !isOwned || writer.isFull || isOwnKey(fresh.key ?? '', writer.userId)
  return isOwn ? null : 'an entry is its maker’s: its id begins with theirs'
}

const faultOfValue = (rule: ValueRule, placed: Placed): string | null => {
  const values = readValues(placed)
  return values === null ? 'no value' : firstFault(values, rule.fault)
}

const faultOfClaims = (rule: RootRule & { readonly sort: 'claims' }, placed: Placed): string | null => {
  if (placed.fresh.content !== content.any) return 'no claim'
  const { writer, definition } = placed
  return firstFault(readValues(placed) ?? [], (claim) => faultOfClaim(rule, claim, writer, definition.roles))
}

const firstFault = (
  values: readonly unknown[],
  faultIn: (value: unknown) => string | null
): string | null => {
  for (const value of values) {
    const fault = faultIn(value)
    if (fault !== null) return fault
  }
  return null
}

const claimKeys: ReadonlySet<string> = new Set(['value', 'by', 'role', 'at'])
/** How far the clock of an honest writer may be ahead. */
const aheadMsMax = 60_000

const faultOfClaim = (
  { schema }: RootRule & { readonly sort: 'claims' },
  claim: unknown,
  { userId, role, isRelayed }: Writer,
  roles: readonly string[]
): string | null => {
  if (typeof claim !== 'object' || claim === null || Array.isArray(claim)) return 'a claim is an object'
  const said: { value?: unknown; by?: unknown; role?: unknown; at?: unknown } = claim
  const stranger = Object.keys(claim).find((key) => !claimKeys.has(key))
  if (stranger !== undefined) return `a claim has no ${JSON.stringify(stranger)}`
  if (typeof said.by !== 'string' || typeof said.role !== 'string')
    return 'a claim says by whom and in which role'
  if (!isRelayed && said.by !== userId) return `the claim is by ${JSON.stringify(said.by)}`
  // Whoever was given a higher role since may still bring what they wrote before, offline or on its way.
  if (!isRelayed && (rankOf(roles, said.role) < rankOf(roles, role) || !mayBeRole(roles, said.role)))
    return `the claim is in the role ${JSON.stringify(said.role)}, not ${role}`
  if (typeof said.at !== 'number' || !(said.at >= 0)) return 'a claim says when'
  if (said.at > now() + aheadMsMax) return `the claim is of ${said.at}, which is yet to come`
  return faultOf(schema, said.value)
}

const mayBeRole = (roles: readonly string[], role: string): boolean =>
  role === adminRole || roles.includes(role)

/** The values of a struct that the document does not have; null where it holds none. */
const readValues = ({ update, fresh }: Placed): readonly unknown[] | null => {
  const decoder = createDecoder(update.subarray(fresh.contentFrom))
  if (fresh.content === content.binary) return [readVarUint8Array(decoder)]
  if (fresh.content !== content.any) return null
  const count = readVarUint(decoder)
  return Array.from({ length: count }, () => readAny(decoder)).slice(fresh.cut)
}
