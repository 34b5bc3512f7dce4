/** What the sessions of a room are shown of the people there, and with which clocks. */
import { now } from '../clock.ts'
import { awarenessFrame, varUint } from '../session/frames.ts'
import type { Present, PresentDevice } from './presence.ts'
import { isSameState, type Statement } from './statement.ts'

/** Who speaks for an id on this node. */
export interface Owned {
  readonly owner: Present | PresentDevice
  /** The clock that the owner said; the owner is shown this one, or a newer state of its own would be lost to an older. */
  readonly theirs: number
}

interface Shown {
  /** It grows with each change, also when somebody comes back. */
  readonly clock: number
  /** null once it is gone and only its clock is remembered. */
  readonly json: Uint8Array | null
  /** Whose state it is; null once it is gone. */
  readonly userId: string | null
  readonly own: Owned | null
  /** Somebody has been shown this clock: what is new needs a later one. */
  wasShown: boolean
  /** As an awareness message has it, once somebody was shown it: newcomers are shown the same bytes. */
  entry: Buffer | null
}

/** Clocks of those who left are remembered until there are this many, so that a late message cannot bring them back. */
const goneMax = 256

/** Later than any clock that a node showed before. */
const newestClock = (): number => now() + 1

const nobody = Buffer.from('null')

export class ShownStates {
  readonly #shown = new Map<number, Shown>()
  /** To be shown in the next window. */
  readonly #changed = new Set<number>()
  /**
   * What is shown from now on has this clock at least. Whoever comes may have been here before, on a node that was ended
   * since, and remembers with what clocks the others were shown then.
   */
  #clockMin = newestClock()

  get size(): number {
    return this.#shown.size
  }

  get hasChanged(): boolean {
    return this.#changed.size > 0
  }

  /** With which an id is shown; 0: it never was, as far as is remembered. */
  clockOf(id: number): number {
    return this.#shown.get(id)?.clock ?? 0
  }

  /** With which something new is shown of an id. */
  nextClockOf(id: number): number {
    return Math.max(clockBehind(this.#shown.get(id)), this.#clockMin, newestClock())
  }

  /**
   * From now on this is shown of the id.
   *
   * @param statement null: it is gone, with this clock or a later one
   * @returns the clock
   */
  set(
    id: number,
    { statement, own, leastClock }: { statement: Statement | null; own: Owned | null; leastClock: number }
  ): number {
    const before = this.#shown.get(id)
    if (before === undefined && statement === null) return 0
    const json = statement?.json ?? null
    const least = statement === null ? leastClock : Math.max(statement.clock, this.#clockMin)
    const isNews =
      before === undefined || !isSameState(before.json, json) || (json !== null && least > before.clock)
    const clock = before !== undefined && !isNews ? before.clock : Math.max(least, clockBehind(before))
    const wasShown = !isNews && before.wasShown
    this.#shown.set(id, { clock, json, userId: statement?.userId ?? null, own, wasShown, entry: null })
    if (isNews) this.#changed.add(id)
    return clock
  }

  /** Sends one member all that is known, if only that nobody is there. */
  showAll(member: Present): void {
    const here = [...this.#shown].filter(([, { json }]) => json !== null)
    this.#show(member, here)
  }

  /** The same to a client of which it is not known yet which id is its own: it would take an old state of its own for new. */
  showStrangers(member: Present): void {
    const strangers = [...this.#shown].filter(
      ([, { json, userId }]) => json !== null && userId !== member.user.id
    )
    if (strangers.length > 0) this.#show(member, strangers)
  }

  /** The same for one who has missed something: also who has gone. */
  showMissed(member: Present): void {
    this.#show(member, [...this.#shown])
  }

  /**
   * Sends those who came all that is known, as if all of it were new. Whoever lost its connection has forgotten the others
   * and kept their clocks, and would not take the same states again. What is shown is newer than what any node showed
   * before, and the clocks go on from there, also for those of whom this node has not heard yet.
   */
  showNewcomers(newcomers: ReadonlySet<Present>): void {
    this.#clockMin = newestClock()
    let here = 0
    for (const [id, { json, clock }] of this.#shown) {
      if (json === null) continue
      here++
      this.raise(id, Math.max(clock + 1, this.#clockMin))
    }
    if (here > 1) for (const newcomer of newcomers) this.showAll(newcomer)
  }

  /** What is shown of the id has this clock at least; nobody need be shown the same with it. */
  raise(id: number, clock: number): void {
    const shown = this.#shown.get(id)
    if (shown === undefined || shown.clock >= clock) return
    this.#shown.set(id, { ...shown, clock, wasShown: true, entry: null })
  }

  /** Sends everybody what has changed: one frame for all but those whose own clock is not the one that the others see. */
  showChanged(members: Iterable<Present>): void {
    const ids = [...this.#changed]
    this.#changed.clear()
    const entries = ids.map((id) => this.#entry(id, null))
    const payload = payloadOf(entries)
    const behind = Map.groupBy(ids.keys(), (index) => ownerWhoIsBehind(this.#shown.get(ids[index] ?? 0)))
    let prefix: Uint8Array | null = null
    let frame: Buffer = Buffer.alloc(0)
    for (const member of members) {
      const own = behind.get(member)
      if (own !== undefined) {
        const theirs = [...entries]
        for (const index of own) theirs[index] = this.#entry(ids[index] ?? 0, member)
        member.write(awarenessFrame(member.prefix, payloadOf(theirs)))
        continue
      }
      if (prefix !== member.prefix) {
        prefix = member.prefix
        frame = awarenessFrame(prefix, payload)
      }
      member.write(frame)
    }
  }

  /** Drops the clocks of those who left, where there are too many besides these. */
  forgetGone(besides: number): void {
    if (this.#shown.size <= besides + goneMax) return
    for (const [id, { json }] of this.#shown) if (json === null) this.#shown.delete(id)
  }

  #show(member: Present, states: readonly (readonly [id: number, Shown])[]): void {
    member.write(awarenessFrame(member.prefix, payloadOf(states.map(([id]) => this.#entry(id, member)))))
  }

  #entry(id: number, member: Present | null): Buffer {
    const shown = this.#shown.get(id)
    if (shown === undefined) return entryOf(id, 0, null)
    shown.wasShown = true
    if (shown.own !== null && shown.own.owner === member) return entryOf(id, shown.own.theirs, shown.json)
    shown.entry ??= entryOf(id, shown.clock, shown.json)
    return shown.entry
  }
}

const clockBehind = (shown: Shown | undefined): number =>
  shown === undefined ? 0 : shown.wasShown ? shown.clock + 1 : shown.clock

const entryOf = (id: number, clock: number, json: Uint8Array | null): Buffer => {
  const state = json ?? nobody
  return Buffer.concat([Buffer.from([...varUint(id), ...varUint(clock), ...varUint(state.length)]), state])
}

const payloadOf = (entries: readonly Buffer[]): Buffer =>
  Buffer.concat([Buffer.from(varUint(entries.length)), ...entries])

/** The owner of a state whose own clock is not the one that the others are shown. */
const ownerWhoIsBehind = (shown: Shown | undefined): Present | PresentDevice | null =>
  shown?.own != null && shown.own.theirs !== shown.clock ? shown.own.owner : null
