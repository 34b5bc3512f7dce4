import type { Outbox } from './outbox.ts'
import type { Reader } from './reader.ts'
import type { Wire } from './wire.ts'

export interface CatchingUpParts {
  readonly wire: Pick<Wire, 'whenDrained'>
  readonly outbox: Pick<Outbox, 'mayTakeMore'>
  readonly readers: () => Iterable<Reader>
}

/** Has the readers of one session that are behind get what they lack, when its wire has taken what waits. */
export class CatchingUp {
  readonly #parts: CatchingUpParts
  #isAwaited = false

  constructor(parts: CatchingUpParts) {
    this.#parts = parts
  }

  /** One of them fell behind. */
  await(): void {
    if (this.#isAwaited) return
    this.#isAwaited = true
    this.#parts.wire.whenDrained(() => {
      this.#isAwaited = false
      this.goOn()
    })
  }

  /** While the session may take more. */
  goOn(): void {
    for (const reader of this.#parts.readers()) {
      if (!reader.isBehind) continue
      if (!this.#parts.outbox.mayTakeMore) return this.await()
      reader.catchUp()
    }
  }
}
