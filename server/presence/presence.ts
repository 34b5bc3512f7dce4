/**
 * Who is in a room: the awareness of y-protocols, for the sessions and devices of this node and those of the others.
 *
 *   session, device ──▶ own statements ──┬──────────────▶ believed ──▶ shown, once per window, to every session
 *                                        └──▶ other nodes     ▲
 *   other nodes ──▶ replicas of their statements ─────────────┘
 *
 * A client may speak for the ids that it announced and for no others; who it is comes from its token. What
 * changed is sent once per room and window, in one frame, so that the cost grows with changes, not with people squared.
 */
import type { User } from '../auth/identity.ts'
import { after as afterMs, monotonic, now } from '../clock.ts'
import type { NodeId } from '../cluster/envelope.ts'
import { clockMax, type Person, readAnnounced, restamp } from './announced.ts'
import { decodePresence } from './news.ts'
import { Replicas, type Touched } from './replicas.ts'
import { type Owned, ShownStates } from './shown.ts'
import { believed, type Said, type Statement, type Way } from './statement.ts'
import { Telling } from './telling.ts'

/** Somebody whose presence this is and who is shown that of the others. */
export interface Present extends Person {
  readonly prefix: Uint8Array
  readonly via: Way
  /** Asked before a client id of it is shown to anybody. @returns false: it is somebody else's */
  announce(id: number): boolean
  write(frame: Buffer): void
}

/** Somebody who is there by HTTP requests. */
export interface PresentDevice {
  readonly id: number
  readonly name: string
  readonly user: User
  readonly until: number
  /** Under the user already. */
  readonly json: Uint8Array
  /** Another node speaks for the device now. */
  onMoved(): void
}

export interface PresenceParts {
  readonly self: () => NodeId
  /** Tells the other nodes that have the room open; null: there are none. */
  readonly tell: ((message: Uint8Array) => void) | null
  /** This user has come, left, or was lost with their node. */
  readonly onSeen: (userId: string) => void
}

interface Own extends Statement, Owned {}

/** A person with many tabs has one id per tab; nobody needs more from one connection. */
const idsPerOwnerMax = 16
/** Yjs makes client ids below this; those of devices are above. */
export const clientIdsEnd = 2 ** 32
/** How long a window is: it grows with the number of people, up to this. */
const windowMsMax = 150
/** One window follows another no sooner, and each has one clock at most: so clocks never get ahead of the time. */
const windowMsMin = 1

export class Presence {
  readonly #parts: PresenceParts
  readonly #own = new Map<number, Own>()
  readonly #replicas = new Replicas()
  readonly #shown = new ShownStates()
  /** With the ids that they speak for. */
  readonly #members = new Map<Present, Set<number>>()
  /** Those who have begun to speak since the last window, and are shown everybody with the next; null: nobody has. */
  #newcomers: Set<Present> | null = null
  readonly #telling: Telling
  #isWindowOpen = false
  #windowAt = 0

  constructor(parts: PresenceParts) {
    this.#parts = parts
    this.#telling = new Telling(parts.tell)
  }

  /** Is nobody here? People on other nodes do not count. */
  get isEmpty(): boolean {
    return this.#members.size === 0 && this.#own.size === 0
  }

  /** What is said on this node. */
  get own(): ReadonlyMap<number, Statement> {
    return this.#own
  }

  /** What the other nodes say, as far as this one has heard. */
  get replicas(): Pick<Replicas, 'nodes' | 'statementsOf'> {
    return this.#replicas
  }

  /** The newcomer is shown who is there; what its user said on another connection not before it has spoken itself. */
  join(member: Present): void {
    this.#members.set(member, new Set())
    if (this.#shown.size > 0) this.#shown.showStrangers(member)
  }

  /** Everybody else learns that the states of this one are gone. */
  leave(member: Present): void {
    const ids = this.#members.get(member) ?? []
    this.#members.delete(member)
    this.#newcomers?.delete(member)
    for (const id of ids) this.#end(id)
  }

  /** Sends one member all that is known, if only that nobody is there: whoever asks knows then that it was heard. */
  show(member: Present): void {
    this.#shown.showAll(member)
  }

  /** Shows one member who was not shown everything what it missed. */
  showMissed(member: Present): void {
    this.#shown.showMissed(member)
  }

  /**
   * Takes an awareness message of a member. Ids that belong to somebody else are left out silently: honest
   * clients repeat what they have heard of others.
   *
   * @returns what is wrong with the message, of which nothing was taken then
   */
  receive(member: Present, message: Uint8Array): string | null {
    const ids = this.#members.get(member)
    if (ids === undefined) return null
    const { states, problem } = readAnnounced(message, member)
    for (const { id, clock, json } of states) {
      if (id >= clientIdsEnd) continue
      const own = this.#own.get(id)
      if (own?.owner === member) {
        if (clock <= own.theirs) continue
        if (json === null) this.#end(id, clock)
        else this.#say(id, { ...own, theirs: clock, json }, clock)
        continue
      }
      if (json !== null) this.#claim(member, ids, { id, clock, json })
    }
    return problem
  }

  /** The member has another role now: its states say so, without its doing. */
  restamp(member: Present): void {
    for (const id of this.#members.get(member) ?? []) {
      const own = this.#own.get(id)
      if (own !== undefined) this.#say(id, { ...own, json: restamp(own.json, member) })
    }
  }

  /** A device is there, for the first time or still. */
  put(device: PresentDevice): void {
    const { id, name, until, json, user } = device
    const own = this.#own.get(id)
    const said = own === undefined ? this.#believed(id)?.statement : own
    const claimedAt = own?.claimedAt ?? this.#newClaim(said)
    const since = said?.since ?? now()
    const statement = { userId: user.id, claimedAt, since, until, via: 'http' as const, device: name, json }
    if (own === undefined) this.#parts.onSeen(user.id)
    this.#say(id, { ...statement, clock: 0, theirs: 0, owner: device })
  }

  /** The device is there no more; nothing happens if another one speaks for the id by now. */
  end(device: PresentDevice): void {
    if (this.#own.get(device.id)?.owner === device) this.#end(device.id)
  }

  /** Another node says something of the people there. */
  hear(from: NodeId, bytes: Uint8Array): void {
    const message = decodePresence(bytes)
    if (message === null) return
    if (message.type === 'ask') {
      if (message.node === null || message.node === this.#parts.self()) this.#tellAll()
      return
    }
    if (message.type === 'raise') {
      for (const [id, clock] of message.clocks) this.#raise(id, clock)
      return
    }
    const { touched, isGap } = this.#replicas.take(from, message, monotonic())
    this.#settleAll(touched)
    if (isGap) this.#telling.ask(from)
  }

  /** Another node says where it stands with its news. */
  hearTurn(from: NodeId, turn: number): void {
    if (this.#replicas.beat(from, turn, monotonic())) this.#telling.ask(from)
  }

  /** The nodes that have said nothing for so long have nobody here any more. */
  forgetSilent(ms: number): void {
    for (const node of this.#replicas.silentSince(monotonic() - ms)) this.gone(node)
  }

  /** With which an id is shown here; 0: it never was, as far as is remembered. */
  clockOf(id: number): number {
    return this.#shown.clockOf(id)
  }

  /** Where this node stands with its news. */
  get turn(): number {
    return this.#telling.turn
  }

  /** That node is no more, and so are its people. */
  gone(node: NodeId): void {
    const lost = this.#replicas.drop(node)
    for (const { userId } of lost.values()) this.#parts.onSeen(userId)
    this.#settleAll([...lost.keys()].map((id) => ({ id, clock: 0 })))
  }

  /** This node was taken for dead: the others have forgotten its people, and it may have missed anything. */
  rejoined(): void {
    for (const node of this.#replicas.nodes) this.gone(node)
    this.#tellAll()
    this.askOthers()
  }

  askOthers(): void {
    this.#telling.ask(null)
  }

  /** The same again, for clients that forget what they do not hear of for 30 s. */
  renew(device: PresentDevice): void {
    const own = this.#own.get(device.id)
    if (own?.owner === device) this.#say(device.id, own)
  }

  /** An id that this member does not speak for yet. */
  #claim(
    member: Present,
    ids: Set<number>,
    { id, clock, json }: { id: number; clock: number; json: Uint8Array }
  ): void {
    const said = this.#believed(id)?.statement
    // The client has a new connection, and nobody has noticed yet that the old one is dead: a connection's first id is
    // its own, and the user is the same.
    if (said !== undefined && (said.userId !== member.user.id || ids.size > 0)) return
    if (ids.size >= idsPerOwnerMax) return
    if (!member.announce(id)) return
    const { user, via } = member
    const claimedAt = this.#newClaim(said)
    this.#parts.onSeen(user.id)
    if (ids.size === 0) this.#newcomers = (this.#newcomers ?? new Set()).add(member)
    ids.add(id)
    const own = { userId: user.id, claimedAt, since: claimedAt, until: null, via, device: null, json }
    // No client takes a state that it had from another node with the same clock or a later one.
    this.#say(id, { ...own, clock: 0, theirs: clock, owner: member }, clock + 1)
  }

  /** Later than the claim that it takes the place of, however the clocks of the nodes differ. */
  #newClaim(said: Statement | undefined): number {
    return Math.max(now(), (said?.claimedAt ?? 0) + 1)
  }

  #say(id: number, said: Own, leastClock = 0): void {
    const before = this.#own.get(id)
    if (before !== undefined && before.owner !== said.owner) this.#release(id, before)
    const clock = Math.max(leastClock, this.#shown.nextClockOf(id))
    const own = { ...said, clock }
    this.#own.set(id, own)
    this.#telling.add({ id, clock, statement: own })
    this.#settle(id, clock)
    this.#openWindow()
  }

  #raise(id: number, clock: number): void {
    const own = this.#own.get(id)
    if (own === undefined || own.clock >= clock || clock >= clockMax) return
    const raised = { ...own, clock }
    this.#own.set(id, raised)
    this.#shown.raise(id, clock)
    this.#telling.add({ id, clock, statement: raised })
    this.#openWindow()
  }

  #end(id: number, leastClock = 0): void {
    const own = this.#own.get(id)
    if (own === undefined) return
    this.#parts.onSeen(own.userId)
    this.#drop(id, own, Math.max(leastClock, this.clockOf(id) + 1))
  }

  #drop(id: number, own: Own, clock: number): void {
    this.#own.delete(id)
    this.#release(id, own)
    this.#telling.add({ id, clock, statement: null })
    this.#settle(id, clock)
    this.#openWindow()
  }

  #release(id: number, { owner }: Own): void {
    if (!('onMoved' in owner)) this.#members.get(owner)?.delete(id)
  }

  #believed(id: number): Said | null {
    const statement = this.#own.get(id)
    const others = this.#replicas.of(id)
    return believed(statement === undefined ? others : [{ node: this.#parts.self(), statement }, ...others])
  }

  #settleAll(touched: readonly Touched[]): void {
    for (const { id, clock } of touched) {
      this.#settle(id, clock)
      this.#yield(id)
    }
  }

  /** Whoever spoke for the id here has a newer connection to another node. */
  #yield(id: number): void {
    const own = this.#own.get(id)
    const said = own === undefined ? null : this.#believed(id)
    if (own === undefined || said === null || said.statement === own || said.statement.userId !== own.userId)
      return
    this.#drop(id, own, own.clock)
    if ('onMoved' in own.owner) own.owner.onMoved()
  }

  /** Shows what is to be believed of the id now. @param leastClock with which it is gone, if it is */
  #settle(id: number, leastClock: number): void {
    const statement = this.#believed(id)?.statement ?? null
    const own = this.#own.get(id)
    const isOwn = own !== undefined && own === statement
    const clock = this.#shown.set(id, { statement, own: isOwn ? own : null, leastClock })
    if (statement !== null && !isOwn && clock > statement.clock) this.#telling.raise(id, clock)
    if (this.#shown.hasChanged) this.#openWindow()
  }

  #tellAll(): void {
    this.#telling.addAll()
    this.#openWindow()
  }

  #openWindow(): void {
    if (this.#isWindowOpen) return
    this.#isWindowOpen = true
    const wait = Math.min(windowMsMax, this.#members.size / 4)
    if (wait < 2 && monotonic() - this.#windowAt > windowMsMin) setImmediate(() => this.#closeWindow())
    else afterMs(Math.max(windowMsMin, wait), () => this.#closeWindow())
  }

  #closeWindow(): void {
    this.#isWindowOpen = false
    this.#windowAt = monotonic()
    this.#telling.send(this.#own)
    if (this.#newcomers !== null) this.#shown.showNewcomers(this.#newcomers)
    this.#newcomers = null
    if (this.#shown.hasChanged) this.#shown.showChanged(this.#members.keys())
    this.#shown.forgetGone(this.#members.size * idsPerOwnerMax)
  }
}
