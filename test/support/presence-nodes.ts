/** Nodes in one process that have one room open, and clients with the awareness of y-protocols: as stock providers use it. */
import {
  Awareness,
  applyAwarenessUpdate,
  encodeAwarenessUpdate,
  removeAwarenessStates
} from 'y-protocols/awareness'
import * as Y from 'yjs'
import type { RoomName } from '../../schema/room-name.ts'
import { type Cluster, createCluster } from '../../server/cluster/cluster.ts'
import { createHub, type Hub } from '../../server/cluster/local-bus.ts'
import type { Presence, Present } from '../../server/presence/presence.ts'
import { createPresences, type Presences } from '../../server/presence/presences.ts'
import { addressPrefix, MessageReader } from '../../server/session/frames.ts'
import { silent, toRoomName } from './log-world.ts'

export const heartbeatMs = 100
export const room: RoomName = toRoomName('document/plan')
const prefix = addressPrefix(room)

export interface PresenceNode {
  readonly cluster: Cluster
  readonly presences: Presences
  readonly presence: Presence
  readonly seen: string[]
  /** As if it were killed: it says nothing more, and hears nothing. */
  kill(): void
}

export const startNode = (hub: Hub): PresenceNode => {
  const seen: string[] = []
  const cluster = createCluster({ bus: hub.connect(), heartbeatMs, logger: silent })
  const onSeen = (_: RoomName, userId: string): void => void seen.push(userId)
  const presences = createPresences({ cluster, heartbeatMs, onSeen })
  return {
    cluster,
    presences,
    presence: presences.open(room),
    seen,
    kill: () => {
      void cluster.bus.close()
      presences.close()
      void cluster.close()
    }
  }
}

/** Nodes that know each other, and end with the test. */
export const startNodes = async (count: number) => {
  const hub = createHub()
  const nodes = Array.from({ length: count }, () => startNode(hub))
  return {
    hub,
    nodes,
    [Symbol.dispose]: () => {
      for (const node of nodes) node.kill()
    }
  }
}

/** One client: the page stays, connections come and go. */
export class PresentClient {
  readonly userId: string
  readonly awareness: Awareness
  node: PresenceNode | null = null
  /** A clock of somebody else went back on one connection. */
  wentBack: string | null = null
  #connection: Present | null = null

  constructor(userId: string, clientId?: number) {
    this.userId = userId
    const document = new Y.Doc()
    if (clientId !== undefined) document.clientID = clientId
    this.awareness = new Awareness(document)
    // Nothing times out here: what goes is said to go.
    clearInterval(this.awareness._checkInterval as unknown as NodeJS.Timeout)
    this.awareness.on('update', (_: unknown, origin: unknown) => {
      if (origin === 'local') this.#announce()
    })
  }

  get id(): number {
    return this.awareness.clientID
  }

  set(state: Record<string, unknown> | null): void {
    this.awareness.setLocalState(state)
  }

  /** @param announce false: it says nothing of itself yet */
  connect(node: PresenceNode): void {
    const clocks = new Map<number, number>()
    this.node = node
    const connection: Present = {
      prefix,
      via: 'socket',
      user: { id: this.userId, name: this.userId, color: null, avatar: null },
      role: 'writer',
      announce: () => true,
      write: (frame) => {
        if (this.#connection === connection) this.#receive(frame, clocks)
      }
    }
    this.#connection = connection
    node.presence.join(connection)
    this.#announce()
  }

  /** The client notices; the node does only when `leave` is called. */
  cut(): { leave: () => void } {
    const { node } = this
    const connection = this.#connection
    this.#connection = null
    this.node = null
    const others = [...this.awareness.getStates().keys()].filter((id) => id !== this.id)
    removeAwarenessStates(this.awareness, others, 'cut')
    return { leave: () => connection !== null && node?.presence.leave(connection) }
  }

  disconnect(): void {
    this.cut().leave()
  }

  /** What is shown of the others, by their ids. */
  get others(): ReadonlyMap<number, Record<string, unknown>> {
    return new Map([...this.awareness.getStates()].filter(([id]) => id !== this.id))
  }

  #announce(): void {
    if (this.#connection === null || this.awareness.getLocalState() === null) {
      if (this.#connection === null || !this.awareness.meta.has(this.id)) return
    }
    this.node?.presence.receive(this.#connection, encodeAwarenessUpdate(this.awareness, [this.id]))
  }

  #receive(frame: Buffer, clocks: Map<number, number>): void {
    const payload = payloadOf(frame)
    const reader = new MessageReader(payload)
    for (let left = reader.uint(); left > 0; left--) {
      const [id, clock] = [reader.uint(), reader.uint()]
      reader.bytes()
      if (id !== this.id && clock < (clocks.get(id) ?? 0))
        this.wentBack ??= `${id}: ${clock} after ${clocks.get(id)}`
      clocks.set(id, clock)
    }
    applyAwarenessUpdate(this.awareness, payload, 'server')
  }
}

/** Of a whole WebSocket frame. */
const payloadOf = (frame: Buffer): Uint8Array => {
  const short = frame[1] ?? 0
  const header = short < 126 ? 2 : short === 126 ? 4 : 10
  const reader = new MessageReader(frame.subarray(header + prefix.length + 1))
  return reader.bytes()
}
