/**
 * The three values that say where something is: which room, which entry, which log.
 *
 * A room name is `kind/id`. It is checked where it enters the process (`parseRoomName`) and carried as a
 * branded string afterwards, so that nothing unchecked reaches the log or a URL.
 */

declare const brand: unique symbol
type Branded<T, Name extends string> = T & { readonly [brand]: Name }

/** `kind/id`: a kind of lower-case letters, then an id of letters, digits and `-._~@:+`; 128 characters at most. */
export type RoomName = Branded<string, 'RoomName'>

/** The number of an entry within its room: 1, 2, 3 … without gaps; 0 is the place before the first. */
export type Seq = Branded<number, 'Seq'>

/** Which log a seq belongs to: it changes when a room's log is replaced, and positions of the old one mean nothing. */
export type Epoch = Branded<number, 'Epoch'>

export const roomNameLengthMax = 128

const pattern = /^[a-z][a-z0-9-]{0,31}\/[A-Za-z0-9][A-Za-z0-9._~@:+-]*$/

/** The name if it is one, else null: callers refuse with `room-name-invalid`. */
export const parseRoomName = (text: string): RoomName | null =>
  text.length <= roomNameLengthMax && pattern.test(text) ? (text as RoomName) : null

export const kindOf = (name: RoomName): string => name.slice(0, name.indexOf('/'))

export const idOf = (name: RoomName): string => name.slice(name.indexOf('/') + 1)

/** A room, all rooms of a kind, or all rooms: `form/42`, `form/*`, `*`. */
export const isRoomPattern = (text: string): boolean =>
  text === '*' || /^[a-z][a-z0-9-]{0,31}\/\*$/.test(text) || parseRoomName(text) !== null

export const coversRoom = (pattern: string, room: RoomName): boolean =>
  pattern === '*' || pattern === room || pattern === `${kindOf(room)}/*`

/** The seq if it is a whole number of 0 or more that JavaScript holds exactly, else null. */
export const parseSeq = (value: unknown): Seq | null => {
  const number = typeof value === 'string' && /^\d{1,16}$/.test(value) ? Number(value) : value
  return typeof number === 'number' && Number.isSafeInteger(number) && number >= 0 ? (number as Seq) : null
}

/** @throws RangeError for what is no seq: a driver or a peer returned nonsense. */
export const toSeq = (value: unknown): Seq => {
  const seq = parseSeq(typeof value === 'bigint' ? Number(value) : value)
  if (seq === null) throw new RangeError(`not a seq: ${String(value)}`)
  return seq
}

export const toEpoch = (value: unknown): Epoch => toSeq(value) as unknown as Epoch
