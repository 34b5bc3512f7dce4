/** What a client says of itself, as an awareness message: read, bounded, and put under the user of its token. */
import type { User } from '../auth/identity.ts'
import { MessageReader } from '../session/frames.ts'

/** Whoever a state is of. */
export interface Person {
  readonly user: User
  readonly role: string
}

export interface Announced {
  readonly id: number
  readonly clock: number
  /** null: it leaves. */
  readonly json: Uint8Array | null
}

export const stateBytesMax = 16_384
/** Neither counted up by one nor in milliseconds does a clock get this far. */
export const clockMax = 2 ** 42

/** The bytes are no awareness message, or one that is too large. */
class MalformedPresence extends Error {}

/** The states of a message, all of them or, where something is wrong with it, none. */
export const readAnnounced = (
  message: Uint8Array,
  person: Person
): { readonly states: readonly Announced[]; readonly problem: string | null } => {
  const reader = new MessageReader(message)
  try {
    const count = reader.uint()
    if (count > message.length) throw new MalformedPresence(`${count} states in ${message.length} bytes`)
    const states = Array.from({ length: count }, () => ({
      id: reader.uint(),
      clock: readClock(reader),
      json: readState(reader.bytes(), person)
    }))
    return { states, problem: null }
  } catch (error) {
    const problem = error instanceof MalformedPresence ? error.message : 'the bytes are no awareness message'
    return { states: [], problem }
  }
}

const readClock = (reader: MessageReader): number => {
  const clock = reader.uint()
  if (clock > clockMax) throw new MalformedPresence(`clock ${clock} > ${clockMax}`)
  return clock
}

const readState = (bytes: Uint8Array, person: Person): Uint8Array | null => {
  if (bytes.length > stateBytesMax)
    throw new MalformedPresence(`a state of ${bytes.length} bytes > ${stateBytesMax}`)
  const value: unknown = JSON.parse(Buffer.from(bytes).toString())
  if (value === null) return null
  if (typeof value !== 'object' || Array.isArray(value))
    throw new MalformedPresence('a state that is no object')
  return stamp({ ...value }, person)
}

/** The same state, under what its person is now. */
export const restamp = (json: Uint8Array, person: Person): Uint8Array =>
  stamp(JSON.parse(Buffer.from(json).toString()), person)

/** Puts the user of the token over whatever the client says of itself; a colour of its own choice it may keep. */
export const stamp = (state: Record<string, unknown>, { user, role }: Person): Uint8Array => {
  const said = state.user
  const chosen =
    typeof said === 'object' && said !== null && 'color' in said && typeof said.color === 'string'
      ? said.color
      : undefined
  const avatar = user.avatar === null ? {} : { avatar: user.avatar }
  return Buffer.from(
    JSON.stringify({
      ...state,
      user: { id: user.id, name: user.name, role, color: user.color ?? chosen, ...avatar }
    })
  )
}
