/** This node among the others: who they are, what is asked, and a channel for each room that is open here. */
import type { RoomName } from '../../schema/room-name.ts'
import type { Logger } from '../logger.ts'
import type { Bus } from './bus.ts'
import { type Envelope, seal, unseal } from './envelope.ts'
import { createNodes, type Nodes } from './nodes.ts'
import { createQuestions, type Questions } from './questions.ts'

export interface Cluster {
  readonly bus: Bus
  readonly nodes: Nodes
  readonly questions: Questions
  /** Opens the channel of a room: what the others say there comes to `receive`, until it is closed. */
  openChannel(room: RoomName, receive: (envelope: Envelope) => void): RoomChannel
  close(): Promise<void>
}

/** What is said of one room, among those nodes that have it open. */
export interface RoomChannel {
  /** Resolves when what the others say from now on arrives, and soon in any case. */
  readonly ready: Promise<void>
  tell(topic: string, body: Uint8Array): void
  close(): void
}

export interface ClusterParts {
  readonly bus: Bus
  readonly heartbeatMs: number
  readonly logger: Logger
}

export const createCluster = ({ bus, heartbeatMs, logger }: ClusterParts): Cluster => {
  const nodes = createNodes({ bus, heartbeatMs, logger })
  const questions = createQuestions({ bus, nodes, logger })
  return {
    bus,
    nodes,
    questions,
    openChannel: (room, receive) => {
      const name = `room/${room}`
      const { ready, end } = bus.subscribe(name, (message) => {
        const envelope = unseal(message)
        if (envelope !== null && envelope.from !== nodes.self) receive(envelope)
      })
      return {
        ready,
        tell: (topic, body) => bus.publish(name, seal({ from: nodes.self, topic, body })),
        close: end
      }
    },
    close: async () => {
      nodes.close()
      questions.close()
      await bus.close()
    }
  }
}
