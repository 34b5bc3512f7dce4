import type { ErrorCode } from '../../schema/error-codes.ts'
import type { Person } from './attack-room.ts'
import { type RawRange, type RawSection, type RawStruct, rawUpdate } from './raw-update.ts'

/**
 * What is to become of an update:
 *
 * - `refused`  by one of its names, and nothing of it is left
 * - `nothing`  it changes nothing, whether it is refused or not
 * - `taken`    it is applied, for it writes where its author may
 */
export type Outcome = 'refused' | 'nothing' | 'taken'

export interface Step {
  readonly update: Uint8Array<ArrayBuffer>
  readonly outcome: Outcome
}

/** Updates of one person to a room that stands as `attack-room.ts` says. */
export interface Attack {
  /** What it tries, after the role's name. */
  readonly what: string
  readonly by: Person
  readonly steps: readonly Step[]
  /** What the last step is refused as; empty: by any name of the guard. */
  readonly codes: readonly ErrorCode[]
}

type Codes = ErrorCode | readonly ErrorCode[]

/** One update that is refused. */
export const attack = (by: Person, what: string, update: Uint8Array, codes: Codes = []): Attack =>
  attackInSteps(by, what, [[update, 'refused']], codes)

/** One update that changes nothing. */
export const idleAttack = (by: Person, what: string, update: Uint8Array): Attack =>
  attackInSteps(by, what, [[update, 'nothing']])

export const attackInSteps = (
  by: Person,
  what: string,
  steps: readonly (readonly [Uint8Array, Outcome])[],
  codes: Codes = []
): Attack => ({
  by,
  what,
  steps: steps.map(([update, outcome]) => ({ update: Uint8Array.from(update), outcome })),
  codes: typeof codes === 'string' ? [codes] : codes
})

/** An update of one client's structs. */
export const write = (client: number, clock: number, ...structs: readonly RawStruct[]): Uint8Array =>
  rawUpdate([section(client, clock, ...structs)])

export const section = (client: number, clock: number, ...structs: readonly RawStruct[]): RawSection => ({
  client,
  clock,
  structs
})

/** An update that deletes ranges of one client. */
export const erase = (client: number, ...ranges: readonly (readonly [number, number])[]): Uint8Array =>
  rawUpdate([], [{ client, ranges }])

export const range = (client: number, ...ranges: RawRange['ranges']): RawRange => ({ client, ranges })

/** References of the types that a struct may hold. */
export const types = { array: 0, map: 1, text: 2, element: 3, fragment: 4, hook: 5, xmlText: 6 } as const
