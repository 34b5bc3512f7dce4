/** How fast one session may send, how many sessions there may be, and how often a short question gets its long answer. */
import type { RoleLimits } from '../../schema/access.ts'
import type { Access } from '../auth/identity.ts'
import { after, monotonic } from '../clock.ts'
import type { Config } from '../config.ts'
import { type Excess, tooMany } from '../too-many.ts'

/** So much of a second's worth of frames a new session may send at once; whoever has been calm, a whole second's worth. */
const beginSeconds = 0.1

/** What fills a limit of so much per second again after a burst: this much of a second without anything sent. */
const calmSeconds = 0.25

/** A bucket that empties by what comes and fills with time, up to a second's worth. */
export class RateLimit {
  readonly #unit: string
  readonly #perSecond: number
  /** What a new sender has. */
  readonly #begin: number
  #left: number
  #at = monotonic()
  /** Since when the sender had something to say whenever it might; null while it is not above the limit. */
  #aboveSince: number | null = null
  /** What came since then, and in the second before. */
  #taken = 0

  constructor(unit: string, perSecond: number, begin = perSecond) {
    this.#unit = unit
    this.#perSecond = perSecond
    this.#begin = begin
    this.#left = begin
  }

  /** How many seconds it takes until there is as much as a new sender has. */
  get owedSeconds(): number {
    return Math.max(0, this.#begin - this.#filledAt(monotonic())) / this.#perSecond
  }

  owe(seconds: number): void {
    if (seconds === 0) return
    this.#fill()
    this.#left = Math.min(this.#left, this.#begin - seconds * this.#perSecond)
  }

  /** Takes `amount`; the result is how many milliseconds the sender has to wait before the next, 0 if it need not. */
  take(amount: number): number {
    this.#left -= amount
    this.#taken += amount
    if (this.#left >= 0) return 0
    const now = this.#fill()
    if (this.#left >= this.#perSecond * calmSeconds) this.#aboveSince = null
    if (this.#left >= 0) return 0
    if (this.#aboveSince === null) {
      this.#aboveSince = now
      this.#taken = this.#perSecond - this.#left
    }
    return this.#waitMs
  }

  /** What is too much, of a sender that is above the limit for longer than this, what it still has to wait included. */
  floodOf(ms: number): Excess | null {
    if (this.#aboveSince === null || this.#left >= 0) return null
    const aboveMs = this.#at - this.#aboveSince
    const found = this.#taken / (1 + aboveMs / 1_000)
    if (aboveMs + this.#waitMs <= ms || found <= this.#perSecond) return null
    return {
      what: this.#unit,
      found,
      most: this.#perSecond,
      retrySeconds: Math.ceil(this.#waitMs / 1_000)
    }
  }

  #fill(): number {
    const now = monotonic()
    this.#left = this.#filledAt(now)
    this.#at = now
    return now
  }

  #filledAt(now: number): number {
    return Math.min(this.#perSecond, this.#left + ((now - this.#at) * this.#perSecond) / 1_000)
  }

  get #waitMs(): number {
    return Math.ceil((-this.#left * 1_000) / this.#perSecond)
  }
}

export interface Owed {
  readonly framesSeconds: number
  readonly bytesSeconds: number
}

/** Frames and bytes of one sender. */
export class Pace {
  readonly #frames: RateLimit
  readonly #bytes: RateLimit

  private constructor(frames: RateLimit, bytes: RateLimit) {
    this.#frames = frames
    this.#bytes = bytes
  }

  /** That of a whole session. Its first document may be large; that is one frame. */
  static ofSession({ framesPerSecond, bytesPerSecond }: Required<RoleLimits>): Pace {
    const frames = new RateLimit('frames/s', framesPerSecond, framesPerSecond * beginSeconds)
    return new Pace(frames, new RateLimit('bytes/s', bytesPerSecond))
  }

  static ofRole(role: string, { framesPerSecond, bytesPerSecond }: Required<RoleLimits>): Pace {
    const frames = new RateLimit(`frames/s for ${role}`, framesPerSecond)
    return new Pace(frames, new RateLimit(`bytes/s for ${role}`, bytesPerSecond))
  }

  /** Takes one frame; the result is how many milliseconds the sender has to wait before the next. */
  take(bytes: number): number {
    return Math.max(this.#frames.take(1), this.#bytes.take(bytes))
  }

  /** What it takes until this one may send as much as anybody who comes. */
  get owed(): Owed {
    return { framesSeconds: this.#frames.owedSeconds, bytesSeconds: this.#bytes.owedSeconds }
  }

  owe({ framesSeconds, bytesSeconds }: Owed): void {
    this.#frames.owe(framesSeconds)
    this.#bytes.owe(bytesSeconds)
  }

  floodOf(ms: number): Excess | null {
    return this.#frames.floodOf(ms) ?? this.#bytes.floodOf(ms)
  }
}

/** What the role of a connection allows, where its kind says so; never more than the server. */
export const paceOf = (
  { definition, role }: Pick<Access, 'definition' | 'role'>,
  most: Pick<Config, 'framesPerSecondMax' | 'bytesPerSecondMax'>
): Pace | null => {
  const limits = definition.access[role]?.limits
  if (limits === undefined) return null
  const framesPerSecond = Math.min(limits.framesPerSecond ?? most.framesPerSecondMax, most.framesPerSecondMax)
  const bytesPerSecond = Math.min(limits.bytesPerSecond ?? most.bytesPerSecondMax, most.bytesPerSecondMax)
  return Pace.ofRole(role, { framesPerSecond, bytesPerSecond })
}

/** How many there are of each of many, now. */
export class Tally {
  readonly #what: string
  readonly #most: number
  readonly #counts = new Map<string, number>()

  constructor(options: { readonly what: string; readonly most: number }) {
    this.#what = options.what
    this.#most = options.most
  }

  /** @throws RoomlogError 'too-many' where one more would be above the limit */
  assertRoom(key: string): void {
    const found = (this.#counts.get(key) ?? 0) + 1
    if (found > this.#most)
      throw tooMany({ what: this.#what, found, most: this.#most, retrySeconds: leftAfterSeconds })
  }

  add(key: string): void {
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1)
  }

  remove(key: string): void {
    const left = (this.#counts.get(key) ?? 1) - 1
    if (left > 0) this.#counts.set(key, left)
    else this.#counts.delete(key)
  }
}

/** Nobody knows when somebody leaves: it is worth asking again. */
const leftAfterSeconds = 10

/** One more than `most`, of what becomes fewer when somebody leaves. */
export const tooManyHere = (what: string, most: number): Excess => ({
  what,
  found: most + 1,
  most,
  retrySeconds: leftAfterSeconds
})

/** Runs at once when asked, then not again within `everyMs`: whatever is asked meanwhile is answered once, after that. */
export class Spaced {
  readonly #everyMs: number
  #ranAt = Number.NEGATIVE_INFINITY
  #isDue = false

  constructor(everyMs: number) {
    this.#everyMs = everyMs
  }

  /** @param run the same each time */
  ask(run: () => void): void {
    if (this.#isDue) return
    const waitMs = this.#ranAt + this.#everyMs - monotonic()
    if (waitMs <= 0) return this.#now(run)
    this.#isDue = true
    after(waitMs, () => this.#now(run))
  }

  #now(run: () => void): void {
    this.#isDue = false
    this.#ranAt = monotonic()
    run()
  }
}
