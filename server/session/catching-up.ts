import type { Reader } from './reader.ts'
import type { Wire } from './wire.ts'

/** Whose readers they are. */
export interface Reading {
  readonly wire: Pick<Wire, 'whenDrained'>
  readonly mayTakeMore: boolean
  readonly connections: ReadonlyMap<string, { readonly reader: Reader }>
}

/** Has the readers of one session that are behind get what they lack, when its wire has taken what waits. */
export class CatchingUp {
  readonly #session: Reading
  #isAwaited = false

  constructor(session: Reading) {
    this.#session = session
  }

  /** One of them fell behind. */
  await(): void {
    if (this.#isAwaited) return
    this.#isAwaited = true
    this.#session.wire.whenDrained(() => {
      this.#isAwaited = false
      this.goOn()
    })
  }

  /** While the session may take more. */
  goOn(): void {
    for (const { reader } of this.#session.connections.values()) {
      if (!reader.isBehind) continue
      if (!this.#session.mayTakeMore) return this.await()
      reader.catchUp()
    }
  }
}
