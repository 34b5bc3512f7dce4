import type { ServerMessage } from '../schema/messages.ts'
import type { StorageProblem } from '../schema/storage.ts'
import type { ConnectionEvent, Escalation, Room, RoomError } from './room.ts'
import { createListeners } from './store.ts'

/** What a room tells, and nobody asks for. */
export interface RoomEvents {
  readonly on: Pick<Room, 'onError' | 'onProblem' | 'onEscalated' | 'onConnection'>
  failed(code: RoomError['code'], message: string, retry: boolean, path?: string | null): void
  problem(problem: StorageProblem): void
  escalated(message: Extract<ServerMessage, { type: 'escalated' }>): void
  connection(event: ConnectionEvent): void
}

export const createRoomEvents = (): RoomEvents => {
  const errors = createListeners<[RoomError]>()
  const problems = createListeners<[StorageProblem]>()
  const escalations = createListeners<[Escalation]>()
  const connections = createListeners<[ConnectionEvent]>()
  return {
    on: {
      onError: errors.add,
      onProblem: problems.add,
      onEscalated: escalations.add,
      onConnection: connections.add
    },
    failed: (code, message, retry, path = null) => errors.tell({ code, message, retry, path }),
    problem: problems.tell,
    escalated: ({ userId, name, role, reason, until }) =>
      escalations.tell({ userId, name, role, reason, until: until === null ? null : new Date(until) }),
    connection: connections.tell
  }
}
