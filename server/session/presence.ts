/**
 * Who is in a room: the awareness of y-protocols, kept by the sessions.
 *
 * A client may speak for the ids that it announced and for no others; who it is comes from its token. What
 * changed is sent once per room and window, in one frame, so that the cost grows with changes, not with people squared.
 */

import type { User } from '../auth/identity.ts'
import { after as afterMs } from '../clock.ts'
import { awarenessFrame, MessageReader, varUint } from './frames.ts'

/** Somebody whose presence this is and who is shown that of the others. */
export interface Present {
  readonly prefix: Uint8Array
  readonly user: User
  readonly role: string
  /** Is this client id one that it may speak for? Asked before it is shown to anybody. */
  mayShow(id: number): boolean
  write(frame: Buffer): void
}

interface State {
  /** What everybody is shown: it grows with each change, also when somebody comes back. */
  clock: number
  /** The clock that the owner said; the owner is shown this one, or a newer state of its own would be lost to an older. */
  theirs: number
  /** The state as JSON; null once it is gone and only its clock is remembered. */
  json: Uint8Array | null
  owner: Present | null
}

/** A person with many tabs has one id per tab; nobody needs more from one connection. */
const idsPerOwnerMax = 16
const stateBytesMax = 16_384
const clockMax = 2 ** 31
/** How long a window is: it grows with the number of people, up to this. */
const windowMsMax = 60
/** Clocks of those who left are remembered until there are this many, so that a late message cannot bring them back. */
const goneMax = 256

const nobody = Buffer.from('null')

/** The bytes are no awareness message, or one that is too large. */
export class MalformedPresence extends Error {}

export class Presence {
  readonly #states = new Map<number, State>()
  readonly #members = new Set<Present>()
  readonly #changed = new Set<number>()
  #isWindowOpen = false

  /** The newcomer is shown who is there. */
  join(member: Present): void {
    this.#members.add(member)
    if (this.#states.size > 0) this.show(member)
  }

  /** Everybody else learns that the states of this one are gone. */
  leave(member: Present): void {
    this.#members.delete(member)
    for (const [id, state] of this.#states) {
      if (state.owner !== member || state.json === null) continue
      state.json = null
      state.owner = null
      state.clock++
      this.#change(id)
    }
  }

  /** Sends one member all that is known, if only that nobody is there: whoever asks knows then that it was heard. */
  show(member: Present): void {
    const ids = [...this.#states].filter(([, { json }]) => json !== null).map(([id]) => id)
    member.write(this.#frame(member, ids))
  }

  /** Shows one member who has missed something all of it: who is there, and who has gone. */
  showAgain(member: Present): void {
    member.write(this.#frame(member, [...this.#states.keys()]))
  }

  /**
   * Takes an awareness message of a member. Ids that belong to somebody else are left out silently: honest
   * clients repeat what they have heard of others.
   *
   * @throws MalformedPresence nothing of the message was taken
   */
  receive(member: Present, message: Uint8Array): void {
    for (const { id, clock, json } of readStates(message, member)) {
      const known = this.#states.get(id)
      const isHere = known !== undefined && known.json !== null
      if (isHere && known.owner === member && clock <= known.theirs) continue
      if (isHere && known.owner !== member && !this.#hasMoved(known, member)) continue
      if (!isHere && json === null) continue
      if (known?.owner !== member && this.#idsOf(member) >= idsPerOwnerMax) continue
      if (json !== null && known?.owner !== member && !member.mayShow(id)) continue
      this.#states.set(id, {
        clock: Math.max(clock, (known?.clock ?? -1) + 1),
        theirs: clock,
        json,
        owner: json === null ? null : member
      })
      this.#change(id)
    }
  }

  /** The member has another role now: its states say so, without its doing. */
  restamp(member: Present): void {
    for (const [id, state] of this.#states) {
      if (state.owner !== member || state.json === null) continue
      state.json = readState(state.json, member)
      state.clock++
      this.#change(id)
    }
  }

  /**
   * The client has a new connection, and nobody has noticed yet that the old one is dead: a connection's first id is its
   * own, and the user is the same.
   */
  #hasMoved({ owner }: State, member: Present): boolean {
    return owner?.user.id === member.user.id && this.#idsOf(member) === 0
  }

  get people(): number {
    return this.#members.size
  }

  #idsOf(member: Present): number {
    let count = 0
    for (const { owner } of this.#states.values()) if (owner === member) count++
    return count
  }

  #change(id: number): void {
    this.#changed.add(id)
    if (this.#isWindowOpen) return
    this.#isWindowOpen = true
    const wait = Math.min(windowMsMax, this.#members.size / 4)
    if (wait < 2) setImmediate(() => this.#send())
    else afterMs(wait, () => this.#send())
  }

  #send(): void {
    this.#isWindowOpen = false
    const ids = [...this.#changed]
    this.#changed.clear()
    const behind = new Set(ids.map((id) => this.#states.get(id)).map(ownerWhoIsBehind))
    let prefix: Uint8Array | null = null
    let frame: Buffer = Buffer.alloc(0)
    for (const member of this.#members) {
      if (behind.has(member)) {
        member.write(this.#frame(member, ids))
        continue
      }
      if (prefix !== member.prefix) {
        prefix = member.prefix
        frame = this.#frame(member, ids)
      }
      member.write(frame)
    }
    this.#forget()
  }

  #forget(): void {
    if (this.#states.size <= this.#members.size * idsPerOwnerMax + goneMax) return
    for (const [id, { json }] of this.#states) if (json === null) this.#states.delete(id)
  }

  #frame(member: Present, ids: readonly number[]): Buffer {
    const parts: Uint8Array[] = [Buffer.from(varUint(ids.length))]
    for (const id of ids) {
      const state = this.#states.get(id)
      const json = state?.json ?? nobody
      const clock = (state?.owner === member ? state.theirs : state?.clock) ?? 0
      parts.push(Buffer.from([...varUint(id), ...varUint(clock), ...varUint(json.length)]), json)
    }
    return awarenessFrame(member.prefix, Buffer.concat(parts))
  }
}

/** The owner of a state whose own clock is not the one that the others are shown. */
const ownerWhoIsBehind = (state: State | undefined): Present | null =>
  state !== undefined && state.theirs !== state.clock ? state.owner : null

interface Announced {
  readonly id: number
  readonly clock: number
  /** null: it leaves. */
  readonly json: Uint8Array | null
}

const readStates = (message: Uint8Array, member: Present): Announced[] => {
  const reader = new MessageReader(message)
  try {
    const count = reader.uint()
    if (count > message.length) throw new MalformedPresence(`${count} states in ${message.length} bytes`)
    return Array.from({ length: count }, () => ({
      id: reader.uint(),
      clock: readClock(reader),
      json: readState(reader.bytes(), member)
    }))
  } catch (error) {
    if (error instanceof MalformedPresence) throw error
    throw new MalformedPresence('the bytes are no awareness message', { cause: error })
  }
}

const readClock = (reader: MessageReader): number => {
  const clock = reader.uint()
  if (clock > clockMax) throw new MalformedPresence(`clock ${clock} > ${clockMax}`)
  return clock
}

const readState = (bytes: Uint8Array, member: Present): Uint8Array | null => {
  if (bytes.length > stateBytesMax)
    throw new MalformedPresence(`a state of ${bytes.length} bytes > ${stateBytesMax}`)
  const value: unknown = JSON.parse(Buffer.from(bytes).toString())
  if (value === null) return null
  if (typeof value !== 'object' || Array.isArray(value))
    throw new MalformedPresence('a state that is no object')
  return stamp({ ...value }, member)
}

/** Puts the user of the token over whatever the client says of itself; a colour of its own choice it may keep. */
const stamp = (state: Record<string, unknown>, { user, role }: Present): Uint8Array => {
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
