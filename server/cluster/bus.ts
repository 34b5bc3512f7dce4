/**
 * The door to the other nodes: short messages on named channels, quick and without any promise.
 *
 * A message may be lost, repeated, late, or come in another order. Whoever needs to be sure asks Postgres: the bus only
 * says that it is worth asking. Two engines: Redis between processes, a hub within one.
 */

export interface Bus {
  /** Do messages get through now, as far as is known? False: nobody hears this node, and it hears nobody. */
  readonly isUp: boolean
  /** Whether there is anything between this node and others at all; false: it is alone, and nothing need be encoded. */
  readonly hasOthers: boolean
  /** Calls `listener` with each message of the channel, those of this node too, until the subscription is ended. */
  subscribe(channel: string, listener: (message: Uint8Array) => void): Subscription
  /** Never throws and never waits; what cannot be sent now is dropped. */
  publish(channel: string, message: Uint8Array): void
  /** Calls `listener` each time when messages may have been missed. The returned function stops that. */
  onMissed(listener: () => void): () => void
  /** Nothing that this node publishes comes back to it: the connection is there, but dead. It is made anew. */
  suspect(): void
  close(): Promise<void>
}

export interface Subscription {
  /** Resolves when what is published from now on arrives; soon in any case, for without Redis nothing arrives. */
  readonly ready: Promise<void>
  end(): void
}

/** One node alone. */
export const createNoBus = (): Bus => ({
  isUp: true,
  hasOthers: false,
  subscribe: () => ({ ready: Promise.resolve(), end: () => {} }),
  publish: () => {},
  onMissed: () => () => {},
  suspect: () => {},
  close: async () => {}
})
