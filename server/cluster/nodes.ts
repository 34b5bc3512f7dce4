/**
 * Which nodes there are: each says again and again that it is alive, and counts as gone when it has not for two
 * heartbeats. A node that was itself stalled for so long has been taken for dead by the others: it goes on under a new
 * id, as if it had just been started.
 */
import { every, monotonic } from '../clock.ts'
import type { Logger } from '../logger.ts'
import type { Bus } from './bus.ts'
import { type NodeId, newNodeId, seal, unseal } from './envelope.ts'

export interface Nodes {
  /** This node, until it is stalled. */
  readonly self: NodeId
  /** The others that are alive. */
  readonly others: ReadonlySet<NodeId>
  /** Says something to all of the others. */
  tell(topic: string, body: Uint8Array): void
  /** Hears what the others say of a topic. */
  hear(topic: string, listener: (body: Uint8Array, from: NodeId) => void): void
  /** Calls `listener` when another node has ended, or is not heard of any more. */
  onGone(listener: (node: NodeId) => void): void
  /** Calls `listener` when this node has a new id, and may have missed anything. */
  onRejoined(listener: () => void): void
  /** Says goodbye. */
  close(): void
}

export interface NodesParts {
  readonly bus: Bus
  readonly heartbeatMs: number
  readonly logger: Logger
}

const channel = 'nodes'
const topics = { alive: 'alive', bye: 'bye' }
/** Whoever is not heard of for so many heartbeats is gone. */
const heartbeatsMissed = 2
/** For so many leases a node may hear nothing of itself before it gives its connection up. */
const leasesSilent = 2
const looksPerHeartbeat = 4
const nothing = new Uint8Array()

export const createNodes = ({ bus, heartbeatMs, logger }: NodesParts): Nodes => {
  const heardAt = new Map<NodeId, number>()
  const others = new Set<NodeId>()
  const listeners = new Map<string, Set<(body: Uint8Array, from: NodeId) => void>>()
  const onGone = new Set<(node: NodeId) => void>()
  const onRejoined = new Set<() => void>()
  const leaseMs = heartbeatMs * heartbeatsMissed
  let self = newNodeId()
  let tickedAt = monotonic()
  let heardSelfAt = tickedAt

  const say = (topic: string, body: Uint8Array = nothing): void =>
    bus.publish(channel, seal({ from: self, topic, body }))
  const alive = (): void => say(topics.alive)

  const hearOf = (node: NodeId): void => {
    heardAt.set(node, monotonic())
    if (others.has(node)) return
    others.add(node)
    logger.info({ node, nodes: others.size + 1 }, 'node came')
    // It need not wait for the next heartbeat to know of this one.
    alive()
  }
  const lose = (node: NodeId): void => {
    heardAt.delete(node)
    if (!others.delete(node)) return
    logger.info({ node, nodes: others.size + 1 }, 'node gone')
    for (const listener of onGone) listener(node)
  }
  const receive = (message: Uint8Array): void => {
    const envelope = unseal(message)
    if (envelope === null) return
    const { from, topic, body } = envelope
    if (from === self) {
      heardSelfAt = monotonic()
      return
    }
    if (topic === topics.bye) return lose(from)
    hearOf(from)
    for (const listener of listeners.get(topic) ?? []) listener(body, from)
  }
  const rejoin = (stalledMs: number): void => {
    say(topics.bye)
    self = newNodeId()
    heardSelfAt = monotonic()
    logger.warn({ node: self, stalledMs: Math.round(stalledMs) }, 'node was stalled and goes on as a new one')
    for (const node of [...others]) lose(node)
    for (const listener of onRejoined) listener()
  }
  const tick = (): void => {
    const now = monotonic()
    const stalledMs = now - tickedAt
    tickedAt = now
    // By then the others have given it up.
    if (stalledMs > leaseMs) rejoin(stalledMs)
    alive()
    // Only what is up can be silent.
    if (!bus.isUp) heardSelfAt = now
    // What has arrived and was not read yet, for this node had no time, is read first.
    if (now - heardSelfAt > leaseMs * leasesSilent) setImmediate(suspect)
  }
  const loseOverdue = (): void => {
    const now = monotonic()
    for (const [node, at] of heardAt) if (now - at > leaseMs) lose(node)
  }
  const suspect = (): void => {
    if (monotonic() - heardSelfAt <= leaseMs * leasesSilent) return
    heardSelfAt = monotonic()
    bus.suspect()
  }

  if (!bus.hasOthers) return lonely(self)
  const subscription = bus.subscribe(channel, receive)
  const stopTicking = every(heartbeatMs, tick)
  // Between two heartbeats too, or whoever is gone would be so for three; what has arrived is read first.
  const stopLooking = every(heartbeatMs / looksPerHeartbeat, () => setImmediate(loseOverdue))
  const stopMissed = bus.onMissed(alive)
  void subscription.ready.then(alive)
  return {
    get self() {
      return self
    },
    others,
    tell: say,
    hear: (topic, listener) => {
      listeners.set(topic, (listeners.get(topic) ?? new Set()).add(listener))
    },
    onGone: (listener) => void onGone.add(listener),
    onRejoined: (listener) => void onRejoined.add(listener),
    close: () => {
      stopTicking()
      stopLooking()
      stopMissed()
      say(topics.bye)
      subscription.end()
    }
  }
}

const lonely = (self: NodeId): Nodes => ({
  self,
  others: new Set(),
  tell: () => {},
  hear: () => {},
  onGone: () => {},
  onRejoined: () => {},
  close: () => {}
})
