/** What stories are about, in both forms. */
import type { Scene } from './plan.ts'

/** Short: a hundred of them are a test. */
export const fastScene = (nodes: number): Scene => ({
  nodes,
  rooms: 2,
  clients: 5,
  phases: 3,
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
    'stop-reading'
  ]
})
