/** What stories are about, in both forms. */
import type { Scene } from './plan.ts'
import type { FaultName } from './step.ts'

/** Short: a hundred of them are a test. */
export const fastScene = (nodes: number): Scene => ({
  nodes,
  rooms: 2,
  clients: 5,
  stockClients: 0,
  phases: 2,
  editsMax: 6,
  ticksMax: 24,
  faults: [
    'database',
    'database',
    'database',
    'crash',
    'crash',
    'restart',
    'cut',
    'cut',
    'move',
    'leave',
    'stop-reading',
    ...betweenNodes(nodes, ['bus', 'bus', 'partition'])
  ]
})

/** Longer, with everything that a machine of its own can do. */
export const realScene = (nodes: number): Scene => ({
  nodes,
  rooms: 3,
  clients: 12,
  stockClients: 3,
  phases: 3,
  editsMax: 12,
  ticksMax: 60,
  faults: [
    'database',
    'database',
    'crash',
    'crash',
    'restart',
    'stall',
    'silence',
    ...betweenNodes(nodes, ['partition', 'redis']),
    'postgres',
    'cut',
    'move',
    'leave',
    'stop-reading',
    'flood'
  ]
})

/** A node alone says nothing to others. */
const betweenNodes = (nodes: number, faults: readonly FaultName[]): readonly FaultName[] =>
  nodes > 1 ? faults : []
