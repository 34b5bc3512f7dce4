import type { Load } from '../capacity.ts'
import type { Figures } from './scenario.ts'

/** The load that a sustained run had, as the model takes it. */
export const loadOf = (figures: Figures): Load => ({
  sessions: figures.clients ?? 0,
  awakeRooms: figures.rooms ?? 0,
  entriesPerSecond: figures.updatesPerSecond ?? 0,
  framesPerSecond: (figures.deliveriesPerSecond ?? 0) + (figures.presencePerSecond ?? 0),
  statesPerSecond: figures.presencePerSecond ?? 0,
  connectsPerSecond: figures.visitsPerSecond ?? 0,
  bytesOutPerSecond: figures.bytesPerSecond ?? 0
})
