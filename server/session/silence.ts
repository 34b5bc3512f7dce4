import { monotonic } from '../clock.ts'
import { type Heartbeat, heartbeatOf } from './heartbeat.ts'

/** How long nothing was heard of a client, and what is done about it. Times are of the monotonic clock. */
export class Silence {
  readonly #config: Parameters<typeof heartbeatOf>[0]
  #heartbeat: Heartbeat
  #heardAt = monotonic()
  #pingedAt = 0
  /** The first ping since something was last heard. */
  #askedAt = 0

  constructor(config: Parameters<typeof heartbeatOf>[0]) {
    this.#config = config
    this.#heartbeat = heartbeatOf(config, [])
  }

  get goneMs(): number {
    return this.#heartbeat.goneMs
  }

  /** The session is in these rooms now. */
  isIn(rooms: Parameters<typeof heartbeatOf>[1]): void {
    this.#heartbeat = heartbeatOf(this.#config, rooms)
  }

  heard(): void {
    this.#heardAt = monotonic()
  }

  /** Is it time to ask for a sign of life? Then that is done. @param writtenAt when something was last written */
  mustAsk(now: number, writtenAt: number): boolean {
    const silentSince = Math.min(this.#heardAt, writtenAt)
    if (now - Math.max(silentSince, this.#pingedAt) <= this.#heartbeat.pingMs) return false
    this.#pingedAt = now
    if (this.#askedAt <= this.#heardAt) this.#askedAt = now
    return true
  }

  /** While this process itself stood still, nobody was asked, and nobody could be heard. */
  isTooLong(now: number): boolean {
    const { pingMs, goneMs } = this.#heartbeat
    const isUnanswered = this.#askedAt > this.#heardAt && now - this.#askedAt > goneMs - pingMs
    return now - this.#heardAt > goneMs && isUnanswered
  }
}
